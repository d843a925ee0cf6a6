"""Caddy's question (`GET /?domain=NAME`) over HTTP: 200 when the name is ours, else 403."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

log = logging.getLogger("foyer-names")

REQUEST_TIMEOUT_S = 5.0


class NameServer(HTTPServer):
    """Answers on a listening Unix socket that it is given; `names` is asked anew for each question."""

    address_family = socket.AF_UNIX

    def __init__(self, listener: socket.socket, names: Callable[[], frozenset[str]], idle_s: float) -> None:
        super().__init__(("", 0), _Question, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.timeout = idle_s
        self.names = names
        self.is_idle = False

    def handle_timeout(self) -> None:
        """Nobody asked for `idle_s` seconds."""
        self.is_idle = True


class _Question(BaseHTTPRequestHandler):
    server: NameServer
    timeout = REQUEST_TIMEOUT_S

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query).get("domain", [""])[0].lower()
        allowed = asked in self.server.names()
        log.info("a certificate for %r: %s", asked[:100], "yes" if allowed else "no")
        self.send_response(200 if allowed else 403)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Silent: do_GET logs, and a Unix socket's peer has no address to show."""
