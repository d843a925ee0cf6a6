"""The folder that keeps a box's state: marked as ours, used by one box at a time, emptied only when it is
ours.
"""

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from steps import Failed, need_space

# In the folder itself: says that it is ours, is locked while a box runs on it, holds that box's process id.
MARK = ".foyer-box"
# A day of calls; with less, the box would not get through its first start.
NEEDED_GB = 0.2


class Claim:
    """The state folder belongs to this process and the box that it starts."""

    def __init__(self, folder: Path, file: IO[str]) -> None:
        self._folder, self._file = folder, file

    def empty(self) -> None:
        """Deletes all that the box keeps, but not the mark."""
        for path in _kept(self._folder):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    def note(self, pid: int) -> None:
        """Lets `box_pid` find the box's first process."""
        self._file.seek(0)
        self._file.truncate()
        json.dump({"pid": pid}, self._file)
        self._file.flush()


@contextlib.contextmanager
def claimed(folder: Path, *, fresh: bool) -> Iterator[Claim]:
    """Makes or opens the folder and holds it. Nothing in it is deleted: whoever wants it empty calls
    `Claim.empty` once nothing can be refused any more.

    Failed when another box runs on it, when it has files that are not a box's, or when its disk is full;
    with `fresh`, what the folder keeps counts as free.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / MARK).exists() and any(folder.iterdir()):
            raise Failed(f"{folder} has files that are not a box's: give an empty or new folder with STATE=.")
        file = (folder / MARK).open("a+")
    except OSError as error:
        raise Failed(
            f"{folder} cannot be used for the state ({error.strerror}): choose another with STATE=."
        ) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failed(
                f"a box already runs on {folder}: end it first, or give another folder with STATE=."
            ) from None
        # What it says is of the box before, until `Claim.note`.
        file.truncate(0)
        gained = _kept_gb(folder) if fresh else 0.0
        need_space(folder, NEEDED_GB - gained, "give a folder on a larger disk with STATE=")
        yield Claim(folder, file)


def _kept(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name != MARK]


def _kept_gb(folder: Path) -> float:
    """What emptying the folder gives back, in 10^9 bytes."""
    inside = (found for path in _kept(folder) for found in (path, *path.rglob("*")))
    return sum(path.lstat().st_blocks * 512 for path in inside) / 1e9


def box_pid(folder: Path) -> int:
    """The first process of the box that runs on this folder, as numbered where it was started; Failed if
    none does.
    """
    nobody = Failed(f"no box runs on {folder}: start it with make run, or name its folder with STATE=.")
    try:
        with (folder / MARK).open() as file:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                raise nobody
            pid = int(json.load(file)["pid"])
        os.kill(pid, 0)
    except (OSError, ValueError, KeyError):
        raise nobody from None
    return pid
