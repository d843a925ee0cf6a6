"""Files that go when nobody has come for them; for chores of housekeeping."""

from __future__ import annotations

import time
from pathlib import Path

from appliance.errors import TransientError


def forget(folder: Path, kept_s: float) -> None:
    """Deletes the folder's files that were written longer ago than that. Raises `TransientError` when the
    folder cannot be used.
    """
    oldest = time.time() - kept_s
    try:
        for file in folder.iterdir():
            if file.lstat().st_mtime < oldest:
                file.unlink(missing_ok=True)
    except OSError as error:
        raise TransientError(f"Old files in {folder} cannot be deleted: {error.strerror}.") from error
