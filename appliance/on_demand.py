"""HTTP on a Unix socket: a server on one that systemd hands over, for processes that are started by a
question and end when nobody asks any more; and how they are asked.
"""

from __future__ import annotations

import http.client
import socket
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

REQUEST_TIMEOUT_S = 5.0


class OnDemandServer(HTTPServer):
    """Answers on a listening socket that it is given, one question at a time; `is_idle` once nobody asked for
    `idle_s` seconds.
    """

    address_family = socket.AF_UNIX

    def __init__(self, listener: socket.socket, handler: type[BaseHTTPRequestHandler], idle_s: float) -> None:
        super().__init__(("", 0), handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.timeout = idle_s
        self.is_idle = False

    def handle_timeout(self) -> None:
        """Nobody asked for `idle_s` seconds."""
        self.is_idle = True

    def serve_until_idle(self) -> None:
        """Returns when nobody asks any more."""
        while not self.is_idle:
            self.handle_request()


class Question(BaseHTTPRequestHandler):
    """One question; a handler has its do_GET and answers with `reply`."""

    timeout = REQUEST_TIMEOUT_S

    def reply(self, status: int, body: bytes = b"", content_type: str = "application/json") -> None:
        """Answers and ends the connection."""
        self.send_response(status)
        if body:
            self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if body:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent: handlers log what matters, and a Unix socket's peer has no address to show."""


class Connection(http.client.HTTPConnection):
    """A connection to the process behind the socket at `path`."""

    def __init__(self, path: Path, timeout_s: float) -> None:
        # Not by super(), since "localhost" is no sentence for a reader.
        http.client.HTTPConnection.__init__(self, "localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        """Called by http.client."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
