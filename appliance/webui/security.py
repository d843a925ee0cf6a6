"""The outermost layer: security headers on every answer, the Host check, the size limit, the client's
address.

A WSGI wrapper, so that it also covers error pages, static files and streams.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from appliance.webui.incoming import most_bytes, whole_number

# The phone's WebSocket goes to this box, which is 'self' as well (CSP Level 3, "Does url match expression in
# origin"). Safari takes it so since 16, and is needed newer anyhow (README.md, Limits); "wss:" would let a
# page talk with any host.
_CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "media-src 'self' blob:",
        "font-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
HEADERS = (
    ("Content-Security-Policy", _CONTENT_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    (
        "Permissions-Policy",
        "microphone=(self), speaker-selection=(self), camera=(), geolocation=(), payment=(), usb=()",
    ),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("X-Robots-Tag", "noindex"),
)
# Names that no public DNS can point at this box: RFC 6762 (.local), RFC 8375 (home.arpa), ICANN's .internal,
# and what routers hand out. Everything else could be a stranger's page that rebinds its own name to our
# address.
_PRIVATE_SUFFIXES = (".local", ".lan", ".home", ".home.arpa", ".internal", ".localdomain", ".localhost")
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?", re.IGNORECASE)


type ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


class Shield:
    """Wraps the application. `hosts` are the further names under which this box is called on purpose."""

    def __init__(self, app: WSGIApplication, hosts: Sequence[str] = ()) -> None:
        self._app = app
        self._hosts = frozenset(name.lower() for name in hosts)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(
            status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None, /
        ) -> Callable[[bytes], object]:
            given = {name.lower() for name, _ in headers}
            return start_response(
                status, [*headers, *(pair for pair in HEADERS if pair[0].lower() not in given)], exc_info
            )

        if not is_our_host(environ.get("HTTP_HOST", ""), self._hosts):
            return _refuse(
                start, "421 Misdirected Request", "This name does not belong to this box. Use its address."
            )
        length = whole_number(environ.get("CONTENT_LENGTH") or "0")
        if length is None or length > most_bytes(str(environ.get("PATH_INFO", ""))):
            return _refuse(start, "413 Content Too Large", "That is more than this page takes.")
        environ["REMOTE_ADDR"] = client_address(environ)
        return self._app(environ, start)


def client_address(environ: WSGIEnvironment) -> str:
    """Who asks. Over the unix socket there is no peer address and Caddy's X-Forwarded-For is believed; else
    it is not.
    """
    peer = str(environ.get("REMOTE_ADDR") or "")
    if peer:
        return peer
    forwarded = str(environ.get("HTTP_X_FORWARDED_FOR") or "").rsplit(",", 1)[-1].strip()
    try:
        return str(ipaddress.ip_address(forwarded))
    except ValueError:
        return ""


def is_our_host(header: str, hosts: frozenset[str] = frozenset()) -> bool:
    """Whether a Host header is an address, a name of the local network, or one of `hosts`."""
    match = _HOST.fullmatch(header.strip())
    if match is None:
        return False
    name = match["name"].lower().rstrip(".")
    if name in hosts or ("." not in name and not name.startswith("[")) or name.endswith(_PRIVATE_SUFFIXES):
        return True
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _refuse(start_response: StartResponse, status: str, sentence: str) -> Iterable[bytes]:
    body = sentence.encode()
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Connection", "close"),
    ]
    start_response(status, headers)
    return [body]
