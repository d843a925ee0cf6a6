"""Why a phone line does not work, where that is known: what the provider answered, or that its name leads
nowhere.

Asterisk says by an event that the box is not signed in, but only its log says what the provider answered to
the REGISTER (RFC 3261, 10.3 and 21). This thread reads there, looks names up, and tells the pages in live
rows:

    fault/<line>   {"why": "password", "code": 403}   -- one of WHYS; the SIP status, 0 if there was no answer
"""

from __future__ import annotations

import logging
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from appliance.errors import FoyerError, NotFoundError, RejectedError
from appliance.pbx.ami_session import ActionSession
from appliance.pbx.conf.syntax import sip_uri
from appliance.pbx.running import RunningSite
from appliance.store import Store, live
from appliance.store.sitemodel import Line

_log = logging.getLogger(__name__)

WHYS = ("password", "account", "refused", "trouble", "silent", "name", "no-names")
LOOK_EVERY_S = 1.0
# A name that was mended, or a network that came back, is noticed by itself.
LOOK_AGAIN_S = 30.0
TRY_EVERY_S = 10.0
TAIL_BYTES = 64 * 1024

# As Asterisk 22 words it (res_pjsip_outbound_registration.c, handle_registration_response).
_SAID = re.compile(
    r"res_pjsip_outbound_registration\.c: (?P<what>[^\n]{3,80}?) received from '[^'\n]*'"
    r" on registration attempt to '(?P<account>[^'\n]*)'"
)
_STATUS = re.compile(r"\b[1-6][0-9]{2}\b")
_PASSWORD, _ACCOUNT = (401, 403, 407), (404, 410, 484, 604)


def answers(log: str) -> Iterator[tuple[str, int]]:
    """Who wanted to sign in (sip:user@host:port) and the status that came back, 0 for none; in order."""
    for said in _SAID.finditer(log):
        status = _STATUS.search(said["what"])
        yield said["account"], int(status[0]) if status else 0


def why_of(status: int) -> str:
    """What a refusal of a REGISTER means, one of WHYS."""
    if status in _PASSWORD:
        return "password"
    if status in _ACCOUNT:
        return "account"
    return "trouble" if status == 408 or 500 <= status < 600 else "refused"


class LineFaults:
    """`run` until stopped; `try_now` from any thread."""

    def __init__(self, store: Store, session: ActionSession, running: RunningSite, log: Path) -> None:
        self._store = store
        self._session = session
        self._running = running
        self._messages = log
        self._read_to: tuple[int, int] = (0, 0)
        self._said: dict[str, int] = {}
        self._tried: dict[str, float] = {}

    def try_now(self, line_id: str) -> None:
        """Asks the provider at once whether it is there, and signs in anew where the line does that.

        What comes of it is seen in the live rows, within half a minute. `NotFoundError`: the running site has
        no such line. `RejectedError`: it was tried a moment ago, and a provider locks out who asks too often;
        or the line is not ready. Besides, what the session raises.
        """
        line = self._running.get().line(line_id)
        if line is None:
            raise NotFoundError("This phone line is no longer part of the settings.")
        now = time.monotonic()
        if now - self._tried.get(line_id, -TRY_EVERY_S) < TRY_EVERY_S:
            raise RejectedError("It was tried a moment ago.", "Wait ten seconds, and try again.")
        self._tried[line_id] = now
        ami = self._session.ami()
        ami.ask("PJSIPQualify", {"Endpoint": line.id})
        if line.register:
            try:
                ami.ask("PJSIPRegister", {"Registration": line.id})
            except RejectedError as error:
                raise RejectedError(
                    "The box cannot sign in over this line.", "Is its password missing? Type it in, and save."
                ) from error

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Looks when the store changed, and now and then, for a network tells nobody that it is back."""
        version, looked_at = -1, 0.0
        while not stop.wait(LOOK_EVERY_S):
            beat()
            seen = self._store.version()
            if seen == version and time.monotonic() - looked_at < LOOK_AGAIN_S:
                continue
            version, looked_at = seen, time.monotonic()
            try:
                self.look(beat)
            except FoyerError as error:
                _log.warning("Why a phone line does not work cannot be told: %s", error)

    def look(self, beat: Callable[[], None]) -> None:
        """Compares once what is wrong with the live rows."""
        with self._store.read() as db:
            rows = live.snapshot(db).rows
        faults = {}
        for line in self._running.get().lines:
            beat()
            fault = self._fault(line, rows["line"].get(line.id, {}))
            if fault:
                faults[line.id] = fault
        if faults != rows["fault"]:
            with self._store.change() as change:
                live.replace(change, "fault", faults)

    def _fault(self, line: Line, row: dict[str, Any]) -> dict[str, Any]:
        if not row or row.get("registered") or (not line.register and row.get("reachable")):
            self._said.pop(_account(line), None)
            return {}
        if line.register and row.get("registered") is None:
            return {}
        status = self._answer(line) if line.register else 0
        if status is None:
            return {}
        return {"why": why_of(status), "code": status} if status else {"why": nobody_there(line), "code": 0}

    def _answer(self, line: Line) -> int | None:
        """What came of the line's last attempt to sign in, as far as the log was seen; None: nothing yet."""
        try:
            facts = self._messages.stat()
            if (facts.st_ino, facts.st_size) != self._read_to:
                with self._messages.open("rb") as file:
                    file.seek(max(0, facts.st_size - TAIL_BYTES))
                    tail = file.read(TAIL_BYTES)
                self._said.update(answers(tail.decode("utf-8", "replace")))
                self._read_to = (facts.st_ino, facts.st_size)
        except OSError as error:
            _log.info("%s cannot be read: %s", self._messages, error.strerror)
        return self._said.get(_account(line))


def _account(line: Line) -> str:
    return sip_uri(line.host, line.port, line.username)


def nobody_there(line: Line) -> str:
    """Why there was no answer at all: the name leads nowhere, names lead nowhere, or nobody answers."""
    try:
        socket.getaddrinfo(line.host, line.port, type=socket.SOCK_DGRAM)
    except socket.gaierror as error:
        return "name" if error.errno in (socket.EAI_NONAME, socket.EAI_NODATA) else "no-names"
    except (OSError, UnicodeError):
        return "name"
    return "silent"
