"""Which names the box vouches for, asked over the socket as Caddy asks."""

import http.client
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from appliance.names.own_names import own_names
from appliance.names.server import NameServer


class _Asked(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=60)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self._path))


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    """Where a server listens that knows "foyer" and 192.0.2.1, and ends when idle for 0.3 s."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "names.sock"))
    listener.listen()
    server = NameServer(listener, lambda: frozenset(("foyer", "192.0.2.1")), 0.3)

    def serve() -> None:
        while not server.is_idle:
            server.handle_request()

    with server:
        thread = threading.Thread(target=serve)
        thread.start()
        yield tmp_path / "names.sock"
        thread.join(60)
        assert not thread.is_alive(), "it does not end when idle"


def ask(path: Path, query: str) -> int:
    connection = _Asked(path)
    connection.request("GET", "/" + query)
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize(
    ("name", "status"),
    [("foyer", 200), ("FOYER", 200), ("192.0.2.1", 200), ("192.0.2.2", 403), ("", 403), ("foyer\r\nx", 403)],
)
def test_only_own_names_are_vouched_for(path: Path, name: str, status: int) -> None:
    assert ask(path, "?domain=" + quote(name)) == status


def test_a_question_without_a_name_is_refused(path: Path) -> None:
    assert ask(path, "") == 403
    assert ask(path, "?domain=foyer") == 200


def test_a_caller_that_says_nothing_does_not_stop_the_next(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(str(path))
    assert ask(path, "?domain=foyer") == 200


def test_the_names_are_those_of_this_machine() -> None:
    names = own_names(["Office.example"])
    assert {"127.0.0.1", "localhost", "office.example", socket.gethostname()} <= names
    assert not any("%" in name for name in names), "an address with its interface"
    assert not any(re.fullmatch(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", name) for name in names), (
        "no hardware address"
    )
