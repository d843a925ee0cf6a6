"""The thread that listens to Asterisk: keeps the `live` table right, notices at once when Asterisk is gone.

It opens the one event session, lists everything anew after each connection, and commits what changed as soon
as no event came for 5 ms, at the latest after 30 ms or 200 rows. What has to be done in Asterisk as an answer
to an event (a hold to be logged, queue members to be put back) it hands on: it never waits for an action.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from appliance.errors import DeviceGone, TransientError
from appliance.pbx.ami import Ami
from appliance.pbx.ami_parser import Message
from appliance.pbx.ami_session import Account
from appliance.pbx.ami_wire import Reply
from appliance.pbx.holds import Holds
from appliance.pbx.live import LISTS, LiveState
from appliance.pbx.live_rows import Key, Row
from appliance.store import Store, feeds, live, now_ms

_log = logging.getLogger(__name__)

IDLE_S = 0.005
BATCH_S = 0.030
BATCH_ROWS = 200
PING_EVERY_S = 1.5
PING_TIMEOUT_S = 3.0
LISTING_TIMEOUT_S = 5.0
RECONNECT_S = 0.5
HEARD_EVERY_MS = 30_000
RETRY_S = 1.0
TICK_S = 0.5
HEARD = "ami"
"""The feed whose time says when Asterisk was last heard; the history of a call that a crash cut ends
there.
"""


@dataclass(frozen=True)
class Hands:
    """Who acts on what was heard. Called in the listener's thread, so they must only take note."""

    on_booted: Callable[[int], None]
    """Asterisk is (again) there and has booted; with when it was last heard before (ms), 0 if never."""
    on_hold: Callable[[Message], None]
    """A leg put the other side on hold (`Hold`), took it back (`Unhold`) or was hung up while it held
    (`Hangup`).
    """
    on_channel: Callable[[Message], None]
    """A channel has come (`Newchannel`)."""


class Listener:
    """`run` until stopped."""

    def __init__(self, store: Store, account: Account, hands: Hands) -> None:
        self._store = store
        self._account = account
        self._hands = hands
        self._ami = Ami("events")
        self._ami.register_event("*", self._on_event)
        self._state = LiveState()
        with store.read() as db:
            # When Asterisk was last heard, by this process or the one before.
            self._heard = feeds.heard(db, HEARD)
            row = live.snapshot(db).rows["pbx"].get("state", {})
        if not row.get("up", True):
            self._state.now.state = row
        self._before = self._heard
        self._saved = self._heard
        self._is_connected = False
        self._is_listed = False
        self._lists: dict[str, Reply] = {}
        self._holds = Holds(self._ami)
        self._listing_due = 0.0
        self._ping: Reply | None = None
        self._ping_sent = 0.0
        self._event_at = 0.0
        self._retry_at = 0.0

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Listens, and connects again whenever the connection is lost."""
        while not stop.is_set():
            beat()
            try:
                self._account.open(self._ami)
                self._listen(stop, beat)
            except* (DeviceGone, TransientError) as errors:
                self._lose(errors.exceptions[0])
            stop.wait(RECONNECT_S)
        self._lose(None)

    def _listen(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        self._is_connected, self._is_listed = True, False
        self._before = self._heard
        self._ping, self._ping_sent = None, time.monotonic()
        self._lists.clear()
        self._holds = Holds(self._ami)
        while not stop.is_set():
            beat()
            due = self._ping_sent + PING_EVERY_S - time.monotonic()
            is_more = self._is_listed and self._state.dirty
            count = self._ami.event_dispatch(IDLE_S if is_more else min(max(IDLE_S, due), TICK_S))
            started = time.monotonic()
            while count and time.monotonic() - started < BATCH_S and self._state.dirty < BATCH_ROWS:
                count = self._ami.event_dispatch(IDLE_S)
            self._check_ping()
            self._check_lists()
            for hold in self._holds.answers():
                self._on_event(hold, self._ami)
            self._commit()

    def _on_event(self, message: Message, _ami: Ami) -> None:
        self._heard, self._event_at = now_ms(), time.monotonic()
        if message.event in ("Hold", "Unhold") or self._ends_a_hold(message):
            self._hands.on_hold(message)
        elif message.event == "Newchannel":
            self._hands.on_channel(message)
        self._state.fold(message, self._heard)
        if message.event == "FullyBooted":
            self._begin_listing()
        elif message.event == "Registry":
            # The event does not name the line: look at all of them.
            self._ask("PJSIPShowRegistrationsOutbound")

    def _ends_a_hold(self, message: Message) -> bool:
        """Whether a leg on hold is gone: that of a reloaded page, say, whose new leg holds nobody."""
        leg = self._state.now.legs.get(message.get("Uniqueid")) if message.event == "Hangup" else None
        return leg is not None and leg.state == "hold"

    def _begin_listing(self) -> None:
        self._hands.on_booted(self._before)
        self._is_listed = False
        self._listing_due = time.monotonic() + LISTING_TIMEOUT_S
        for action in self._state.begin_listing():
            self._ask(action)

    def _ask(self, action: str) -> None:
        self._lists[action] = self._ami.submit(action)

    def _check_lists(self) -> None:
        """A list that is empty is refused by some actions, without an event at its end."""
        for action, reply in list(self._lists.items()):
            if reply.is_done():
                del self._lists[action]
                answer = reply.wait(0)
                if answer.response == "Error":
                    _log.info("%s: %s", action, answer.get("Message"))
                    self._state.complete(LISTS[action])
        if not self._state.is_complete and time.monotonic() > self._listing_due:
            raise TransientError("Asterisk did not list its state.")

    def _check_ping(self) -> None:
        """A connection may be open and nobody behind it: a process that hangs, a machine out of memory.

        The answer comes behind the events that wait to be read: while those come, somebody is there.
        """
        now = time.monotonic()
        if self._ping is not None:
            if self._ping.is_done():
                self._ping.wait(0)
                self._ping, self._heard = None, now_ms()
            elif now > max(self._ping_sent, self._event_at) + PING_TIMEOUT_S:
                raise TransientError("Asterisk does not answer.")
        elif now >= self._ping_sent + PING_EVERY_S:
            self._ping, self._ping_sent = self._ami.submit("Ping"), now

    def _lose(self, error: Exception | None) -> None:
        """Asterisk cannot be heard any more, or is not there yet; without an error, it is we who end."""
        self._ami.close()
        if self._is_connected:
            self._heard = now_ms()
            if error is not None:
                _log.warning("Asterisk is lost: %s", error)
        self._is_connected = self._is_listed = False
        self._listing_due = 0.0
        self._state.set_up(False, self._heard or now_ms())
        key = ("pbx", "state")
        if key in self._state.changes(self._state.dirty):
            self._write({key: self._state.now.state})

    def _commit(self) -> None:
        if not self._is_listed:
            # Half a list would show callers and agents gone who are there.
            if self._listing_due and self._state.is_complete and time.monotonic() >= self._retry_at:
                self._commit_everything()
            return
        if time.monotonic() < self._retry_at:
            return
        changes = self._state.changes(BATCH_ROWS)
        is_overdue = self._state.has_calls and now_ms() - self._saved > HEARD_EVERY_MS
        if changes or is_overdue:
            self._write(changes)

    def _commit_everything(self) -> None:
        self._state.set_up(True, now_ms())
        rows = self._state.everything()
        try:
            with self._store.change() as change:
                for kind, by_id in rows.items():
                    live.replace(change, kind, by_id)
                feeds.advance(change, HEARD, 0, 0)
        except TransientError as error:
            self._retry_at = time.monotonic() + RETRY_S
            _log.error("What goes on cannot be saved: %s", error)
            return
        self._state.confirm_everything(rows)
        self._is_listed, self._listing_due, self._saved = True, 0.0, now_ms()
        self._holds.ask(self._state.now.legs)
        _log.info("Asterisk is there: %d agents, %d callers.", len(rows["agent"]), len(rows["caller"]))

    def _write(self, changes: dict[Key, Row | None]) -> None:
        """Commits changes; what cannot be saved now is still a change the next time."""
        try:
            with self._store.change() as change:
                for (kind, name), row in changes.items():
                    if row is None:
                        live.drop(change, kind, name)
                    else:
                        live.put(change, kind, name, row)
                feeds.advance(change, HEARD, 0, 0)
        except TransientError as error:
            self._retry_at = time.monotonic() + RETRY_S
            _log.error("What goes on cannot be saved: %s", error)
            return
        self._state.confirm(changes)
        self._saved = now_ms()
