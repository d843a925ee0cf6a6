"""The box's own secrets: made at random once, each in a file that only its readers can read."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import secrets
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# Read aloud and typed by a person: without letters and digits that look alike. 16 of 31 symbols, 79 bits.
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"
ADMIN_OTP = "admin-otp"


def _machine_password() -> str:
    """192 random bits in letters, digits, - and _: safe in every file format that it is rendered into."""
    return secrets.token_urlsafe(24)


def _readable_password() -> str:
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in range(4))


@dataclass(frozen=True)
class Secret:
    """One file below `settings.secrets`; `make` returns a fresh value."""

    name: str
    owner: str
    group: str
    mode: int
    make: Callable[[], str] = _machine_password


SECRETS = (
    # Asterisk's manager interface: foyer-pbx signs in, foyer-apply renders them into manager.conf.
    Secret("ami-events", "root", "foyer-ami", 0o640),
    Secret("ami-actions", "root", "foyer-ami", 0o640),
    Secret("ami-mirror", "root", "foyer-ami", 0o640),
    # Keys the pages' cookies and forms.
    Secret("session", "foyer-webui", "root", 0o400),
    # The built-in simulated caller.
    Secret("sim-trunk", "foyer-apply", "root", 0o400),
)
# Opens the wizard once; foyer-webui deletes it then, and foyer-console shows it until then.
ONE_TIME = Secret(ADMIN_OTP, "foyer-webui", "foyer-console", 0o640, _readable_password)

# Opens the data on another machine. box-data makes it with the partition, where a chip keeps the usual key.
RECOVERY = Secret("recovery-key", "foyer-webui", "root", 0o400)


def correct(folder: Path, secret: Secret) -> bool:
    """Gives the secret to its owner if it is there; returns whether it is."""
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        return _is_there(place, secret)
    finally:
        os.close(place)


def ensure(folder: Path, secret: Secret) -> bool:
    """Makes the secret if there is none yet; returns whether it did. A crash leaves none or a whole one.

    Others may write into the folder: nothing is opened or given away through a link, and one that stands in
    the secret's place is replaced.
    """
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if _is_there(place, secret):
            return False
        part = f".{secret.name}.part"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(part, dir_fd=place)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=place)
        with os.fdopen(handle, "w") as file:
            file.write(secret.make() + "\n")
            file.flush()
            _give(handle, secret)
            os.fsync(handle)
        os.rename(part, secret.name, src_dir_fd=place, dst_dir_fd=place)
        os.fsync(place)
    finally:
        os.close(place)
    return True


def _is_there(place: int, secret: Secret) -> bool:
    """Whether the secret is a file with something in it; if so, corrects its owner and mode."""
    try:
        handle = os.open(secret.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=place)
    except OSError:
        return False
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or found.st_size == 0 or found.st_nlink != 1:
            return False
        _give(handle, secret)
    finally:
        os.close(handle)
    return True


def _give(handle: int, secret: Secret) -> None:
    os.fchown(handle, pwd.getpwnam(secret.owner).pw_uid, grp.getgrnam(secret.group).gr_gid)
    os.fchmod(handle, secret.mode)
