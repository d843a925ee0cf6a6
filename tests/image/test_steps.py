"""What the build steps promise: a broken result is never taken for a good one, none in use is replaced."""

import fcntl
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import options
import pytest
import state
import steps

from tests.small_disk import small_disk
from tests.until import Stopwatch, until


def test_package_lists_have_comments() -> None:
    names = steps.package_names(steps.IMAGE / "packages")
    assert "asterisk" in names
    assert not [name for name in names if "#" in name or " " in name]
    assert len(set(names)) == len(names)


def test_nothing_of_the_test_root_ships() -> None:
    ships = set(steps.package_names(steps.IMAGE / "packages"))
    assert not ships & set(steps.package_names(steps.IMAGE / "packages-test"))


def test_the_stamp_follows_content_and_names(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("same")
    other.write_text("same")
    assert steps.content_stamp([one]) == steps.content_stamp([one])
    stamps = {
        steps.content_stamp([one]),
        steps.content_stamp([other]),
        steps.content_stamp([one, other]),
        steps.content_stamp([one], "more"),
    }
    one.write_text("else")
    stamps.add(steps.content_stamp([one]))
    assert len(stamps) == 5


def test_a_version_is_made_once_and_only_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "BUILD", tmp_path)
    made: list[Path] = []

    def make(new: Path) -> None:
        assert list(new.iterdir()) == []
        (new / "half").touch()
        made.append(new)
        if len(made) == 1:
            raise steps.Failed("no flour.")

    with pytest.raises(steps.Failed):
        steps.versioned("cake", "one", make)
    assert not (tmp_path / "cake/one").exists()
    for _ in range(2):
        assert steps.versioned("cake", "one", make) == tmp_path / "cake/one"
    assert len(made) == 2


def test_old_versions_go_unless_they_are_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "BUILD", tmp_path)
    for stamp in ("used", "unused", "fresh"):
        steps.versioned("cake", stamp, lambda new: (new / "crumb").touch())
    for stamp in ("used", "unused"):
        os.utime(tmp_path / "cake" / stamp, (0, 0))
    handle = os.open(tmp_path / "cake/used", os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        steps.versioned("cake", "next", lambda new: (new / "crumb").touch())
        assert sorted(path.name for path in (tmp_path / "cake").iterdir()) == ["fresh", "next", "used"]
    finally:
        os.close(handle)
    steps.versioned("cake", "last", lambda new: (new / "crumb").touch())
    assert sorted(path.name for path in (tmp_path / "cake").iterdir()) == ["fresh", "last", "next"]


def test_a_tool_that_fails_is_told_from_a_network_that_fails(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(steps.Failed, match=r"baking failed \(exit code 3\)"):
        steps.run("sh", "-c", "echo no flour; exit 3", what="baking")
    assert "no flour" in capfd.readouterr().err
    steps.run(sys.executable, "-c", "", what="baking")


PIP = (
    "WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after connection"
)
NPM = "npm error request to https://registry.npmjs.org/sdp-transform failed, reason:"


@pytest.mark.parametrize(
    "told",
    [
        # Of pip 24 and npm 10, where there is no name server, no route, a firewall that drops, one that
        # resets, a proxy that is not there.
        f"{PIP} broken by 'NewConnectionError('...: [Errno -3] Temporary failure in name resolution')'",
        f"{PIP} broken by 'NewConnectionError('...: [Errno 101] Network is unreachable')': /simple/pyst2/",
        f"{PIP} broken by 'ReadTimeoutError(\"...: Read timed out. (read timeout=15)\")'",
        f"{PIP} broken by 'ProxyError('Cannot connect to proxy.', NewConnectionError('...'))'",
        f"{NPM} getaddrinfo EAI_AGAIN registry.npmjs.org",
        f"{NPM} connect ENETUNREACH 104.16.0.35:443 - Local (0.0.0.0:0)",
        f"{NPM} read ECONNRESET",
        f"{NPM} connect ECONNREFUSED 127.0.0.1:9",
    ],
)
def test_a_network_that_fails_is_named_whoever_tells_of_it(
    told: str, capfd: pytest.CaptureFixture[str]
) -> None:
    script = 'echo "$1"; echo "ERROR: No matching distribution found for pyst2==0.5.1"; exit 1'
    wanted = "^baking failed: a package could not be fetched. Check the network, then run make again.$"
    with pytest.raises(steps.Failed, match=wanted):
        steps.run("sh", "-c", script, "sh", told, what="baking")
    assert told in capfd.readouterr().err


def test_a_request_that_pip_tried_again_is_no_sign(capfd: pytest.CaptureFixture[str]) -> None:
    """It passed, and what failed is something else."""
    told = f"{PIP} broken by 'NewConnectionError('...: [Errno -3] Temporary failure in name resolution')'"
    script = 'echo "$1"; echo "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES"; exit 1'
    with pytest.raises(steps.Failed, match=r"^baking failed \(exit code 1\)"):
        steps.run("sh", "-c", script, "sh", told.replace("total=0", "total=4"), what="baking")
    assert "HASHES" in capfd.readouterr().err


@pytest.mark.slow
def test_a_build_without_a_network_ends_in_one_sentence(tmp_path: Path) -> None:
    """The test root has what builds a root, and no network."""
    built = {name: value for name, value in os.environ.items() if name != "FOYER_LAYERS"}
    done = subprocess.run(
        [steps.IMAGE / "boot.py", "run"],
        env={**built, "FOYER_BUILD": str(tmp_path / "build"), "STATE": str(tmp_path / "state")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    last = done.stderr.splitlines()[-1]
    assert last == (
        "foyer: building the root file system failed: a package could not be fetched."
        " Check the network, then run make again."
    )
    assert done.returncode == 1 and done.stdout == "" and "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_build_ends_with_its_tools_and_in_one_line(tmp_path: Path, number: signal.Signals) -> None:
    """Also where a terminal tells only us."""
    tool = tmp_path / "tool"
    script = (
        "import sys, steps; sys.exit(steps.finish(lambda: steps.run('sh', '-c',"
        f" 'sleep 60 & echo $$ $! >{tool}.part; mv {tool}.part {tool}; wait', what='baking') or 0))"
    )
    # Whoever runs the tests in the background has made them deaf to Ctrl-C.
    hearing = ["env", "--default-signal=INT,TERM,HUP"]
    build = subprocess.Popen(
        [*hearing, sys.executable, "-c", script], cwd=steps.IMAGE, stderr=subprocess.PIPE, text=True
    )
    until(tool.exists, 10, "the tool to run")
    build.send_signal(number)
    _, said = build.communicate(timeout=60)
    assert (build.returncode, said) == (130, "foyer: ended.\n")
    assert [pid for pid in tool.read_text().split() if steps.is_running(int(pid))] == []


def test_too_small_a_disk_is_said_so() -> None:
    steps.need_disk(0.001)
    with pytest.raises(steps.Failed, match="free some space"):
        steps.need_disk(1e9)


def test_a_disk_that_becomes_full_is_said_so(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        full = disk.path / "layer"
        with pytest.raises(steps.Failed, match="the disk is full: free some space"):
            steps.run("dd", "if=/dev/zero", f"of={full}", "bs=1M", "count=2", what="baking")
        capfd.readouterr()
        assert steps.finish(lambda: full.with_name("more").write_bytes(bytes(4096))) == 1
    assert capfd.readouterr().err == f"foyer: {steps.DISK_FULL}\n"


def test_a_long_step_shows_what_it_does(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def shown() -> list[str]:
        with steps.step("Packages fetched"):
            steps.run("sh", "-c", "echo Get:1 asterisk; echo Get:2 caddy", what="fetching")
        return re.sub(r"\d+ s\b", "N s", capfd.readouterr().err).splitlines()

    begin, end = "foyer: Packages fetched ...", "foyer: Packages fetched: done in N s"
    assert shown() == [begin, end]
    # As a tool that takes longer than that from line to line.
    monkeypatch.setattr(steps, "SHOW_EVERY_S", -1.0)
    assert shown() == [begin, "    Get:1 asterisk", "    Get:2 caddy", end]


def test_options_have_defaults_and_an_empty_one_is_none() -> None:
    chosen = options.read({"BIND": "", "PORT": "", "FRESH": "", "STATE": "here"}, Path("/build"))
    assert (chosen.bind, chosen.https_port, chosen.sip_port) == ("127.0.0.1", 8443, 5060)
    assert not chosen.fresh
    assert chosen.state == Path("here").absolute()
    assert not options.read({"FRESH": "0"}, Path("/build")).fresh
    assert options.read({"FRESH": "1"}, Path("/build")).state == Path("/build/state")


@pytest.mark.parametrize("net", ["host", "private"])
def test_the_ports_within_the_box_avoid_those_that_it_was_told(tmp_path: Path, net: str) -> None:
    """Nobody listens on the pages' port yet when the others are chosen."""
    chosen = options.read({"PORT": "8088", "HTTP_PORT": "5038", "NET": net}, tmp_path)
    told = options.environment(chosen)
    assert len({told[name] for name in told if name.endswith("_PORT")}) == 6
    assert told["FOYER_HTTPS_PORT"] == "8088"


def test_a_fresh_state_keeps_only_its_mark(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with state.claimed(folder, fresh=False):
        (folder / "data").mkdir()
        (folder / "data/call.wav").touch()
        (folder / "link").symlink_to(tmp_path)
    with state.claimed(folder, fresh=True) as claim:
        assert (folder / "data/call.wav").exists()
        claim.empty()
        assert [path.name for path in folder.iterdir()] == [state.MARK]
    assert tmp_path.exists()


def test_what_a_fresh_start_deletes_counts_as_free(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", int(state.NEEDED_GB * 1000) + 20) as disk:
        folder = disk.path / "state"
        with state.claimed(folder, fresh=False):
            (folder / "call.wav").write_bytes(bytes(40_000_000))
        with pytest.raises(steps.Failed, match="STATE="), state.claimed(folder, fresh=False):
            pass
        with state.claimed(folder, fresh=True) as claim:
            claim.empty()
            assert disk.free > state.NEEDED_GB * 1e9


def test_a_state_folder_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(steps.Failed, match="STATE="), state.claimed(tmp_path / "file/state", fresh=False):
        pass


def test_the_box_of_a_state_folder_is_found_only_while_it_is_claimed(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with state.claimed(folder, fresh=False) as claim:
        with pytest.raises(steps.Failed, match="no box runs"):
            state.box_pid(folder)
        claim.note(os.getpid())
        watch = Stopwatch()
        assert state.box_pid(folder) == os.getpid()
        assert watch.seconds < 1
    with pytest.raises(steps.Failed, match="no box runs"):
        state.box_pid(folder)
    # The next one is being built: the number of the box before may be anybody's by now.
    with state.claimed(folder, fresh=False), pytest.raises(steps.Failed, match="no box runs"):
        state.box_pid(folder)
