"""The screen's text. Pure; plain letters only, since a console may have no others."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from appliance.console.status import Status

_MENU = (
    ("1", "Network"),
    ("2", "New administrator password"),
    ("3", "Switch off"),
    ("4", "Start again"),
    ("5", "Open the data with the recovery key"),
    ("6", "Let the drivers of telephone cards in (Secure Boot)"),
    ("7", "What is wrong with the box"),
    ("9", "Factory reset: delete everything"),
)
_WIDTH = 72
# A console of 80 by 25 letters, the smallest that there is; the last row is for what is typed.
COLUMNS, ROWS = 80, 24
# What a box has at most, beside foyer.local, that somebody would look for here.
_ADDRESSES = 3


def menu(status: Status) -> tuple[tuple[str, str], ...]:
    """What can be chosen: the key and its words."""
    if fault := status.fault:
        keys = "34" + "5" * fault.needs_key + "9" * fault.can_reset
    else:
        keys = "123479" + "6" * (status.driver_key in ("unknown", "asked"))
    return tuple(entry for entry in _MENU if entry[0] in keys)


def screen(status: Status) -> str:
    """Everything that is shown while nobody types; it fits on the smallest console."""
    head = ["Foyer".center(_WIDTH).rstrip(), "=" * _WIDTH, ""]
    if status.fault:
        for sentence in (f"!! {status.fault.message}", status.fault.hint):
            head += [*(f"  {line}" for line in textwrap.wrap(sentence, _WIDTH)), ""]
    head += _doors(status)
    if status.password:
        head += [f"  One-time administrator password:   {status.password}", ""]
    foot = ["", "-" * _WIDTH, *(f"  {key}  {words}" for key, words in menu(status)), ""]
    lines = [*head, *_cards(status, ROWS - len(head) - len(foot)), *foot]
    return "".join(f"{plain(line)[:COLUMNS]}\n" for line in lines)


def _cards(status: Status, rows: int) -> list[str]:
    """The telephone cards, in that many rows at most; of a box without its data they matter least."""
    if status.lines:
        return ["  Telephone cards:", *_some(status.lines, rows - 1)] if rows > 1 else []
    return [] if status.fault else ["  No telephone card was found. Phone lines over the internet need none."]


def _some(entries: Sequence[str], rows: int) -> list[str]:
    """A row each, or the first ones and how many more there are."""
    shown = entries if len(entries) <= rows else entries[: rows - 1]
    more = len(entries) - len(shown)
    return [*(f"     {entry}" for entry in shown), *([f"     and {more} more"] if more else [])]


def _doors(status: Status) -> list[str]:
    """Where the pages are."""
    if not status.addresses:
        return ["  The box has no address yet. Is the network cable in?", ""]
    # Without its data the box has no certificate that a browser would trust.
    scheme, number, usual = (
        ("http", status.http_port, 80) if status.fault else ("https", status.https_port, 443)
    )
    port = "" if number == usual else f":{number}"
    said = "A page at these addresses says the same" if status.fault else "Open one of these addresses"
    urls = [f"{scheme}://{name}{port}/" for name in ("foyer.local", *status.addresses)]
    return [f"  {said} on a computer in the same network:", *_some(urls, 1 + _ADDRESSES), ""]


def plain(line: str) -> str:
    """A line of letters that every console has."""
    return "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in line)
