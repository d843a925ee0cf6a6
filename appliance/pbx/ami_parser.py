"""The Asterisk Manager Interface as bytes: a pure parser, any chunking in, whole messages out.

Called by `ami.py` with whatever one `recv` returned. It opens nothing and keeps at most `MAX_MESSAGE_BYTES`.
A message is read to the empty line that ends it and to nothing else: no value of a header (a caller's name
may hold "status will follow") can change how the rest is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from appliance.errors import DeviceGone

MAX_MESSAGE_BYTES = 4 * 1024 * 1024
"""Longest single message accepted. A `Command` that prints a big table is the longest real one."""
MAX_GREETING_BYTES = 256
"""Asterisk greets with one line such as `Asterisk Call Manager/11.0.0`."""

_END = b"\r\n\r\n"


class ProtocolError(DeviceGone):
    """What came is not the manager interface, or a message has no end. The session must be dropped."""


@dataclass(frozen=True, slots=True)
class Message:
    """One event or one reply.

    `headers` holds the first value of every header, by its name exactly as sent. `repeated` holds all the
    values, in order, of the headers that came more than once (`Output`, `ChanVariable`); others are not in
    it.
    """

    headers: Mapping[str, str]
    repeated: Mapping[str, tuple[str, ...]]

    @property
    def event(self) -> str:
        """The event's name; empty for a reply."""
        return self.headers.get("Event", "")

    @property
    def response(self) -> str:
        """`Success`, `Error`, `Goodbye` ...; empty for an event."""
        return self.headers.get("Response", "")

    @property
    def action_id(self) -> str:
        """The id of the action this answers; empty when it answers none."""
        return self.headers.get("ActionID", "")

    def get(self, name: str, default: str = "") -> str:
        """The first value of header `name`."""
        return self.headers.get(name, default)

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of header `name`, in the order sent."""
        if name in self.repeated:
            return self.repeated[name]
        return (self.headers[name],) if name in self.headers else ()

    def output(self) -> str:
        """The text that a `Command` printed: all its `Output` lines."""
        return "\n".join(self.all("Output"))

    def variables(self, prefix: str = "") -> dict[str, str]:
        """The channel variables that `channelvars` of manager.conf puts on events about channels.

        `prefix` chooses the channel where an event names several, such as `Dest`.
        """
        pairs = (value.partition("=") for value in self.all(f"{prefix}ChanVariable"))
        return {name.strip(): value for name, _, value in pairs}

    # The interface of pyst2's own ManagerMsg, which the actions inherited from its Manager use.

    def get_header(self, name: str, default: str | None = None) -> str | None:
        """The first value of header `name`, or `default`."""
        return self.headers.get(name, default)

    def __getitem__(self, name: str) -> str:
        return self.headers[name]


def message_of(pairs: Iterable[tuple[str, str]]) -> Message:
    """A message of these headers, in this order."""
    headers: dict[str, str] = {}
    repeated: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        if name in headers:
            repeated[name] = (*repeated.get(name, (headers[name],)), value)
        else:
            headers[name] = value
    return Message(headers, repeated)


def parse_block(block: bytes) -> Message:
    """One message without the empty line at its end.

    Bytes that are not UTF-8 become U+FFFD. A line without a colon belongs to no header and is left out.
    """
    headers: dict[str, str] = {}
    lists: dict[str, list[str]] = {}
    for line in block.decode("utf-8", "replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if not colon:
            continue
        if value.startswith(" "):
            value = value[1:]
        if name not in headers:
            headers[name] = value
        elif name in lists:
            lists[name].append(value)
        else:
            lists[name] = [headers[name], value]
    return Message(headers, {name: tuple(values) for name, values in lists.items()} if lists else {})


class Parser:
    """Bytes in, messages out, in the order they came."""

    def __init__(self) -> None:
        self.greeting = ""
        self._buffer = bytearray()
        self._searched = 0

    def feed(self, data: bytes) -> list[Message]:
        """Takes the next bytes and returns the messages they complete.

        Raises `ProtocolError` when the greeting is not Asterisk's or a message grows over its limit.
        """
        self._buffer += data
        if not self.greeting and not self._read_greeting():
            return []
        # An end may lie across two chunks, so the search goes back over its own length.
        if self._buffer.find(_END, max(0, self._searched - len(_END) + 1)) < 0:
            self._searched = len(self._buffer)
            if self._searched > MAX_MESSAGE_BYTES:
                raise ProtocolError("Asterisk sent a message without an end.")
            return []
        blocks = bytes(self._buffer).split(_END)
        self._buffer = bytearray(blocks.pop())
        self._searched = len(self._buffer)
        return [parse_block(block) for block in blocks if block]

    def _read_greeting(self) -> bool:
        line, end, rest = bytes(self._buffer[:MAX_GREETING_BYTES]).partition(b"\r\n")
        if not end and len(line) < MAX_GREETING_BYTES:
            return False
        if not end or not line.startswith(b"Asterisk Call Manager/"):
            raise ProtocolError("The program on Asterisk's manager port is not Asterisk.")
        self.greeting = line.decode("ascii", "replace")
        self._buffer = bytearray(rest) + self._buffer[MAX_GREETING_BYTES:]
        return True
