"""A web client without a browser: signs in, reads and posts pages, holds event streams open.

For what a browser cannot show: two people at the very same moment, a form sent twice, a hundred streams.
It trusts the box's own authority, fetched the way a user's system does.
"""

import http.client
import re
import ssl
import urllib.request
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from tests.box.forms import Form, forms_of

COOKIE = re.compile(r"^([^=;]+)=([^;]*)")


def trust(http_port: int, host: str = "127.0.0.1") -> ssl.SSLContext:
    """TLS settings that trust the box's authority, and nothing else."""
    with urllib.request.urlopen(f"http://{host}:{http_port}/foyer-ca.crt", timeout=60) as answer:
        return ssl.create_default_context(cadata=answer.read().decode())


@dataclass(frozen=True)
class Answer:
    """What a request got; `text` is the body."""

    status: int
    location: str
    text: str

    def form(self, action: str) -> Form:
        """The page's form that goes to this address; one without an address goes to ""."""
        found = [form for form in forms_of(self.text) if form.action.partition("#")[0] == action]
        assert found, f"no form to {action!r} on {self.text[:2000]}"
        return found[0]


class WebClient:
    """One person's session over one kept connection."""

    def __init__(
        self, port: int, tls: ssl.SSLContext, host: str = "127.0.0.1", timeout_s: float = 60
    ) -> None:
        self.host, self.port, self.tls = host, port, tls
        self.cookies: dict[str, str] = {}
        self._connection = http.client.HTTPSConnection(host, port, timeout=timeout_s, context=tls)

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

    def ask(self, method: str, path: str, body: str | None = None) -> Answer:
        """Send a request; redirects are not followed."""
        headers = {"Cookie": self.cookie, "Accept-Language": "en"}
        if body is not None:
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

    def send(self, form: Form, path: str = "") -> Answer:
        """Send a form; `path` is where one without an address goes."""
        return self.ask("POST", form.action.partition("#")[0] or path, form.encode())

    def post(self, path: str, fields: dict[str, str], of: str | None = None) -> Answer:
        """Fill the form for `path` on the page `of` (default: the same), send it; it must not be refused."""
        answer = self.send(self.get(of or path).form(path).fill(**fields))
        assert answer.status in (200, 302, 303), f"{path}: {answer.status} {answer.text[:2000]}"
        return answer

    def save(self, path: str, **values: str) -> Answer:
        """Fill in a form of the settings, look at what it changes, and save it."""
        review = self.send(self.get(path).form(path.partition("?")[0]).fill(**values))
        return self.send(review.form("").fill(stage="save"), path)

    def sign_in(self, login: str, password: str) -> None:
        """Begin a session; a refusal is an AssertionError."""
        self.post("/login", {"login": login, "password": password})

    def desk_password(self) -> str:
        """That of the agent's desk phone, as the account's page shows it, once settings are put to use."""
        # Not at the top: the bench reads this file with the host's own Python, which may be too old for that.
        from tests.until import until

        def shown() -> str:
            page = self.post("/account/desk-phone", {}, of="/account").text
            found = re.search(r'id="desk-password">([^<]+)<', page)
            return found[1] if found else ""

        return until(shown, 30, "the desk phone's password", every_s=0.5)
