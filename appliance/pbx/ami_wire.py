"""One open connection to Asterisk's manager port: a reader thread, replies matched by ActionID, events in
order.

Made by `ami.py` for each connection and thrown away with it, so that nothing of a lost connection can reach
the next. It knows no action and no meaning of an event.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import socket
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from appliance.errors import DeviceGone, RejectedError, TransientError
from appliance.pbx.ami_parser import Message, Parser, ProtocolError

type Field = str | int | Sequence[str]

MAX_LINE_BYTES = 1000
"""main/manager.c reads a line into 1025 bytes; what is longer is cut there, and the rest would be a header
anew.
"""
MAX_LINES = 120
"""main/manager.c keeps 128 headers of an action (AST_MAX_MANHEADERS)."""
MAX_EVENTS_WAITING = 200_000
"""More events than this waiting to be taken means that the taker is stuck: the connection is given up."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_RECV_BYTES = 256 * 1024
_SOCKET_TIMEOUT_S = 1.0


def encode(fields: Mapping[str, Field], action_id: str) -> bytes:
    """The bytes of one action; a list gives one header per item.

    Raises `RejectedError` for a value that could be read as anything but this one value: CR, LF or NUL in it,
    text that is not Unicode, a line over `MAX_LINE_BYTES`, more headers than Asterisk keeps.
    """
    lines: list[bytes] = []
    for name, value in itertools.chain(fields.items(), (("ActionID", action_id),)):
        if not _NAME.fullmatch(name):
            raise RejectedError(f"Not a header name: {name!r}.")
        for item in (value,) if isinstance(value, str | int) else value:
            lines.append(_line(name, str(item)))
    if len(lines) > MAX_LINES:
        raise RejectedError("Too many values for one action.")
    return b"".join(lines) + b"\r\n"


def _line(name: str, value: str) -> bytes:
    if "\r" in value or "\n" in value or "\0" in value:
        raise RejectedError(f"A line break or NUL in {name}.", hint="It would be read as another command.")
    try:
        line = f"{name}: {value}\r\n".encode()
    except UnicodeEncodeError as error:
        raise RejectedError(f"{name} is not valid text.") from error
    if len(line) > MAX_LINE_BYTES:
        raise RejectedError(f"{name} is too long.")
    return line


class Reply:
    """The answer to one action that was sent: there now, later or never."""

    def __init__(self, action_id: str, whole_list: bool, forget: Callable[[str], None]) -> None:
        """`forget` is called with the ActionID once nobody waits for this reply any more."""
        self.action_id = action_id
        self.items: list[Message] = []
        self._whole_list = whole_list
        self._forget = forget
        self._first: Message | None = None
        self._lost = ""
        self._done = threading.Event()

    def is_done(self) -> bool:
        """Whether `wait` would return, or raise, at once."""
        return self._done.is_set()

    def wait(self, timeout_s: float) -> Message:
        """The reply's first message; `items` then holds the list that followed, if one was asked for.

        Raises `TransientError` when nothing came in time, `DeviceGone` when the connection went away.
        """
        is_done = self._done.wait(timeout_s)
        self._forget(self.action_id)
        if not is_done:
            raise TransientError(f"Asterisk did not answer within {timeout_s:g} s.")
        if self._first is None or self._lost:
            raise DeviceGone(self._lost or "The connection to Asterisk was closed.")
        return self._first

    def accept(self, message: Message) -> bool:
        """Takes a message with this reply's ActionID; False when it is an ordinary event that only carries
        it.
        """
        if message.event:
            if not self._whole_list:
                return False
            if message.get("EventList") in ("Complete", "cancelled", "Cancelled"):
                self._done.set()
            else:
                self.items.append(message)
            return True
        self._first = message
        if not self._whole_list or message.get("EventList").lower() != "start":
            self._done.set()
        return True

    def lose(self, reason: str) -> None:
        """The connection is gone: whoever waits is told why."""
        if not self._done.is_set():
            self._lost = reason
            self._done.set()


class Wire:
    """A connected socket, its reader thread and what was read."""

    def __init__(self, sock: socket.socket, name: str, *, keeps_events: bool = True) -> None:
        """Without `keeps_events` there is nothing to `take`: for a session that only acts."""
        sock.settimeout(_SOCKET_TIMEOUT_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock = sock
        self._name = name
        self._keeps_events = keeps_events
        self._parser = Parser()
        self._greeted = threading.Event()
        self._sending = threading.Lock()
        self._state = threading.Condition()
        # Everything below belongs to `_state`.
        self._events: deque[Message] = deque()
        self._waiting: dict[str, Reply] = {}
        self._sequence = itertools.count(1)
        self._lost = ""
        self._reader = threading.Thread(target=self._read, name=f"{name}-reader", daemon=True)
        self._reader.start()

    def greeting(self, timeout_s: float) -> str:
        """Asterisk's first line. Raises `DeviceGone` when none came."""
        if not self._greeted.wait(timeout_s):
            self.close("Asterisk accepted the connection and said nothing.")
        if not self.is_open():
            raise DeviceGone(self.lost_because())
        return self._parser.greeting

    def is_open(self) -> bool:
        """Whether the connection can still be used."""
        return not self._lost

    def lost_because(self) -> str:
        """Why the connection is gone; empty while it is not."""
        return self._lost

    def submit(self, fields: Mapping[str, Field], whole_list: bool = False) -> Reply:
        """Sends one action and does not wait. Raises `RejectedError` for bad values, `DeviceGone` if unsent.

        With `whole_list` the events that answer the action are kept in the reply; without it they come among
        the other events, in their order.
        """
        with self._state:
            action_id = f"{self._name}-{next(self._sequence)}"
        data = encode(fields, action_id)
        reply = Reply(action_id, whole_list, self._forget)
        with self._state:
            if self._lost:
                raise DeviceGone(self._lost)
            self._waiting[action_id] = reply
        try:
            with self._sending:
                self._sock.sendall(data)
        except OSError as error:
            # A part of the action may be out, so nothing can follow it on this connection.
            self.close(f"Sending to Asterisk failed: {error}.")
            raise DeviceGone(self.lost_because()) from error
        return reply

    def take(self, timeout_s: float) -> list[Message]:
        """All events read so far, oldest first; waits up to `timeout_s` for the first one.

        Raises `DeviceGone` when the connection is gone and everything read from it was taken.
        """
        with self._state:
            self._state.wait_for(lambda: self._events or self._lost, timeout_s)
            if self._events:
                events = list(self._events)
                self._events.clear()
                return events
            if self._lost:
                raise DeviceGone(self._lost)
            return []

    def close(self, reason: str = "The connection to Asterisk was closed.") -> None:
        """Ends the connection, for everybody who uses it. May be called from anywhere and again."""
        with self._state:
            self._lost = self._lost or reason
            replies = list(self._waiting.values())
            self._waiting.clear()
            self._state.notify_all()
        for reply in replies:
            reply.lose(self._lost)
        self._greeted.set()
        with contextlib.suppress(OSError):  # The far end may have been faster.
            self._sock.shutdown(socket.SHUT_RDWR)
        if threading.current_thread() is not self._reader:
            self._reader.join(2 * _SOCKET_TIMEOUT_S)
            self._sock.close()

    def _forget(self, action_id: str) -> None:
        with self._state:
            self._waiting.pop(action_id, None)

    def _read(self) -> None:
        try:
            while self.is_open():
                try:
                    data = self._sock.recv(_RECV_BYTES)
                except TimeoutError:
                    continue
                if not data:
                    self.close("Asterisk closed the connection.")
                    return
                messages = self._parser.feed(data)
                if self._parser.greeting:
                    self._greeted.set()
                self._deliver(messages)
        except OSError as error:
            self.close(f"Reading from Asterisk failed: {error}.")
        except ProtocolError as error:
            self.close(str(error))

    def _deliver(self, messages: Sequence[Message]) -> None:
        with self._state:
            for message in messages:
                reply = self._waiting.get(message.action_id) if message.action_id else None
                if reply is not None and reply.accept(message):
                    if reply.is_done():
                        del self._waiting[reply.action_id]
                elif message.event and self._keeps_events:
                    self._events.append(message)
                # Else nobody wants it: an event, or a reply that came too late.
            if self._events:
                self._state.notify_all()
            is_stuck = len(self._events) > MAX_EVENTS_WAITING
        if is_stuck:
            self.close("Events from Asterisk were not handled fast enough.")
