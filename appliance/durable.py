"""What a power cut must not take back. A file's own content is its writer's to fsync; this is for folders."""

from __future__ import annotations

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Makes what was made, renamed or deleted in a folder last. OSError, if the folder is gone too."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
