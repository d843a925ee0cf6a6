"""The screen's text. Pure; plain letters only, since a console may have no others."""

from __future__ import annotations

from appliance.console.status import Status

MENU = (
    ("1", "Network"),
    ("2", "New administrator password"),
    ("3", "Switch off"),
    ("4", "Start again"),
    ("9", "Factory reset: delete everything"),
)
_WIDTH = 72


def screen(status: Status) -> str:
    """Everything that is shown while nobody types."""
    port = "" if status.port == 443 else f":{status.port}"
    lines = ["", "Foyer".center(_WIDTH).rstrip(), "=" * _WIDTH, ""]
    if status.fault:
        lines += [
            f"  !! {status.fault}",
            "     A factory reset makes the box usable again, and deletes what it kept.",
            "",
        ]
    if status.addresses:
        lines += ["  Open one of these addresses on a computer in the same network:", ""]
        lines += [f"     https://{name}{port}/" for name in ("foyer.local", *status.addresses)]
    else:
        lines += ["  The box has no address yet. Is the network cable in?"]
    lines += [""]
    if status.password:
        lines += [f"  One-time administrator password:   {status.password}", ""]
    if status.lines:
        lines += ["  Telephone cards:", *(f"     {line}" for line in status.lines)]
    else:
        lines += ["  No telephone card was found. Phone lines over the internet need none."]
    lines += ["", "-" * _WIDTH, *(f"  {key}  {words}" for key, words in MENU), ""]
    return "".join(f"{_plain(line)}\n" for line in lines)


def _plain(line: str) -> str:
    return "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in line)
