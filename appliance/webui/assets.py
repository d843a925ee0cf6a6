"""The files under static/: their addresses carry a digest of their content, so that a browser keeps them for
good and an update replaces them at once.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from bottle import HTTPResponse, static_file
from markupsafe import Markup, escape

STATIC_ROOT = Path(__file__).resolve().parent / "static"
_FOREVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"


class Assets:
    """Static files below one directory; the digests are computed at the first use and kept."""

    def __init__(self, root: Path = STATIC_ROOT) -> None:
        self._root = root
        self._urls: dict[str, str] = {}

    def url(self, name: str) -> str:
        """The address of a file such as "foyer.css"; without digest if it is missing (a vendor script not yet
        built).
        """
        if name not in self._urls:
            path = self._root / name
            digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else ""
            self._urls[name] = f"/static/{name}?v={digest}" if digest else f"/static/{name}"
        return self._urls[name]

    def icon(self, name: str, classes: str = "") -> Markup:
        """An icon of the sprite, hidden from screen readers: the words beside it say the same."""
        return Markup(
            '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>'
        ).format(escape(classes), self.url("icons.svg"), name)

    def serve(self, name: str, version: str) -> HTTPResponse:
        """The answer to GET /static/<name>?v=<version>."""
        answer = static_file(name, root=str(self._root))
        answer.set_header("Cache-Control", _FOREVER if version and version in self.url(name) else _ASK_AGAIN)
        return answer
