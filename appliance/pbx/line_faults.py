"""Why a phone line does not work, where that is known: what the provider answered, that its name leads
nowhere, or that a call came in whose sound the line may not speak.

Asterisk says by an event that the box is not signed in, but only its log says what the provider answered to
the REGISTER (RFC 3261, 10.3 and 21). A call whose description names none of the line's sound formats it
refuses (488) before there is a channel, and nothing but its file of legs (conf/cli_conf.py) tells. This
thread reads both, looks names up, and tells the pages in live rows:

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

WHYS = ("password", "account", "refused", "trouble", "silent", "name", "no-names", "formats-in")
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
# chan_pjsip.c, chan_pjsip_session_end: the endpoint's name alone where there is no channel.
_UNHEARD = re.compile(r"chan_pjsip\.c:\s+(?P<line>l[1-9][0-9]{0,5}): inv_session->cause: 488$", re.M)
_STATUS = re.compile(r"\b[1-6][0-9]{2}\b")
_PASSWORD, _ACCOUNT = (401, 403, 407), (404, 410, 484, 604)


def answers(log: str) -> Iterator[tuple[str, int]]:
    """Who wanted to sign in (sip:user@host:port) and the status that came back, 0 for none; in order."""
    for said in _SAID.finditer(log):
        status = _STATUS.search(said["what"])
        yield said["account"], int(status[0]) if status else 0


def unheard(legs: str) -> Iterator[str]:
    """The line of each call that was refused since its sound formats and the line's have none in common."""
    for refused in _UNHEARD.finditer(legs):
        yield refused["line"]


def why_of(status: int) -> str:
    """What a refusal of a REGISTER means, one of WHYS."""
    if status in _PASSWORD:
        return "password"
    if status in _ACCOUNT:
        return "account"
    return "trouble" if status == 408 or 500 <= status < 600 else "refused"


class LineFaults:
    """`run` until stopped; `try_now` from any thread."""

    def __init__(
        self, store: Store, session: ActionSession, running: RunningSite, messages: Path, legs: Path
    ) -> None:
        self._store = store
        self._session = session
        self._running = running
        self._messages = Tail(messages)
        # A refusal of before may be mended by now, or followed by calls that were taken.
        self._legs = Tail(legs, from_end=True)
        self._said: dict[str, int] = {}
        # Lines of which a call in was refused for its sound: their formats then, and when the last call came.
        self._unheard: dict[str, tuple[tuple[str, ...], int]] = {}
        self._tried: dict[str, float] = {}

    def try_now(self, line_id: str) -> None:
        """Asks the provider at once whether it is there, and signs in anew where the line does that.

        What comes of it is seen in the live rows, within half a minute. `NotFoundError`: the running site has
        no such line. `RejectedError`: it was tried a moment ago, and a provider locks out who asks too often;
        or the line is not ready. Besides, what the session raises.
        """
        line = self._running.get().line(line_id)
        if line is None or line.kind != "sip":
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
            if seen == version and not self._legs.has_grown() and time.monotonic() - looked_at < LOOK_AGAIN_S:
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
        lines, faults = self._running.get().lines_of("sip"), {}
        refused = set(unheard(self._legs.read()))
        self._unheard |= {
            line.id: (line.codecs, _came(rows["line"].get(line.id, {})))
            for line in lines
            if line.id in refused
        }
        for line in lines:
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
            is_unheard = self._unheard.get(line.id) == (line.codecs, _came(row))
            return {"why": "formats-in", "code": 488} if is_unheard else {}
        if line.register and row.get("registered") is None:
            return {}
        status = self._answer(line) if line.register else 0
        if status is None:
            return {}
        return {"why": why_of(status), "code": status} if status else {"why": nobody_there(line), "code": 0}

    def _answer(self, line: Line) -> int | None:
        """What came of the line's last attempt to sign in, as far as the log was seen; None: nothing yet."""
        self._said.update(answers(self._messages.read()))
        return self._said.get(_account(line))


class Tail:
    """The newest lines of a file that grows and is turned over; with `from_end`, what comes from now on."""

    def __init__(self, path: Path, *, from_end: bool = False) -> None:
        self._path = path
        self._inode = 0
        self._read_to = 0
        if from_end and (found := self._found()):
            self._inode, _, self._read_to = found

    def has_grown(self) -> bool:
        """Whether there is anything that was not read yet."""
        return self._found() is not None

    def read(self) -> str:
        """The whole lines that were not returned yet, at most about `TAIL_BYTES` of them; "" for none."""
        found = self._found()
        if found is None:
            return ""
        inode, start, end = found
        try:
            with self._path.open("rb") as file:
                file.seek(start)
                text, _, rest = file.read(end - start).rpartition(b"\n")
        except OSError as error:
            _log.info("%s cannot be read: %s", self._path, error.strerror)
            return ""
        self._inode, self._read_to = inode, end - len(rest)
        return text.decode("utf-8", "replace")

    def _found(self) -> tuple[int, int, int] | None:
        """The file, and from where to where it is to be read; None for nothing."""
        try:
            facts = self._path.stat()
        except OSError:
            return None
        known = self._read_to if facts.st_ino == self._inode and self._read_to <= facts.st_size else 0
        start = max(known, facts.st_size - TAIL_BYTES)
        return (facts.st_ino, start, facts.st_size) if start < facts.st_size else None


def _came(row: dict[str, Any]) -> int:
    """When the last call came in over the line, 0 for none that is known."""
    return int(row.get("came", 0))


def _account(line: Line) -> str:
    return sip_uri(line.host, line.port, line.username)


def nobody_there(line: Line, look_up: Callable[[str, int], object] = socket.getaddrinfo) -> str:
    """Why there was no answer at all: the name leads nowhere, names lead nowhere, or nobody answers."""
    try:
        look_up(line.host, line.port)
    except socket.gaierror as error:
        return "name" if error.errno in (socket.EAI_NONAME, socket.EAI_NODATA) else "no-names"
    except (OSError, UnicodeError):
        return "name"
    return "silent"
