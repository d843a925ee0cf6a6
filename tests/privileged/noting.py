"""Root's side of the socket, for tests of who calls it: notes each call and says that it was done."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

from appliance.privileged.protocol import Call, Reply, decode_call, encode_reply, read_line


@contextlib.contextmanager
def noting(path: Path) -> Iterator[list[Call]]:
    """Listens at `path` until the end of the block."""
    calls: list[Call] = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    calls.append(decode_call(read_line(connection)))
                    connection.sendall(encode_reply(Reply()))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield calls
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)
