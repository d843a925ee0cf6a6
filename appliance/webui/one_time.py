"""The one-time administrator password: a file that foyer-setup or `foyer reset-admin` makes, good for one
use.

Who types it may make the first administrator, or give an administrator a new password. Guessing is slowed
down like that of any account. Its use is written down in the change that it is used for, so that it never
works twice, even where the file cannot be deleted.
"""

from __future__ import annotations

import contextlib
import grp
import hashlib
import logging
import os
import pwd
import secrets
import unicodedata
from pathlib import Path

from sqlite_utils import Database

from appliance.durable import sync_folder
from appliance.errors import RejectedError, SetupError, TransientError
from appliance.settings import Settings
from appliance.store import Change, Store, audit, logins, now_ms
from appliance.store import forms as sent_forms
from appliance.webui.i18n import N_
from appliance.webui.wizard import one_time_password

_log = logging.getLogger(__name__)
FILE = "admin-otp"
_READER = "foyer-webui"
# The box's own screen.
_SHOWN_BY = "foyer-console"
_ACCOUNT = "one-time password"


class OneTimePassword:
    """The file `admin-otp` below `settings.secrets`, as the web process uses it."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._path = settings.secrets / FILE
        self._store = store

    def mark(self) -> str:
        """The digest of the password that is good now; "" if there is none or it was used."""
        try:
            password = self._path.read_text("utf-8").strip()
        except OSError:
            return ""
        mark = _digest(password)
        with self._store.read() as db:
            return "" if not password or was_used(db, mark) else mark

    def check(self, typed: str, address: str) -> str:
        """The digest of what was typed, if it is the password. RejectedError if not, TransientError for
        guessing.
        """
        with self._store.read() as db:
            waiting_s = logins.wait_s(db, _ACCOUNT, address, now_ms())
        if waiting_s:
            raise TransientError(
                N_("Too many attempts."), N_("Try again in {seconds} seconds."), seconds=waiting_s
            )
        mark, wanted = _digest(typed.strip()), self.mark()
        good = bool(wanted) and secrets.compare_digest(mark, wanted)
        with self._store.change() as change:
            if good:
                logins.succeeded(change, _ACCOUNT)
            else:
                logins.failed(change, _ACCOUNT, address)
            audit.record(
                change, "nobody", "one-time-password" if good else "one-time-password.failed", address=address
            )
        if not good:
            raise RejectedError(
                N_("This is not the one-time password."),
                N_("It works once; “foyer reset-admin” makes a new one."),
                "password_once",
            )
        return mark

    def use(self, change: Change) -> None:
        """Ends the password's life with the change that it is used for. RejectedError if somebody was
        faster.
        """
        mark = self.mark()
        if not mark:
            raise RejectedError(
                N_("This is not the one-time password."),
                N_("It works once; “foyer reset-admin” makes a new one."),
            )
        sent_forms.claim_for_good(change, f"one-time:{mark}")

    def remove(self) -> None:
        """Deletes the file, now that it opens nothing; called after the change."""
        with contextlib.suppress(FileNotFoundError):
            try:
                self._path.unlink()
            except PermissionError:
                _log.info("%s stays; it was used and opens nothing.", self._path)


def make(folder: Path) -> str:
    """Writes a new one-time password in place of the old and returns it; for root only.

    A crash or a power cut leaves the old file or the new one, whole. SetupError: it cannot be written.
    """
    password = one_time_password()
    part = folder / f".{FILE}.part"
    try:
        part.unlink(missing_ok=True)
        # Others may write into the folder: never through a link, and by the handle.
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(password + "\n")
            os.fchown(handle, pwd.getpwnam(_READER).pw_uid, grp.getgrnam(_SHOWN_BY).gr_gid)
            os.fchmod(handle, 0o640)
            file.flush()
            os.fsync(handle)
        part.rename(folder / FILE)
        sync_folder(folder)
    except (OSError, LookupError) as error:
        raise SetupError(f"The one-time password cannot be written: {error}.") from error
    return password


def was_used(db: Database, mark: str) -> bool:
    """Whether a one-time password with this digest was used."""
    return sent_forms.was_sent(db, f"one-time:{mark}")


def _digest(password: str) -> str:
    return hashlib.sha256(
        unicodedata.normalize("NFC", password).casefold().encode("utf-8", "replace")
    ).hexdigest()
