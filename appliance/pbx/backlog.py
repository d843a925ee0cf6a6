"""Whether the store has everything that Asterisk had logged up to now.

For whoever is about to erase somebody: a call that is not read yet would bring the person's number back.
"""

from __future__ import annotations

import time
from pathlib import Path

from appliance.pbx.log_file import LINE_BYTES, files_of
from appliance.pbx.log_rotation import FILES
from appliance.store import Store, feeds
from appliance.store.feeds import Position

PATIENCE_S = 1.0
"""The last rows of a busy box are read within a tenth of this."""
POLL_S = 0.02


def is_read(store: Store, folder: Path, patience_s: float = PATIENCE_S) -> bool:
    """Whether every whole line that stands in the logs of `folder` now is in the store, at the latest after
    so many seconds. What is logged meanwhile does not count.
    """
    wanted = {source: _ends(folder / name) for source, name in FILES.items()}
    deadline = time.monotonic() + patience_s
    while True:
        with store.read() as db:
            if all(_is_behind_us(feeds.position(db, source), ends) for source, ends in wanted.items()):
                return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_S)


def _ends(log: Path) -> dict[int, int]:
    """The log's files by inode, in their order, and where the last whole line of each ends."""
    ends: dict[int, int] = {}
    for path, inode in files_of(log):
        try:
            with path.open("rb") as file:
                start = max(0, file.seek(0, 2) - LINE_BYTES)
                file.seek(start)
                ends[inode] = start + file.read(LINE_BYTES).rfind(b"\n") + 1
        except FileNotFoundError:
            continue  # Turned over, or deleted, which happens only to what was read.
    return ends


def _is_behind_us(position: Position, ends: dict[int, int]) -> bool:
    inodes = list(ends)
    if position.inode not in ends:
        return not any(ends.values())
    later = inodes[inodes.index(position.inode) + 1 :]
    return position.offset >= ends[position.inode] and not any(ends[inode] for inode in later)
