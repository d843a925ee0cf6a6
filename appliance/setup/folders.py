"""Who owns which folder of /data. The table is the whole truth; `make` brings the disk in line with it."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from appliance.settings import Settings


@dataclass(frozen=True)
class Folder:
    """One folder: its owner and group by name, its mode with set-group-id and sticky bits."""

    path: Path
    owner: str
    group: str
    mode: int


def folders(settings: Settings) -> tuple[Folder, ...]:
    """Parents first."""
    data = settings.data
    return (
        Folder(data, "root", "root", 0o755),
        # Set-group-id: every process of Foyer shares the database's files, whichever of them made them.
        Folder(settings.db.parent, "root", "foyer", 0o2770),
        # Sticky: foyer-webui deletes the one-time password, which is its own, and nothing else.
        Folder(settings.secrets, "root", "foyer", 0o1770),
        # Asterisk reads what foyer-apply writes.
        Folder(settings.config, "foyer-apply", "asterisk", 0o2750),
        Folder(settings.sounds, "foyer-apply", "asterisk", 0o2750),
        Folder(data / "asterisk", "asterisk", "asterisk", 0o750),
        Folder(settings.ast_lib, "asterisk", "asterisk", 0o750),
        # foyer-pbx, of Asterisk's group, turns the logs over.
        Folder(settings.ast_log, "asterisk", "asterisk", 0o2770),
        Folder(data / "asterisk/spool", "asterisk", "asterisk", 0o750),
        # The group may write: foyer-pbx deletes the recordings of people who were erased.
        Folder(settings.recordings, "asterisk", "asterisk", 0o2770),
        # What foyer-network keeps; its plan is no secret.
        Folder(data / "network", "root", "root", 0o755),
        Folder(data / "caddy", "caddy", "caddy", 0o700),
    )


def make(folder: Folder) -> None:
    """Creates the folder or corrects its owner and mode; leaves what is in it alone."""
    folder.path.mkdir(mode=0o700, exist_ok=True)
    shutil.chown(folder.path, folder.owner, folder.group)
    # After chown, which clears the set-group-id bit.
    os.chmod(folder.path, folder.mode, follow_symlinks=True)  # noqa: PTH101 - Path.chmod is the same call
