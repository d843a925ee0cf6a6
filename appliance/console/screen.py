"""The screen's text. Pure; plain letters only, since a console may have no others."""

from __future__ import annotations

import textwrap

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


def menu(status: Status) -> tuple[tuple[str, str], ...]:
    """What can be chosen: the key and its words."""
    if fault := status.fault:
        keys = "34" + "5" * fault.needs_key + "9" * fault.can_reset
    else:
        keys = "123479" + "6" * (status.driver_key in ("unknown", "asked"))
    return tuple(entry for entry in _MENU if entry[0] in keys)


def screen(status: Status) -> str:
    """Everything that is shown while nobody types."""
    lines = ["", "Foyer".center(_WIDTH).rstrip(), "=" * _WIDTH, ""]
    if status.fault:
        for sentence in (f"!! {status.fault.message}", status.fault.hint):
            lines += [*(f"  {line}" for line in textwrap.wrap(sentence, _WIDTH)), ""]
    lines += _doors(status)
    if status.password:
        lines += [f"  One-time administrator password:   {status.password}", ""]
    if status.lines:
        lines += ["  Telephone cards:", *(f"     {line}" for line in status.lines)]
    elif not status.fault:
        lines += ["  No telephone card was found. Phone lines over the internet need none."]
    lines += ["", "-" * _WIDTH, *(f"  {key}  {words}" for key, words in menu(status)), ""]
    return "".join(f"{plain(line)}\n" for line in lines)


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
    return [
        f"  {said} on a computer in the same network:",
        "",
        *(f"     {scheme}://{name}{port}/" for name in ("foyer.local", *status.addresses)),
        "",
    ]


def plain(line: str) -> str:
    """A line of letters that every console has."""
    return "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in line)
