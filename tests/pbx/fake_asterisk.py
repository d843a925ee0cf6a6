"""The far end of the manager port, for faults that a real Asterisk shows too seldom to test.

It speaks the wire and nothing more: what it answers, in which order and in what pieces is said by the test.
"""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable, Sequence
from types import TracebackType

GREETING = b"Asterisk Call Manager/11.0.0\r\n"

type Action = dict[str, list[str]]
type Answer = Callable[["FakeAsterisk", Action], None]


def block(*lines: str) -> bytes:
    """A message of these header lines."""
    return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n"


def success(asterisk: FakeAsterisk, action: Action) -> None:
    """Answers `Response: Success` at once."""
    asterisk.send(block("Response: Success", f"ActionID: {action['ActionID'][0]}", "Message: Done"))


class FakeAsterisk:
    """Listens on a free loopback port; takes one connection after the other; keeps every action it was
    sent.
    """

    def __init__(self, answer: Answer = success, greeting: bytes = GREETING) -> None:
        self.answer = answer
        self.actions: list[Action] = []
        self.raw = b""
        self.connections = 0
        self._greeting = greeting
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.1)
        self._client: socket.socket | None = None
        self._stop = threading.Event()
        self._sending = threading.Lock()
        self._thread = threading.Thread(target=self._serve, name="fake-asterisk", daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._listener.getsockname()[1]
        return port

    def __enter__(self) -> FakeAsterisk:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(60)
        self._listener.close()

    def send(self, data: bytes, piece_bytes: int = 0) -> None:
        """Sends to the connected client, in pieces of `piece_bytes` if given."""
        client = self._client
        assert client is not None, "nobody is connected"
        pieces: Sequence[bytes] = [data]
        if piece_bytes:
            pieces = [data[at : at + piece_bytes] for at in range(0, len(data), piece_bytes)]
        with self._sending:
            for piece in pieces:
                client.sendall(piece)

    def drop(self) -> None:
        """Cuts the connection as a killed Asterisk does."""
        client = self._client
        if client is not None:
            client.shutdown(socket.SHUT_RDWR)

    def _serve(self) -> None:
        while not self._stop.is_set():
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            with client:
                client.settimeout(10)
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._client = client
                self.connections += 1
                self._talk(client)
                self._client = None

    def _talk(self, client: socket.socket) -> None:
        buffer = b""
        try:
            client.sendall(self._greeting)
            while not self._stop.is_set():
                if not select.select([client], [], [], 0.1)[0]:
                    continue
                data = client.recv(65536)
                if not data:
                    return
                self.raw += data
                *actions, buffer = (buffer + data).split(b"\r\n\r\n")
                for text in actions:
                    self._act(text.decode())
        except OSError:
            return

    def _act(self, text: str) -> None:
        action: Action = {}
        for line in text.split("\r\n"):
            name, _, value = line.partition(": ")
            action.setdefault(name, []).append(value)
        self.actions.append(action)
        self.answer(self, action)
