"""Root's side of the socket, for tests of who calls it: notes each call and says that it was done."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from appliance.privileged.protocol import Call, Reply, decode_call, encode_reply, read_line


@contextlib.contextmanager
def noting(path: Path, replies: Mapping[str, Reply] = MappingProxyType({})) -> Iterator[list[Call]]:
    """Listens at `path` until the end of the block. `replies` are those to calls that do not go well, by the
    action.
    """
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
                    connection.sendall(encode_reply(replies.get(calls[-1].action, Reply())))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield calls
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(60)
