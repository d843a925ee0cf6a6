"""What every build step needs: places, progress lines, running a tool, whether a result is still good.

Used by the other build scripts only. Runs on the host's Python (3.11 or newer, standard library only).
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

IMAGE = Path(__file__).resolve().parent
REPOSITORY = IMAGE.parent
BUILD = Path(os.environ.get("FOYER_BUILD") or REPOSITORY / "build").resolve()
CACHE = BUILD / "cache"
SUITE = (IMAGE / "suite").read_text().strip()

NETWORK_SIGNS = (
    "could not resolve",
    "temporary failure",
    "unable to connect",
    "connection timed out",
    "failed to fetch",
    "network is unreachable",
    "enotfound",
    "eai_again",
    "etimedout",
    "econnrefused",
    # pip's and npm's own words for every way in which a request can fail: pip's are those of its last try.
    "connection broken by",
    "failed, reason:",
)

LARGER_DISK = "set FOYER_BUILD= to a folder on a larger disk"
DISK_FULL = f"the disk is full: free some space, or {LARGER_DISK}."

# pip, of a request that it tries again so many times: the next one may pass.
TRIED_AGAIN = re.compile(r"retrying \(retry\(total=[1-9]")

SHOW_EVERY_S = 3.0
TOOLS_END_S = 5.0
# How long a version of a layer that nothing runs on is kept.
KEPT_S = 3600.0


class Failed(Exception):
    """The build cannot go on; the message is one sentence for the person at the terminal, with what to do."""


def finish(work: Callable[[], int]) -> int:
    """Does a script's work, returns its exit code; what keeps it from the end, a Ctrl-C too, is one line."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        return work()
    except Failed as failure:
        say(str(failure))
        return 1
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        say(DISK_FULL)
        return 1
    except KeyboardInterrupt:
        end_tools()
        say("ended.")
        return 130  # 128 + SIGINT, as a shell has it


def say(text: str) -> None:
    """One progress line, on stderr: stdout carries results."""
    print(f"foyer: {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(text: str) -> Iterator[None]:
    """Says what starts and, when it went well, how long it took."""
    say(f"{text} ...")
    began = time.monotonic()
    yield
    say(f"{text}: done in {time.monotonic() - began:.0f} s")


def run(*args: str | Path, what: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
    """Runs a tool, showing its latest line every few seconds; on failure its last ones, and raises Failed."""
    tail: list[str] = []
    shown = time.monotonic()
    with subprocess.Popen(
        [str(arg) for arg in args],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            tail = [*tail[-30:], line.rstrip()]
            if time.monotonic() - shown > SHOW_EVERY_S:
                shown = time.monotonic()
                print(f"    {line.rstrip():.100}", file=sys.stderr, flush=True)
    if process.returncode == 0:
        return
    sys.stderr.writelines(f"    {line}\n" for line in tail)
    if any(os.strerror(errno.ENOSPC) in line for line in tail):
        raise Failed(DISK_FULL)
    lines = [line.lower() for line in tail if not TRIED_AGAIN.search(line.lower())]
    if any(sign in line for line in lines for sign in NETWORK_SIGNS):
        raise Failed(
            f"{what} failed: a package could not be fetched. Check the network, then run make again."
        )
    raise Failed(f"{what} failed (exit code {process.returncode}): the lines above say why.")


def end_tools() -> None:
    """Ends whatever this process began: a terminal's Ctrl-C reaches tools as well, other signals do not."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    doomed = descendants(os.getpid())
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in doomed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + TOOLS_END_S
        while any(map(is_running, doomed)) and time.monotonic() < deadline:
            time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Whether it is there; one that has ended may still wait for somebody to notice (proc_pid_stat(5))."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def descendants(pid: int) -> list[int]:
    """The processes that a process of ours began, theirs included."""
    return [found for child in children_of(pid) for found in (child, *descendants(child))]


def children_of(pid: int) -> list[int]:
    """The child processes of a process of ours; none once it has ended."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def package_names(path: Path) -> list[str]:
    """The names in a package list: one a line, `#` begins a comment."""
    lines = (line.partition("#")[0].strip() for line in path.read_text().splitlines())
    return [line for line in lines if line]


def content_stamp(paths: Iterable[Path], *more: str) -> str:
    """A hash of the content of files, and of further strings: equal stamps mean an equal result."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    for text in more:
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()[:16]


def need_disk(gigabytes: float) -> None:
    """Raises Failed when the build folder's disk has less free space than that (10^9 bytes)."""
    need_space(BUILD, gigabytes, LARGER_DISK)


def need_space(folder: Path, gigabytes: float, otherwise: str) -> None:
    """Raises Failed when `folder`'s disk has less free space (10^9 bytes); `otherwise` is what else helps."""
    free = shutil.disk_usage(folder).free / 1e9
    if free < gigabytes:
        raise Failed(
            f"{folder} has {free:.1f} GB free and this step needs {gigabytes:.1f} GB: "
            f"free some space, or {otherwise}."
        )


@contextlib.contextmanager
def build_lock() -> Iterator[None]:
    """One build at a time; a second one waits for the first and then finds its result."""
    for folder in (BUILD, CACHE, BUILD / "mnt"):
        folder.mkdir(parents=True, exist_ok=True)
    with (BUILD / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another build to end ...")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def in_use(folder: Path) -> bool:
    """Whether a running root stands on this layer: those hold a shared lock on its folder."""
    if not folder.exists():
        return False
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def versioned(kind: str, stamp: str, make: Callable[[Path], None]) -> Path:
    """The folder build/<kind>/<stamp>, made by `make` when it is not there yet.

    It gets its name once it is complete: what has a name is good. Versions are kept apart, so that a box or
    a test goes on with the files that it started with; old ones go when nothing stands on them.
    """
    folder = BUILD / kind
    folder.mkdir(exist_ok=True)
    version = folder / stamp
    if version.exists():
        os.utime(version)
        return version
    new = folder / "new"
    remove_tree(new)
    # The same modes whoever builds.
    umask = os.umask(0o022)
    try:
        new.mkdir()
        make(new)
    finally:
        os.umask(umask)
    new.rename(version)
    os.utime(version)
    # One that is fresh may be about to be used.
    for old in folder.iterdir():
        if old.is_dir() and old != version and time.time() - old.stat().st_mtime > KEPT_S and not in_use(old):
            remove_tree(old)
    return version


def remove_tree(folder: Path) -> None:
    """Deletes a folder, first renaming it so that a half deleted one has another name."""
    doomed = folder.with_name(folder.name + ".old")
    for path in (doomed, folder):
        if path.is_symlink() or not path.exists():
            continue
        if path is folder:
            path.rename(doomed)
        shutil.rmtree(doomed)
