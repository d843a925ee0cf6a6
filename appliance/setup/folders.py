"""Who owns which folder of /data. The table is the whole truth; `make` brings the disk in line with it."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import SetupError
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
        # Sticky: foyer-webui deletes the one-time password, which is its own, and nothing else. Others may
        # pass through: each file says who reads it.
        Folder(settings.secrets, "root", "foyer", 0o1771),
        # Asterisk reads what foyer-apply writes.
        Folder(settings.config, "foyer-apply", "asterisk", 0o2750),
        Folder(settings.sounds, "foyer-apply", "asterisk", 0o2750),
        # What the pages keep; foyer-apply reads it.
        Folder(settings.prompts, "foyer-webui", "foyer", 0o2750),
        Folder(data / "asterisk", "asterisk", "asterisk", 0o750),
        Folder(settings.ast_lib, "asterisk", "asterisk", 0o750),
        # foyer-pbx, of Asterisk's group, turns the logs over.
        Folder(settings.ast_log, "asterisk", "asterisk", 0o2770),
        Folder(data / "asterisk/spool", "asterisk", "asterisk", 0o750),
        # The group may write: foyer-pbx deletes the recordings of people who were erased.
        Folder(settings.recordings, "asterisk", "asterisk", 0o2770),
        # foyer-pbx deletes what is old.
        Folder(settings.takes, "asterisk", "asterisk", 0o2770),
        # foyer-pbx makes PDFs of them.
        Folder(settings.faxes, "asterisk", "asterisk", 0o2770),
        # What foyer-network keeps; its plan is no secret.
        Folder(data / "network", "root", "root", 0o755),
        # What foyer-load-firmware keeps for the kernel; foyer-hw looks which there are.
        Folder(settings.firmware, "root", "root", 0o755),
        Folder(data / "caddy", "caddy", "caddy", 0o700),
    )


def make(settings: Settings, folder: Folder) -> None:
    """Creates the folder or corrects its owner and mode; leaves what is in it alone.

    Some of the folders belong to other users, who could put a link to /etc in the place of one and have root
    give it to them. So each is opened inside the one above, never through a link, and changed by its handle.
    SetupError: a link or a file stands in its place.
    """
    handle = _open(settings.data, folder.path)
    try:
        owner, group = pwd.getpwnam(folder.owner).pw_uid, grp.getgrnam(folder.group).gr_gid
        os.fchown(handle, owner, group)
        # After chown, which clears the set-group-id bit.
        os.fchmod(handle, folder.mode)
    except (OSError, KeyError) as error:
        raise SetupError(f"{folder.path} cannot be given to {folder.owner}: {error}.") from error
    finally:
        os.close(handle)


def _open(data: Path, path: Path) -> int:
    """A handle of the folder `path`, which is `data` or below it; makes what is missing."""
    data.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
    for name in path.relative_to(data).parts:
        above = handle
        try:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, 0o700, dir_fd=above)
            handle = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=above)
        except OSError as error:
            raise SetupError(
                f"{name} on the way to {path} is not a folder, but a link or a file.", "Put a folder there."
            ) from error
        finally:
            os.close(above)
    return handle
