"""The cookies of the web process: what they are called, how they are set, and how the unsigned ones are
signed.

All are `__Host-`: Secure, path "/", no domain, so that no other host or plain-text page can plant one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from typing import Any

from appliance.errors import SetupError
from appliance.settings import Settings

SESSION = "__Host-foyer"
VISIT = "__Host-foyer-visit"
NOTICES = "__Host-foyer-notices"
SETUP = "__Host-foyer-setup"
LANGUAGE = "__Host-foyer-language"
KNOWN = "__Host-foyer-known"  # who signed in here before


def set_cookie(name: str, value: str, max_age_s: int | None = None) -> tuple[str, str]:
    """A Set-Cookie header. Without `max_age_s` it lives until the browser closes; 0 deletes it."""
    age = "" if max_age_s is None else f"; Max-Age={max_age_s}"
    return "Set-Cookie", f"{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{age}"


class Signer:
    """Signs small values for cookies with the box's session key (HMAC-SHA-256), so that browsers cannot alter
    them.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) < 32:
            raise SetupError("The session key is too short.", "foyer-setup makes one.")
        self._key = key

    @classmethod
    def load(cls, settings: Settings) -> Signer:
        """Reads the key that foyer-setup made."""
        path = settings.secrets / "session"
        try:
            return cls(path.read_bytes().strip())
        except OSError as error:
            raise SetupError(f"{path} cannot be read: {error.strerror}.", "foyer-setup makes it.") from error

    def mark(self, purpose: str, text: str) -> str:
        """The signature of `text` for one purpose; a mark for one purpose is worthless for another."""
        digest = hmac.new(self._key, f"{purpose}\0{text}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def is_marked(self, purpose: str, text: str, mark: str) -> bool:
        """Whether `mark` is the signature of `text`, compared in constant time."""
        return hmac.compare_digest(self.mark(purpose, text).encode(), mark.encode())

    def seal(self, purpose: str, value: Any, lifetime_s: int) -> str:
        """A JSON value as cookie text, signed, with its end of life."""
        raw = json.dumps([int(time.time()) + lifetime_s, value], ensure_ascii=False, separators=(",", ":"))
        text = base64.urlsafe_b64encode(raw.encode()).rstrip(b"=").decode()
        return f"{text}.{self.mark(purpose, text)}"

    def open(self, purpose: str, sealed: str) -> Any:
        """The value of a sealed cookie; None if it is forged, damaged or too old."""
        text, _, mark = sealed.partition(".")
        if not text or not self.is_marked(purpose, text, mark):
            return None
        try:
            ends, value = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        except (binascii.Error, ValueError, TypeError):
            return None
        return value if isinstance(ends, int) and ends >= time.time() else None
