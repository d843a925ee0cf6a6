"""What comes in with a request, before any page sees it: whose it is, how long it may be, where it may
lead.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable
from typing import Any

from appliance.errors import ForbiddenError, RejectedError
from appliance.sound.convert import MOST_BYTES
from appliance.webui.forms import MAX_BODY
from appliance.webui.i18n import N_

UPLOADS = "/settings/sounds/"
"""Below it, a body may be a file. The Caddyfile has the same limits (tests/webui/test_security.py)."""
CARD_FILE = "/system/cards/file"
CARD_FILE_MAX = 4 * 1024 * 1024
"""A file of a telephone card's maker, and how long it may be; the card tables have none that is longer."""
_WHOLE = re.compile(r"[0-9]{1,15}", re.ASCII)
# What people call the fields that they may have to look at once more before sending them.
FIELD_NAMES = {
    "name": N_("Name"),
    "login": N_("User name"),
    "business_name": N_("Name of the business"),
    "greeting_text": N_("Greeting"),
    "queue_name": N_("Name of the queue"),
    "host": N_("Provider's address"),
    "number": N_("Number"),
    "extension": N_("Extension"),
    "body": N_("Note"),
    "note": N_("Note"),
}


def refuse_strangers(request: Any) -> None:
    """ForbiddenError for another site's form. Sec-Fetch-Site and Origin come from the browser itself, not
    the page.
    """
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin", "")
    host = request.headers.get("Host", "").lower()
    foreign = bool(origin) and urllib.parse.urlsplit(origin).netloc.lower() != host
    if site not in ("same-origin", "none") or foreign:
        raise ForbiddenError(N_("This form came from another site."))


def most_bytes(path: str) -> int:
    """How long the body of a request for this path may be."""
    if path == CARD_FILE:
        return CARD_FILE_MAX
    return MOST_BYTES if path.startswith(UPLOADS) else MAX_BODY


def read_body(request: Any) -> bytes:
    """The body of this request; RejectedError if it is longer than any form of ours."""
    body: bytes = request.environ["wsgi.input"].read(min(max(request.content_length, 0), MAX_BODY + 1))
    if len(body) > MAX_BODY:
        raise RejectedError(N_("That is more than this page takes."))
    if body and not request.content_type.startswith("application/x-www-form-urlencoded"):
        raise RejectedError(N_("The form arrived damaged."))
    return body


def whole_number(text: str) -> int | None:
    """The number that an address or a header holds; None if it is none, or longer than any of ours (2^63 is
    all that the store can compare with).
    """
    return int(text) if _WHOLE.fullmatch(text) else None


def number_in_path(_config: object) -> tuple[str, Callable[[str], int], Callable[[int], str]]:
    """The filter `<name:int>` of a route, with the same bounds; bottle's own takes any length and a sign."""
    return _WHOLE.pattern, int, str


def safe_path(path: str) -> str:
    """The path if it stays on this box, else "/": no other host, no scheme, no control characters."""
    parts = urllib.parse.urlsplit(path)
    ours = (
        path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    )
    return path if ours and path.isprintable() and "\\" not in path else "/"
