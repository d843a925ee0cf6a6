"""Caddy's question (`GET /?domain=NAME`) over HTTP: 200 when the name is ours, else 403."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from appliance.on_demand import OnDemandServer, Question

log = logging.getLogger("foyer-names")


class NameServer(OnDemandServer):
    """Answers on a listening Unix socket that it is given; `names` is asked anew for each question."""

    def __init__(self, listener: socket.socket, names: Callable[[], frozenset[str]], idle_s: float) -> None:
        super().__init__(listener, _Question, idle_s)
        self.names = names


class _Question(Question):
    server: NameServer

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query).get("domain", [""])[0].lower()
        allowed = asked in self.server.names()
        log.info("a certificate for %r: %s", asked[:100], "yes" if allowed else "no")
        self.reply(200 if allowed else 403)
