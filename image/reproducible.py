"""The same packages give the same root: what carries the moment of the build is set to one fixed moment.

Called by the steps that make a layer, at their end; image/fingerprint.py shows whether it worked.
"""

import os
from collections.abc import Iterator
from pathlib import Path

# 2026-01-01 00:00 UTC, the moment at which every build happens (reproducible-builds.org: SOURCE_DATE_EPOCH).
# It never moves: a later one would change every file for nothing.
EPOCH_S = 1767225600
ENVIRONMENT = {"SOURCE_DATE_EPOCH": str(EPOCH_S), "TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0"}

# PEP 552: the word after the magic number. Bit 0: a hash of the source follows in place of its time; bit 1:
# look whether it still fits.
PYC_FLAGS = slice(4, 8)
HASH_UNCHECKED = (0b01).to_bytes(4, "little")
HASH_CHECKED = (0b11).to_bytes(4, "little")


def paths(root: Path) -> Iterator[Path]:
    """The root itself and everything below, folders before what they hold, in a fixed order."""
    yield root
    for folder, folders, files in os.walk(root):
        folders.sort()
        yield from (Path(folder, name) for name in sorted(folders + files))


def settle(root: Path) -> None:
    """Makes a root, or a layer, independent of when it was built. Byte code is trusted from now on: with
    SOURCE_DATE_EPOCH Python stamps it with a hash of its source, and on a read-only system nobody need read
    the source again to compare.
    """
    for path in list(paths(root)):
        if path.suffix == ".pyc" and not path.is_symlink():
            with path.open("r+b") as file:
                header = file.read(PYC_FLAGS.stop)
                if header[PYC_FLAGS] == HASH_CHECKED:
                    file.seek(PYC_FLAGS.start)
                    file.write(HASH_UNCHECKED)
        if path.lstat().st_mtime > EPOCH_S:
            os.utime(path, (EPOCH_S, EPOCH_S), follow_symlinks=False)
