"""The box's own messages: searched for the system page, and what the kernel said for the checks.

Secrets are masked here, so that no reader of this process's answers ever meets one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from systemd import journal

from appliance.errors import RejectedError
from appliance.health.mask import hide_secrets
from appliance.health.query import Message, Query

# What one question reads at most, found or not: about a second on a slow box.
SCAN_MAX = 20_000
TEXT_MAX = 2000
_KERNEL_MAX = 5000
# Who loads modules, and says so when one is refused.
_LOADERS = ("(udev-worker)", "systemd-udevd", "systemd-modules-load", "modprobe")


class Reader(Protocol):
    """The part of systemd.journal.Reader that is used here."""

    def add_match(self, *args: str, **kwargs: str) -> None: ...
    def add_disjunction(self) -> None: ...
    def this_boot(self) -> None: ...
    def log_level(self, level: int) -> None: ...
    def seek_tail(self) -> None: ...
    def seek_cursor(self, cursor: str) -> None: ...
    def get_previous(self) -> dict[str, Any]: ...
    def close(self) -> None: ...


def search(query: Query, reader: Callable[[], Reader] = journal.Reader) -> list[Message]:
    """The newest messages first, of as much of the journal as is kept. RejectedError: no such place in it."""
    opened = reader()
    try:
        if query.level < 7:
            opened.log_level(query.level)
        if query.unit:
            opened.add_match(_SYSTEMD_UNIT=f"{query.unit}.service")
            opened.add_disjunction()
            # What systemd itself says of the unit.
            opened.add_match(_PID="1", UNIT=f"{query.unit}.service")
            if query.level < 7:
                opened.log_level(query.level)
        if query.before:
            _seek(opened, query.before)
        else:
            opened.seek_tail()
        return list(_matching(opened, query))
    finally:
        opened.close()


def _seek(opened: Reader, cursor: str) -> None:
    try:
        opened.seek_cursor(cursor)
    except (ValueError, OSError) as error:
        raise RejectedError("The box's messages cannot be searched like that.") from error


def _matching(opened: Reader, query: Query) -> Iterator[Message]:
    words, left = query.words.casefold(), query.limit
    for _ in range(SCAN_MAX):
        entry = opened.get_previous()
        if not entry or not left:
            return
        message = _message(entry)
        if message.cursor != query.before and words in f"{message.who} {message.text}".casefold():
            left -= 1
            yield message


def _message(entry: dict[str, Any]) -> Message:
    unit = str(entry.get("UNIT") or entry.get("_SYSTEMD_UNIT") or "").removesuffix(".service")
    who = unit if unit not in ("", "init.scope") else str(entry.get("SYSLOG_IDENTIFIER", ""))
    level = entry.get("PRIORITY", 6)
    return Message(
        int(entry["__REALTIME_TIMESTAMP"].timestamp() * 1000),
        who[:80],
        level if isinstance(level, int) else 6,
        hide_secrets(_text(entry.get("MESSAGE", "")))[:TEXT_MAX],
        str(entry["__CURSOR"]),
    )


def _text(value: object) -> str:
    """A message with bytes that are no text arrives as bytes."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return "".join(letter if letter.isprintable() or letter == "\n" else "�" for letter in text)


def kernel_lines(reader: Callable[[], Reader] = journal.Reader) -> list[str]:
    """What the kernel and those who load its modules said since the start, the newest first."""
    opened = reader()
    try:
        opened.this_boot()
        opened.add_match(_TRANSPORT="kernel")
        for name in _LOADERS:
            opened.add_disjunction()
            opened.add_match(SYSLOG_IDENTIFIER=name)
        opened.seek_tail()
        lines: list[str] = []
        while len(lines) < _KERNEL_MAX and (entry := opened.get_previous()):
            lines.append(_text(entry.get("MESSAGE", "")))
        return lines
    finally:
        opened.close()
