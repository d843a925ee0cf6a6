"""What the kernel and those who load its modules said since the start, as facts. Pure: lines in, facts out.

There is no other trace of a refused module, and none of a disk's failed requests that every kind of disk
has.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

# libkmod's users (systemd-modules-load, udev, modprobe) tell EKEYREJECTED and EPERM by name.
_REFUSED = (
    re.compile(
        r"Failed to (?:insert|load) module '([\w-]{1,64})': (?:Key was rejected|Operation not permitted)"
    ),
    re.compile(
        r"modprobe: ERROR: could not insert '([\w-]{1,64})': (?:Key was rejected|Operation not permitted)"
    ),
    # kernel/module/main.c, with the module's own name in front.
    re.compile(r"^([\w-]{1,64}): Loading of .* is rejected"),
)
# block/blk-core.c: blk_print_req_error.
_DISK_ERROR = re.compile(
    r"(?:I/O|critical medium|critical target|protection) error, dev ([\w-]{1,32}), sector"
)


@dataclass(frozen=True)
class KernelFacts:
    """`disk_errors` counts by the kernel's name of the disk ("sda")."""

    refused_modules: tuple[str, ...]
    disk_errors: dict[str, int]


def read(lines: Iterable[str]) -> KernelFacts:
    """The facts in the order in which they were said first."""
    refused: dict[str, None] = {}
    errors: Counter[str] = Counter()
    for line in lines:
        for pattern in _REFUSED:
            if found := pattern.search(line):
                refused[found[1].replace("-", "_")] = None
        if found := _DISK_ERROR.search(line):
            errors[found[1]] += 1
    return KernelFacts(tuple(refused), dict(errors))
