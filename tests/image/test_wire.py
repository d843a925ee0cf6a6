"""Lines of a machine, in pieces and out of them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.image.wire import Wire

# A recording of three minutes, in base64 twice.
LARGE = 5 << 20


@pytest.fixture
def ends() -> Iterator[tuple[Wire, socket.socket]]:
    """The test's end, and the machine's."""
    ours, theirs = socket.socketpair()
    wire = Wire(ours)
    wire.wait_at_most(60)
    yield wire, theirs
    wire.close()
    theirs.close()


def test_lines_that_come_at_once_are_read_one_by_one(ends: tuple[Wire, socket.socket]) -> None:
    wire, machine = ends
    machine.sendall(b"ready\n0 YQ==\n0 ")
    assert [wire.line(), wire.line()] == ["ready", "0 YQ=="]
    machine.sendall(b"Yg==\n\n")
    assert [wire.line(), wire.line()] == ["0 Yg==", ""]


def test_a_line_may_come_byte_by_byte(ends: tuple[Wire, socket.socket]) -> None:
    wire, machine = ends
    machine.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)

    def speak() -> None:
        for byte in b"ready\n0 YQ==\n":
            machine.sendall(bytes([byte]))

    speaker = threading.Thread(target=speak)
    speaker.start()
    assert [wire.line(), wire.line()] == ["ready", "0 YQ=="]
    speaker.join()


def test_half_a_line_is_kept_when_nothing_more_comes(ends: tuple[Wire, socket.socket]) -> None:
    wire, machine = ends
    wire.wait_at_most(0.05)
    machine.sendall(b"0 YQ")
    with pytest.raises(TimeoutError):
        wire.line()
    machine.sendall(b"==\n")
    assert wire.line() == "0 YQ=="


@pytest.mark.timeout(60)
def test_a_line_of_megabytes_costs_no_more_a_byte_than_a_short_one(
    ends: tuple[Wire, socket.socket],
) -> None:
    wire, machine = ends
    speaker = threading.Thread(target=machine.sendall, args=(b"a" * LARGE + b"\n",))
    speaker.start()
    assert len(wire.line()) == LARGE
    speaker.join()


def test_what_is_asked_is_one_line(ends: tuple[Wire, socket.socket]) -> None:
    wire, machine = ends
    wire.send("echo a\necho b")
    assert machine.recv(100) == b"ZWNobyBhCmVjaG8gYg==\n"


def test_a_machine_that_ends_says_so(ends: tuple[Wire, socket.socket]) -> None:
    wire, machine = ends
    machine.sendall(b"0 YQ")
    machine.shutdown(socket.SHUT_RDWR)
    with pytest.raises(AssertionError, match="the machine ended"):
        wire.line()
