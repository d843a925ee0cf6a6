"""A browser without a screen: talks WSGI to the application, keeps cookies, follows redirects, fills in real
forms.

Forms are read from the page, so that a test sends what a person would send: hidden fields, defaults and all.
"""

from __future__ import annotations

import http.cookies
import io
import urllib.parse
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication

Fields = Mapping[str, str | Sequence[str]]


@dataclass
class FormTag:
    """A form of a page: where it goes, and the fields that it would send as it stands."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Page:
    """An answer. `text` is the body as text, `forms` are those on it."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    path: str

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    def header(self, name: str) -> str:
        """The header's value, "" if it was not sent."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    @property
    def forms(self) -> list[FormTag]:
        reader = _Reader()
        reader.feed(self.text)
        return reader.forms

    def form(self, action: str) -> FormTag:
        """The form whose action ends with `action`."""
        found = [form for form in self.forms if (form.action or self.path).split("#")[0].endswith(action)]
        assert found, (
            f"no form for {action} on {self.path} ({self.status}): {[form.action for form in self.forms]}"
        )
        return found[0]

    @property
    def words(self) -> str:
        """What a person reads: the text without the tags, spaces collapsed."""
        reader = _Reader()
        reader.feed(self.text)
        return " ".join("".join(reader.words).split())


class Browser:
    """One browser with its cookies."""

    def __init__(self, app: WSGIApplication, address: str = "192.0.2.10", language: str = "en") -> None:
        self.app = app
        self.address = address
        self.language = language
        self.cookies: dict[str, str] = {}

    def get(self, path: str, *, follow: bool = True, headers: Fields | None = None) -> Page:
        return self._follow(self.request("GET", path, headers=headers), follow)

    def post(
        self, path: str, fields: Fields | Sequence[tuple[str, str]], *, follow: bool = True, **more: Any
    ) -> Page:
        pairs = list(fields.items()) if isinstance(fields, Mapping) else list(fields)
        body = urllib.parse.urlencode(pairs, doseq=True).encode()
        return self._follow(self.request("POST", path, body, **more), follow)

    def submit(self, page: Page, action: str, *, follow: bool = True, button: str = "", **typed: Any) -> Page:
        """Fills in the form that goes to `action` and sends it, by the button with this value if there are
        several.
        """
        form = page.form(action)
        fields = [pair for pair in form.fields if pair[0] not in typed]
        for name, value in typed.items():
            fields += [(name, one) for one in ([value] if isinstance(value, str) else value)]
        fields += [pair for pair in form.buttons if pair[1] == button and button]
        target = urllib.parse.urlsplit(form.action or page.path).path
        return self.post(target, fields, follow=follow, headers={"Referer": f"https://localhost{page.path}"})

    def request(
        self, method: str, path: str, body: bytes = b"", headers: Fields | None = None, **more: str
    ) -> Page:
        """One request and its answer, as bytes went over the wire; `more` is put into the environment."""
        parts = urllib.parse.urlsplit(path)
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": urllib.parse.unquote_to_bytes(parts.path).decode("latin-1"),
            "QUERY_STRING": parts.query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "443",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "localhost",
            "HTTP_ACCEPT_LANGUAGE": self.language,
            "REMOTE_ADDR": "",
            "HTTP_X_FORWARDED_FOR": self.address,
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": "application/x-www-form-urlencoded" if body else "",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "https",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        environ |= more
        for name, value in (headers or {}).items():
            environ["HTTP_" + name.upper().replace("-", "_")] = value
        if self.cookies:
            environ["HTTP_COOKIE"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        status, answer, chunks = call(self.app, environ)
        for name, value in answer:
            if name.lower() == "set-cookie":
                self._keep(value)
        errors = environ["wsgi.errors"].getvalue()
        assert status != 500 or not errors, errors
        return Page(status, answer, b"".join(chunks), path)

    def _keep(self, header: str) -> None:
        for name, morsel in http.cookies.SimpleCookie(header).items():
            if morsel["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value

    def _follow(self, page: Page, follow: bool) -> Page:
        for _ in range(8):
            if not follow or page.status != 303:
                return page
            page = self.request("GET", page.header("Location"))
        raise AssertionError(f"redirected in circles: {page.path}")


def call(app: WSGIApplication, environ: dict[str, Any]) -> tuple[int, list[tuple[str, str]], Iterable[bytes]]:
    """Calls a WSGI application; returns status, headers and the body's chunks."""
    begun: list[tuple[int, list[tuple[str, str]]]] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], _exc_info: Any = None, /
    ) -> Callable[[bytes], object]:
        begun.append((int(status.split()[0]), headers))
        return lambda _data: None

    start: StartResponse = start_response
    chunks = app(environ, start)
    return begun[-1][0], begun[-1][1], chunks


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[FormTag] = []
        self.words: list[str] = []
        self._form: FormTag | None = None
        self._select: str | None = None
        self._options: list[tuple[str, bool]] = []
        self._area: list[str] | None = None
        self._area_name = ""
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in ("script", "style"):
            self._silent += 1
        elif tag == "form":
            self._form = FormTag(given.get("action", ""), given.get("method", "get"))
            self.forms.append(self._form)
        elif self._form is not None:
            self._control(tag, given)
        if tag in ("p", "li", "td", "th", "dd", "dt", "div", "h1", "h2", "h3", "br", "option", "label"):
            self.words.append(" ")

    def _control(self, tag: str, given: dict[str, str]) -> None:
        assert self._form is not None
        name = given.get("name", "")
        if tag == "input" and given.get("type") in ("checkbox", "radio"):
            if "checked" in given:
                self._form.fields.append((name, given.get("value", "on")))
        elif tag == "input" and name:
            self._form.fields.append((name, given.get("value", "")))
        elif tag == "button" and name:
            self._form.buttons.append((name, given.get("value", "")))
        elif tag == "select":
            self._select, self._options = name, []
        elif tag == "option" and self._select is not None:
            self._options.append((given.get("value", ""), "selected" in given))
        elif tag == "textarea":
            self._area, self._area_name = [], name

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._silent -= 1
        elif tag == "form":
            self._form = None
        elif self._form is not None and tag == "select" and self._select is not None:
            chosen = [value for value, selected in self._options if selected] or [
                value for value, _ in self._options[:1]
            ]
            self._form.fields.extend((self._select, value) for value in chosen[:1])
            self._select = None
        elif self._form is not None and tag == "textarea" and self._area is not None:
            # HTML drops the line end right behind the tag.
            self._form.fields.append((self._area_name, "".join(self._area).removeprefix("\n")))
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area.append(data)
        if not self._silent:
            self.words.append(data)
