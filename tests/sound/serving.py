"""foyer-sound for tests of others: its real server on a real socket."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

from appliance.on_demand import OnDemandServer
from appliance.sound.server import SoundQuestion


@contextlib.contextmanager
def serving(path: Path) -> Iterator[None]:
    """Answers at `path` until the end of the block."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    with OnDemandServer(listener, SoundQuestion, 0.1) as server:
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
