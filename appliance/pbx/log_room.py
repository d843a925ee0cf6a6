"""Keeps blocks of the disk for what Asterisk is going to write to a log, behind its end: on a full disk, the
log goes on in them.

Called by `log_rotation.py`. Without them such a line is lost, or half of it, and nobody is told: of CEL and
queue_log, Asterisk does not look whether stdio could write what it held (write_record_to_file of
res/cdrel_custom/writers.c, ast_queue_log of main/logger.c). The reserve beside the database comes too late,
as it is given up by the first change after that line. These blocks are this file's alone and do not count in
its size, so that readers see nothing of them, and a power cut leaves them as they are.
"""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path

AHEAD_BYTES = 4 * 1024 * 1024
"""At most so much, and at least half of it. A call from a queue has 8 KB of CEL lines."""

_KEEP_SIZE = 1  # FALLOC_FL_KEEP_SIZE of linux/falloc.h; os.posix_fallocate() knows no flags.
_ST_BLOCK_BYTES = 512

_libc = ctypes.CDLL(None, use_errno=True)
_libc.fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_long, ctypes.c_long)


def keep(log: Path) -> None:
    """Keeps blocks for this log, which is made if there is none. OSError: the disk has no room."""
    # As Asterisk opens it, which may do so at the same moment.
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o660)
    try:
        status = os.fstat(handle)
        if status.st_blocks * _ST_BLOCK_BYTES - status.st_size < AHEAD_BYTES // 2:
            _allocate(handle, status.st_size, log)
    finally:
        os.close(handle)


def _allocate(handle: int, start: int, log: Path) -> None:
    if _libc.fallocate(handle, _KEEP_SIZE, start, AHEAD_BYTES) == 0:
        return
    number = ctypes.get_errno()
    # Not every file system of a developer's machine can; the box's own ext4 does.
    if number != errno.EOPNOTSUPP:
        raise OSError(number, os.strerror(number), str(log))
