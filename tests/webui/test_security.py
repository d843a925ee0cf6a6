"""Headers, names of the box, limits, and the shape of every page that the content policy demands."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from appliance.sound.convert import MOST_BYTES
from appliance.webui.app import Application
from appliance.webui.assets import STATIC_ROOT
from appliance.webui.forms import MAX_BODY
from appliance.webui.incoming import CARD_FILE, CARD_FILE_MAX, UPLOADS
from appliance.webui.security import client_address, is_our_host
from tests.lint.source import ROOT
from tests.webui.browser import Browser
from tests.webui.conftest import SignIn
from tests.webui.paths import PAGES


class Inline(HTMLParser):
    """Collects what the content policy would block: inline scripts and styles, handlers, strangers'
    addresses.
    """

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style" or (tag == "script" and not given.get("src")):
            self.found.append(tag)
        for name, value in attrs:
            if name == "style" or name.startswith(("on", "hx-on")) or (value or "").startswith("javascript:"):
                self.found.append(f"{tag} {name}")
            if name in ("src", "href", "action") and re.match(r"(https?:)?//", value or ""):
                self.found.append(f"{tag} {name}={value}")


@pytest.mark.parametrize("path", PAGES)
def test_every_page(sign_in: SignIn, path: str) -> None:
    page = sign_in("boss").get(path)
    assert page.status == 200, page.words
    inline = Inline()
    inline.feed(page.text)
    assert inline.found == []
    assert page.header("Cache-Control") == "no-store"
    for form in page.forms:
        if form.method == "post":
            assert {"csrf", "once"} <= {name for name, _ in form.fields}, form.action


@pytest.mark.parametrize(
    "path", ["/login", "/health", "/static/foyer.css", "/no-such-page", "/settings", "/static/../app.py"]
)
def test_headers_are_on_every_answer(app: Application, box: dict[str, str], path: str) -> None:
    page = Browser(app).get(path, follow=False)
    policy = page.header("Content-Security-Policy")
    assert "default-src 'none'" in policy and "unsafe" not in policy
    # No source is a bare scheme that any host has.
    assert re.findall(r"(?:https?|wss?):\S*|\*", policy) == []
    assert page.header("X-Content-Type-Options") == "nosniff"
    assert page.header("Referrer-Policy") == "same-origin"
    assert "microphone=(self)" in page.header("Permissions-Policy")
    assert page.header("Cross-Origin-Opener-Policy") == "same-origin"


def test_cookies_are_bound_to_the_host(app: Application, box: dict[str, str]) -> None:
    page = Browser(app).get("/login")
    cookies = [value for name, value in page.headers if name == "Set-Cookie"]
    assert cookies
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        assert all(word in cookie for word in ("; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"))
        assert "Domain" not in cookie


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("localhost", True),
        ("localhost:8443", True),
        ("192.168.1.20", True),
        ("192.168.1.20:8443", True),
        ("[fe80::1]:443", True),
        ("foyer.local", True),
        ("FOYER.local.", True),
        ("foyer", True),
        ("box.lan:443", True),
        ("phones.example.org", True),
        ("example.org", False),
        ("evil.example:443", False),
        ("192.168.1.20.evil.example", False),
        ("local.evil.example", False),
        ("", False),
        ("a b", False),
        ("user@foyer.local", False),
    ],
)
def test_a_name_that_a_stranger_could_rebind_is_refused(host: str, is_ours: bool) -> None:
    assert is_our_host(host, frozenset(("phones.example.org",))) is is_ours


def test_a_foreign_name_gets_no_page(app: Application, box: dict[str, str]) -> None:
    page = Browser(app).get("/login", headers={"Host": "evil.example"})
    assert page.status == 421 and "<" not in page.text


def test_a_body_has_a_limit(app: Application, box: dict[str, str]) -> None:
    page = Browser(app).post("/login", {"login": "x" * MAX_BODY})
    assert page.status == 413


def test_the_front_door_has_the_same_limits() -> None:
    caddy = (ROOT / "image/tree/etc/caddy/Caddyfile").read_text("utf-8")
    assert f"int({{http.request.header.Content-Length}}) > {MAX_BODY}`" in caddy
    assert caddy.count(f"not path {UPLOADS}* {CARD_FILE}\n") == 2
    assert f"request_body {CARD_FILE} {{\n\t\t\tmax_size {CARD_FILE_MAX >> 20}MiB\n" in caddy
    assert f"request_body {UPLOADS}* {{\n\t\t\tmax_size {MOST_BYTES >> 20}MiB\n" in caddy
    script = (STATIC_ROOT / "settings-sounds.js").read_text("utf-8")
    assert f"const MOST_BYTES = {MOST_BYTES >> 20} * 1024 * 1024;" in script


def test_only_forms_are_read(app: Application, box: dict[str, str]) -> None:
    page = Browser(app).request("POST", "/login", b"{}", headers={"Content-Type-": "x"})
    assert page.status in (400, 403)
    assert Browser(app).request("POST", "/login", b"login=%ff%fe").status == 400


def test_forwarded_for_is_believed_on_the_unix_socket_only() -> None:
    assert client_address({"REMOTE_ADDR": "", "HTTP_X_FORWARDED_FOR": "10.0.0.9"}) == "10.0.0.9"
    assert client_address({"REMOTE_ADDR": "", "HTTP_X_FORWARDED_FOR": "1.2.3.4, 10.0.0.9"}) == "10.0.0.9"
    assert client_address({"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "1.2.3.4"}) == "10.0.0.1"
    assert client_address({"REMOTE_ADDR": "", "HTTP_X_FORWARDED_FOR": "<script>"}) == ""


def test_static_files_are_kept_by_their_digest(app: Application, box: dict[str, str]) -> None:
    browser = Browser(app)
    address = re.search(r'href="(/static/foyer\.css\?v=[0-9a-f]{12})"', browser.get("/login").text)
    assert address is not None
    assert "immutable" in browser.get(address[1]).header("Cache-Control")
    assert browser.get("/static/foyer.css?v=000000000000").header("Cache-Control") == "no-cache"
    assert browser.get("/static/foyer.css").header("Cache-Control") == "no-cache"
    for path in ("/static/../web.py", "/static/%2e%2e/web.py", "/static/..%2fweb.py", "/static/nothing.css"):
        assert browser.get(path).status in (403, 404)
