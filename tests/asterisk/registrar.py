"""A provider that a phone line signs in to: it asks for user name and password, and keeps where to call."""

from __future__ import annotations

import secrets

from tests.asterisk.phone import Phone
from tests.asterisk.sip import Message, challenge, is_authorized, uri_of

PORT = 5060


class Registrar(Phone):
    """A Phone on the provider's address. Without a password it lets in whoever comes (RFC 3261 10.3).

    `registered` is the address to call, "" while nobody is signed in; `refused` counts the sign-ins with
    another name or password.
    """

    registered = ""
    refused = 0
    _asked = challenge("provider", "first")

    def _on_request(self, request: Message) -> None:
        if request.method != "REGISTER" or self.is_silent:
            super()._on_request(request)
            return
        given = request.get("authorization", "")
        if not self.password or is_authorized(given, self._asked, self.user, self.password, "REGISTER"):
            is_leaving = request.get("expires", "") == "0"
            self.registered = "" if is_leaving else uri_of(request.get("contact"))
            self.respond(request, 200, "OK", contact=self.registered)
            return
        self.refused += bool(given)
        self._asked = challenge("provider", secrets.token_hex(12))
        self.respond(request, 401, "Unauthorized", more=(("www-authenticate", self._asked),))
