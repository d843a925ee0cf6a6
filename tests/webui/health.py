"""foyer-health for tests of the pages: its real server on a real socket, with facts and messages of the
test's own.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from appliance.health.facts import Machine
from appliance.health.query import Message, Query
from appliance.health.server import HealthServer


@dataclass
class Answers:
    """What the process would find; `asked` are the searches that came."""

    machine: Machine
    messages: list[Message] = field(default_factory=list)
    asked: list[Query] = field(default_factory=list)

    def search(self, query: Query) -> list[Message]:
        self.asked.append(query)
        return self.messages[: query.limit]


@contextlib.contextmanager
def serving(path: Path, answers: Answers) -> Iterator[None]:
    """Answers at `path` until the end of the block."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    with HealthServer(listener, lambda: answers.machine, answers.search, 0.1) as server:
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                server.handle_request()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(60)
