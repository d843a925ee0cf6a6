"""The hub between the store's events and the browsers' streams (Server-Sent Events). One thread reads each
event once and hands it to everybody who may see it; a stream's own thread only waits and writes, without a
database connection.

Made by the web application, its thread by the process; pages/events.py opens streams. A stream that cannot
keep up, or comes back too late, is told to refetch instead of being fed from a growing queue.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlite_utils import Database

from appliance.errors import TransientError
from appliance.store import Store, events, faxes, voicemails
from appliance.store.events import Event
from appliance.store.users import User

POLL_S = 0.01
IDLE_POLL_S = 0.2  # while nobody listens
HEARTBEAT_S = 15.0
CAPACITY = 150  # open streams; each holds a thread of the server
PER_USER = 8  # of those, for one user in all browsers
KEPT = 4000  # events a returning browser can be given
WAITING = 64  # batches a stream may lag behind
BATCH = 1000

# Kinds of events, by whom they concern; all others are for supervisors. KINDS of events.js has them, too.
EVERYBODY = ("live", "site", "person", "callback")
OF_AN_AGENT = ("agent",)
OF_A_CONVERSATION = ("conversation", "segment", "message")


@dataclass(frozen=True)
class Listener:
    """Who listens: the session's `token`, and the user as he was when the stream began."""

    token: str
    user: User

    @property
    def rights(self) -> tuple[str, str, str | None]:
        """What decides which news he gets: the account, its role, and the agent as whom it answers calls."""
        return self.user.id, self.user.role, self.user.agent_id

    def may_see(self, news: News) -> bool:
        """Supervisors see everything but accounts; agents what is for everybody, or their own."""
        _, role, agent_id = self.rights
        if role == "administrator" or news.agents is None:
            return True
        if role == "supervisor":
            return news.event.kind != "user"
        return agent_id is not None and agent_id in news.agents


@dataclass(frozen=True)
class News:
    """An event ready to be sent. `agents` are those it concerns; None: it concerns everybody."""

    event: Event
    agents: frozenset[str] | None
    text: bytes


class Full(TransientError):
    """As many browsers listen as this box has threads for."""

    retry_after_s = 10

    def __init__(self) -> None:
        super().__init__(
            "More browsers are open than the box keeps up to date at once.",
            "This one looks every ten seconds, until others are closed.",
        )


class Stream:
    """What one browser still has to be sent. The hub's thread fills it, the browser's thread empties it."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self._chunks: deque[bytes] = deque()
        self._ready = threading.Condition()
        self._is_ended = False

    def put(self, chunk: bytes, last_id: int) -> None:
        """Adds a chunk; a stream that lags too far behind ends with the advice to refetch."""
        with self._ready:
            if self._is_ended:
                return
            if len(self._chunks) >= WAITING:
                self._chunks.clear()
                chunk = special("refetch", last_id)
                self._is_ended = True
            self._chunks.append(chunk)
            self._ready.notify()

    def end(self, chunk: bytes = b"") -> None:
        """Ends the stream behind what already waits, with a last word."""
        with self._ready:
            self._chunks.append(chunk)
            self._is_ended = True
            self._ready.notify()

    def take(self, timeout_s: float) -> bytes | None:
        """Everything that waits, as one chunk; b"" if nothing came in time; None when the stream is over."""
        with self._ready:
            if not self._chunks and not self._is_ended:
                self._ready.wait(timeout_s)
            if not self._chunks:
                return None if self._is_ended else b""
            chunk = b"".join(self._chunks)
            self._chunks.clear()
            return chunk


class Hub:
    """All streams of the process. `listener_of(db, token)` says who listens with that session now, None if it
    is over.
    """

    def __init__(
        self,
        store: Store,
        listener_of: Callable[[Database, str], Listener | None],
        *,
        capacity: int = CAPACITY,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        self._store = store
        self._listener_of = listener_of
        self._capacity = capacity
        self._heartbeat_s = heartbeat_s
        self._guard = threading.Lock()  # of everything below
        self._is_over = False
        self._streams: dict[Stream, None] = {}  # oldest first
        self._kept: deque[News] = deque(maxlen=KEPT)
        with store.read() as db:
            oldest = db.execute("SELECT min(id) FROM event").fetchone()[0]
            latest = events.latest_id(db)
        self._last_id = max(latest - KEPT, latest if oldest is None else oldest - 1)
        self._first_id = self._last_id  # the newest event that is not kept
        self.catch_up()

    @property
    def last_id(self) -> int:
        """The newest event that was handed out."""
        return self._last_id

    def count(self) -> int:
        """How many streams are open."""
        return len(self._streams)

    def run(self, stop: threading.Event) -> None:
        """The hub's thread: ends when `stop` is set, and with it every stream."""
        seen = -1
        beat_at = time.monotonic() + self._heartbeat_s
        while not stop.wait(POLL_S if self._streams else IDLE_POLL_S):
            version = self._store.version()
            if version != seen:
                seen = version
                self.catch_up()
            if time.monotonic() >= beat_at:
                beat_at = time.monotonic() + self._heartbeat_s
                self.check_sessions()
        with self._guard:
            self._is_over = True
        for stream in self._all():
            stream.end()

    def open(self, listener: Listener, after: int | None) -> Stream:
        """A new stream, from behind event `after` (None: from now). Full when there are too many.

        A browser needs one, and a network that comes and goes leaves some behind that nobody reads: of one
        user's, the oldest ends, so that nobody can take everybody's.
        """
        stream = Stream(listener)
        with self._guard:
            if self._is_over:  # this browser comes again, and finds the next process
                stream.end(special("hello", self._last_id))
                return stream
            own = [each for each in self._streams if each.listener.user.id == listener.user.id]
            for oldest in own[: max(0, len(own) - PER_USER + 1)]:
                del self._streams[oldest]
                oldest.end()
            if len(self._streams) >= self._capacity:
                raise Full
            missed = self._missed(after)
            if missed is None:
                stream.put(special("refetch", self._last_id), self._last_id)
            else:
                text = b"".join(news.text for news in missed if listener.may_see(news))
                stream.put(special("hello", self._last_id) + text, self._last_id)
            self._streams[stream] = None
        return stream

    def close(self, stream: Stream) -> None:
        """Forgets a stream whose browser is gone."""
        with self._guard:
            self._streams.pop(stream, None)

    def catch_up(self) -> None:
        """Reads what is new and hands it out; a gap makes everybody refetch."""
        while True:
            with self._store.read() as db:
                is_gap = events.is_gap(db, self._last_id)
                rows = [] if is_gap else events.since(db, self._last_id, BATCH)
                latest = events.latest_id(db)
                news = [_news(db, row) for row in newest_of_each(rows)]
            if is_gap:
                self._start_anew(latest)
            elif rows:
                self._hand_out(news, rows[-1].id)
            if len(rows) < BATCH:
                return

    def check_sessions(self) -> None:
        """A sign of life for every stream whose session holds, the end for the others.

        Who has other rights now gets a new stream: the browser asks for one when this one ends, and what it
        shows is fetched anew, since some of it may be no longer for him.
        """
        streams = self._all()
        with self._store.read() as db:
            now = {token: self._listener_of(db, token) for token in {each.listener.token for each in streams}}
        for stream in streams:
            who = now[stream.listener.token]
            if who is None:
                stream.end(special("signed-out", self._last_id))
            elif who.rights != stream.listener.rights:
                stream.end(special("refetch", self._last_id))
            else:
                stream.put(b": alive\n\n", self._last_id)

    def _all(self) -> list[Stream]:
        with self._guard:
            return list(self._streams)

    def _missed(self, after: int | None) -> Iterable[News] | None:
        if after is None:
            return ()
        if after < self._first_id or after > self._last_id:
            return None
        return (news for news in self._kept if news.event.id > after)

    def _hand_out(self, news: list[News], last_id: int) -> None:
        with self._guard:
            self._first_id = max(self._first_id, self._drop_oldest(len(news)))
            self._kept.extend(news)
            self._last_id = last_id
            streams = list(self._streams)
        chunks: dict[Listener, bytes] = {}
        for stream in streams:
            who = stream.listener
            if who not in chunks:
                chunks[who] = b"".join(each.text for each in news if who.may_see(each))
            if chunks[who]:
                stream.put(chunks[who], last_id)
        if any(each.event.kind == "user" for each in news):
            self.check_sessions()

    def _drop_oldest(self, room: int) -> int:
        """Makes room for `room` more; returns the id of the newest one dropped."""
        newest = 0
        while self._kept and len(self._kept) + room > KEPT:
            newest = self._kept.popleft().event.id
        return newest

    def _start_anew(self, latest: int) -> None:
        with self._guard:
            self._kept.clear()
            self._first_id = self._last_id = latest
            streams = list(self._streams)
        for stream in streams:
            stream.put(special("refetch", latest), latest)


def newest_of_each(rows: list[Event]) -> list[Event]:
    """Without the repetitions within one batch: a page refetches once however often a thing changed."""
    last = {(row.kind, row.subject, tuple(sorted(row.ids.items()))): row for row in rows}
    return sorted(last.values(), key=lambda row: row.id)


def special(name: str, last_id: int) -> bytes:
    """A word of the hub itself: hello, refetch, signed-out."""
    return f'id: {last_id}\nevent: {name}\ndata: {{"id":{last_id}}}\n\n'.encode()


def _news(db: Database, event: Event) -> News:
    data = json.dumps({"id": event.id, "subject": event.subject, **event.ids}, separators=(",", ":"))
    text = f"id: {event.id}\nevent: {event.kind}\ndata: {data}\n\n".encode()
    return News(event, _agents(db, event), text)


def _agents(db: Database, event: Event) -> frozenset[str] | None:
    """The agents whom an event concerns; None for everybody."""
    if event.kind in EVERYBODY:
        return None
    if event.kind in OF_AN_AGENT:
        return frozenset((event.subject,))
    if event.kind not in OF_A_CONVERSATION:
        return frozenset()
    conversation = str(event.subject if event.kind == "conversation" else event.ids.get("conversation", ""))
    if _is_left_for_a_queue(db, conversation):
        # Its agents are in the site's document, which costs more to read than an id costs the others to hear.
        return None
    rows = db.execute(
        "SELECT agent_id FROM conversation WHERE id = :id"
        " UNION SELECT agent_id FROM segment WHERE conversation_id = :id",
        {"id": conversation},
    )
    return frozenset(str(row[0]) for row in rows if row[0] is not None)


def _is_left_for_a_queue(db: Database, conversation: str) -> bool:
    """Whether it is a call that ended with a message, or a fax, for no agent in particular."""
    row = db.execute(
        "SELECT 1 FROM conversation WHERE id = ? AND agent_id IS NULL AND outcome IN (?, ?, ?)",
        (conversation, voicemails.OUTCOME, faxes.OUTCOME, faxes.FAILED),
    )
    return row.fetchone() is not None
