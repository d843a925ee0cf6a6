"""The lines that go to and fro between a test and a machine; for vm.py."""

from __future__ import annotations

import base64
import socket

CHUNK = 1 << 16


class Wire:
    """A connection, and what came in by it that nobody has read yet: they live and end together."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._said = bytearray()

    def wait_at_most(self, timeout_s: float) -> None:
        """From now on, whoever waits longer for the other end gets a TimeoutError."""
        self._connection.settimeout(timeout_s)

    def send(self, command: str) -> None:
        """Sends one line: the command, in base64."""
        self._connection.sendall(base64.b64encode(command.encode()) + b"\n")

    def line(self) -> str:
        """The next line from the other end, whatever pieces it and the one behind it come in. It may be of
        megabytes, so nothing of it is looked at twice.
        """
        looked_at = 0
        while (end := self._said.find(b"\n", looked_at)) < 0:
            looked_at = len(self._said)
            received = self._connection.recv(CHUNK)
            if not received:
                raise AssertionError("the machine ended")
            self._said += received
        line = self._said[:end].decode()
        del self._said[: end + 1]
        return line

    def close(self) -> None:
        """What was not read is gone."""
        self._connection.close()
