"""The box's own secrets: made at random once, each in a file that only its readers can read."""

from __future__ import annotations

import os
import secrets
import shutil
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


def ensure(folder: Path, secret: Secret) -> bool:
    """Makes the secret if there is none yet; returns whether it did. A crash leaves none or a whole one."""
    path = folder / secret.name
    if path.exists() and path.stat().st_size > 0:
        shutil.chown(path, secret.owner, secret.group)
        path.chmod(secret.mode)
        return False
    part = folder / f".{secret.name}.part"
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(secret.make() + "\n")
        file.flush()
        os.fsync(file.fileno())
    shutil.chown(part, secret.owner, secret.group)
    part.chmod(secret.mode)
    part.rename(path)
    sync(folder)
    return True


def sync(folder: Path) -> None:
    """Makes the renames and deletions in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
