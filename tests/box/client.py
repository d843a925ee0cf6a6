"""A web client without a browser: signs in, reads and posts pages, holds event streams open.

For what a browser cannot show: two people at the very same moment, a form sent twice, a hundred streams.
It trusts the box's own authority, fetched the way a user's system does.
"""

import html
import http.client
import re
import ssl
import urllib.request
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

COOKIE = re.compile(r"^([^=;]+)=([^;]*)")
HIDDEN = re.compile(r"<input[^>]*type=\"hidden\"[^>]*>")
ATTRIBUTE = re.compile(r"(\w+)=\"([^\"]*)\"")


def trust(http_port: int, host: str = "127.0.0.1") -> ssl.SSLContext:
    """TLS settings that trust the box's authority, and nothing else."""
    with urllib.request.urlopen(f"http://{host}:{http_port}/foyer-ca.crt", timeout=10) as answer:
        return ssl.create_default_context(cadata=answer.read().decode())


@dataclass(frozen=True)
class Answer:
    """What a request got; `text` is the body."""

    status: int
    location: str
    text: str

    def hidden(self) -> dict[str, str]:
        """The hidden fields of the page's forms, such as the one against forgery; of two the last wins."""
        fields = {}
        for tag in HIDDEN.findall(self.text):
            attributes = dict(ATTRIBUTE.findall(tag))
            if "name" in attributes:
                fields[attributes["name"]] = html.unescape(attributes.get("value", ""))
        return fields


class WebClient:
    """One person's session over one kept connection."""

    def __init__(self, port: int, tls: ssl.SSLContext, host: str = "127.0.0.1") -> None:
        self.host, self.port, self.tls = host, port, tls
        self.cookies: dict[str, str] = {}
        self._connection = http.client.HTTPSConnection(host, port, timeout=20, context=tls)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    @property
    def cookie(self) -> str:
        """Value of the Cookie header."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> Answer:
        """Send a request; redirects are not followed."""
        headers = {"Cookie": self.cookie, "Accept-Language": "en"}
        body = None
        if fields is not None:
            body = urlencode(fields)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["Origin"] = f"https://{self.host}" + (f":{self.port}" if self.port != 443 else "")
        try:
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionError):  # an idle connection that the box ended
            self._connection.close()
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
        text = response.read().decode("utf-8", "replace")
        for value in response.headers.get_all("Set-Cookie") or []:
            found = COOKIE.match(value)
            assert found, value
            self.cookies[found.group(1)] = found.group(2)
        return Answer(response.status, response.headers.get("Location", ""), text)

    def get(self, path: str) -> Answer:
        """Read a page."""
        return self.ask("GET", path)

    def post(self, path: str, fields: dict[str, str], of: str | None = None) -> Answer:
        """Send a form with the hidden fields of the page `of` (default: the same path)."""
        page = self.get(of or path)
        return self.ask("POST", path, {**page.hidden(), **fields})

    def sign_in(self, login: str, password: str) -> None:
        """Begin a session; a refusal is an AssertionError."""
        answer = self.post("/login", {"login": login, "password": password})
        assert answer.status in (302, 303), f"{login} was not let in: {answer.status} {answer.text[:500]}"
