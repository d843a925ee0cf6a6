"""The log of all writes to a virtual machine's disk, and disks as a power cut would have left them.

The log is that of QEMU's driver blklogwrites, in the format of dm-log-writes (Linux:
drivers/md/dm-log-writes.c). QEMU logs a request when it is done, before the guest learns of it: so a flush
stands after every write that it covers. What is logged behind the last flush is in the disk's cache, and a
power cut may take any of it.
"""

from __future__ import annotations

import os
import struct
import subprocess
from dataclasses import dataclass
from enum import IntFlag
from itertools import accumulate
from pathlib import Path
from random import Random

_SUPERBLOCK = struct.Struct("<QQQI")
_ENTRY = struct.Struct("<QQQQ")
_MAGIC = 0x6A736677736872
_VERSION = 1
# What a disk writes as a whole: the sector of today's, whatever it says for old systems' sake.
BLOCK = 4096
# How much of what lies in the cache survives: nothing, some, all.
_SURVIVAL = (0.0, 0.5, 0.9, 1.0)


class Flag(IntFlag):
    """What an entry is; none of these is a plain write."""

    FLUSH = 1
    FUA = 2
    DISCARD = 4
    MARK = 8


@dataclass(frozen=True)
class Entry:
    """One request: `size` bytes at `offset` of the disk, which stand at `data` of the log; there it goes on
    at `end`.
    """

    flags: Flag
    offset: int
    size: int
    data: int
    end: int


@dataclass(frozen=True)
class Piece:
    """What arrived on the disk of one request; without `data` it is zeros."""

    offset: int
    size: int
    data: int | None


@dataclass(frozen=True)
class Cut:
    """A moment: `done` requests were done, the first `flushed` of them are safe, `survived` is what else is
    there.
    """

    done: int
    flushed: int
    survived: tuple[Piece, ...]


def read(log: Path) -> tuple[Entry, ...]:
    """All entries of a log that QEMU has closed; ValueError when it is no log."""
    entries = []
    with log.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        head = file.read(_SUPERBLOCK.size)
        if len(head) < _SUPERBLOCK.size:
            raise ValueError(f"{log} has no superblock: nothing was flushed")
        magic, version, _count, sector = _SUPERBLOCK.unpack(head)
        if (magic, version) != (_MAGIC, _VERSION):
            raise ValueError(f"{log} is not a log of writes")
        at = sector
        # The superblock's count is that of the last flush.
        while at + _ENTRY.size <= size:
            file.seek(at)
            number, count, flags, _ = _ENTRY.unpack(file.read(_ENTRY.size))
            data = at + sector
            at = data if Flag(flags) & Flag.DISCARD else data + count * sector
            entries.append(Entry(Flag(flags), number * sector, count * sector, data, at))
    return tuple(entries)


def safe(entries: tuple[Entry, ...], done: int) -> int:
    """How many of the first `done` requests no power cut takes back."""
    last = (number for number in range(done, 0, -1) if entries[number - 1].flags & Flag.FLUSH)
    return next(last, 0)


def cut(entries: tuple[Entry, ...], done: int, chance: Random) -> Cut:
    """The power goes after `done` requests; of what was not flushed, chance decides block by block.

    A later write to a place wins over an earlier one that survived as well: no cache gives back the older.
    """
    flushed = safe(entries, done)
    share = chance.choice(_SURVIVAL)
    waiting = (piece for entry in entries[flushed:done] for piece in blocks(entry))
    return Cut(done, flushed, tuple(piece for piece in waiting if chance.random() < share))


def moment(entries: tuple[Entry, ...], first: int, last: int, chance: Random) -> int:
    """How many requests are done at a random moment between two of them: just after one that was no flush."""
    waiting = [number for number in range(first, last + 1) if not entries[number - 1].flags & Flag.FLUSH]
    return chance.choice(waiting)


def blocks(entry: Entry) -> list[Piece]:
    """What of a request arrives as a whole or not at all. A discard is one command."""
    if not entry.size or entry.flags & Flag.DISCARD:
        return whole(entry)
    first = BLOCK - entry.offset % BLOCK
    sizes = [min(first, entry.size), *[BLOCK] * ((entry.size - first) // BLOCK)]
    rest = entry.size - sum(sizes)
    sizes += [rest] if rest > 0 else []
    starts = accumulate(sizes[:-1], initial=0)
    return [
        Piece(entry.offset + start, size, entry.data + start)
        for start, size in zip(starts, sizes, strict=True)
    ]


def whole(entry: Entry) -> list[Piece]:
    """All of a request; nothing for a flush."""
    if not entry.size:
        return []
    return [Piece(entry.offset, entry.size, None if entry.flags & Flag.DISCARD else entry.data)]


def replay(log: Path, entries: tuple[Entry, ...], chosen: Cut, disk: Path) -> None:
    """Brings the raw `disk`, as it was when the log began, to where the cut leaves it."""
    pieces = [piece for entry in entries[: chosen.flushed] for piece in whole(entry)]
    with log.open("rb") as source, disk.open("r+b") as target:
        for piece in [*pieces, *chosen.survived]:
            if piece.data is None:
                place = ["--offset", str(piece.offset), "--length", str(piece.size)]
                subprocess.run(["fallocate", "--punch-hole", *place, disk], check=True)
            else:
                os.pwrite(target.fileno(), os.pread(source.fileno(), piece.size, piece.data), piece.offset)
