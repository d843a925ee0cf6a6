"""The accounts at Asterisk's manager port, and the session for actions that several threads share.

The session for events belongs to `listener.py` alone, which opens it with `Account.open`.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import TransientError
from appliance.pbx.ami import Ami


@dataclass(frozen=True)
class Account:
    """Where Asterisk listens, who we are, and the file that holds the password."""

    port: int
    user: str
    secret_file: Path
    host: str = "127.0.0.1"

    def open(self, ami: Ami) -> None:
        """Connects and logs in. Raises `DeviceGone` or `TransientError`; the session is closed then."""
        try:
            secret = self.secret_file.read_text(encoding="ascii").strip()
        except OSError as error:
            # The file is written before Asterisk's is: this is a box being set up.
            raise TransientError(f"The password of {self.user} cannot be read: {error.strerror}.") from error
        ami.connect(self.host, self.port)
        ami.login(self.user, secret, ami.keeps_events)


class ActionSession:
    """One session for all threads that ask Asterisk to do something; connects when it is needed."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._ami = Ami(account.user.removeprefix("ami-"), keeps_events=False)
        self._opening = threading.Lock()

    def ami(self) -> Ami:
        """The session, connected. Raises `DeviceGone` or `TransientError` when Asterisk cannot be reached."""
        with self._opening:
            if not self._ami.connected():
                self._account.open(self._ami)
            return self._ami

    def close(self) -> None:
        """Ends the session; the next use opens it again."""
        with self._opening:
            self._ami.close()
