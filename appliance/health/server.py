"""The process's answers over HTTP: `GET /machine`, the facts, and `GET /journal?unit=...`, messages.

The socket is the pages' alone; nothing that comes in here can change anything.
"""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Callable
from dataclasses import asdict
from urllib.parse import parse_qsl, urlsplit

from appliance.errors import RejectedError
from appliance.health.facts import Machine, to_plain
from appliance.health.query import Message, Query
from appliance.on_demand import OnDemandServer, Question

log = logging.getLogger("foyer-health")


class HealthServer(OnDemandServer):
    """`machine` gathers the facts, `search` looks into the journal."""

    def __init__(
        self,
        listener: socket.socket,
        machine: Callable[[], Machine],
        search: Callable[[Query], list[Message]],
        idle_s: float,
    ) -> None:
        super().__init__(listener, _Question, idle_s)
        self.machine = machine
        self.search = search


class _Question(Question):
    server: HealthServer

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        try:
            match parts.path:
                case "/machine":
                    self._say(to_plain(self.server.machine()))
                case "/journal":
                    found = self.server.search(_query(dict(parse_qsl(parts.query))))
                    self._say([asdict(message) for message in found])
                case _:
                    self.reply(404)
        except RejectedError as error:
            log.warning("%s", error)
            self.reply(400)

    def _say(self, plain: object) -> None:
        self.reply(200, json.dumps(plain).encode())


def _query(given: dict[str, str]) -> Query:
    level, limit = given.get("level", "7"), given.get("limit", "100")
    if not (level.isdecimal() and limit.isdecimal()):
        raise RejectedError("The box's messages cannot be searched like that.")
    return Query(
        given.get("unit", ""), int(level), given.get("words", ""), given.get("before", ""), int(limit)
    )
