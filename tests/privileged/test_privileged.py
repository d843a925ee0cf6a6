"""The privileged process on a real socket, called by processes of real users."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from appliance.errors import ForbiddenError, RejectedError, TransientError
from appliance.network.plan import NetworkPlan
from appliance.privileged import actions
from appliance.privileged.actions import ACTIONS, Action, Prepared, factory_reset, prepare
from appliance.privileged.client import NoAnswer, Privileged
from appliance.privileged.protocol import (
    LINE_MAX,
    Call,
    Reply,
    decode_call,
    decode_reply,
    encode_call,
    encode_reply,
    read_line,
)
from appliance.privileged.recovery import RecoveryKey
from appliance.privileged.server import serve, uids_of

# Another process, so another user.
CALL = """
import pathlib, sys
from appliance.privileged.client import Privileged
from appliance.privileged.protocol import Call
Privileged(pathlib.Path(sys.argv[1])).call(Call("paint", {"colour": "green"}))
"""


@dataclass
class Served:
    """A server of this process, with actions that only note that they were called."""

    path: Path
    called: list[str] = field(default_factory=list)

    def prepare(self, action: str, args: dict[str, str]) -> Prepared:
        def paint(colour: Literal["red", "green"]) -> None:
            self.called.append(colour)
            if colour == "red":
                raise TransientError("No red left.")

        # "root" stands for this process's own user.
        return prepare(action, args, (Action(paint, ("foyer-apply", "root")),))


@pytest.fixture
def served() -> Iterator[Served]:
    """Stays idle for as long as a test may need to call. Any user can connect."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        Path(folder).chmod(0o755)
        server = Served(Path(folder) / "privileged.sock")
        listener.bind(str(server.path))
        server.path.chmod(0o666)
        listener.listen()
        thread = threading.Thread(target=serve, args=(listener, 120.0, server.prepare))
        thread.start()
        yield server
        # From the next call on, even one that says nothing.
        listener.settimeout(0.1)
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(server.path))
        thread.join(60)
        assert not thread.is_alive(), "a call holds it up"


def test_it_ends_when_idle() -> None:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/privileged.sock")
        listener.listen()
        thread = threading.Thread(target=serve, args=(listener, 0.1), daemon=True)
        thread.start()
        thread.join(60)
        assert not thread.is_alive()


def test_a_call_is_carried_out_and_answered(served: Served) -> None:
    Privileged(served.path).call(Call("paint", {"colour": "green"}))
    assert served.called == ["green"]


def test_a_failure_is_told(served: Served) -> None:
    with pytest.raises(TransientError, match="No red left"):
        Privileged(served.path).call(Call("paint", {"colour": "red"}))


@pytest.mark.parametrize("said", [b"", b'{"ok": '])
def test_an_answer_that_breaks_off_is_none(tmp_path: Path, said: bytes) -> None:
    """Whoever asked may ask again: nobody refused anything."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        listener.listen()

        def end() -> None:
            connection, _ = listener.accept()
            with connection:
                read_line(connection)
                connection.sendall(said)

        thread = threading.Thread(target=end)
        thread.start()
        with pytest.raises(NoAnswer):
            Privileged(tmp_path / "socket").call(Call("paint", {"colour": "green"}))
        thread.join(60)
    with pytest.raises(NoAnswer):
        Privileged(tmp_path / "nobody").call(Call("paint", {"colour": "green"}))


@pytest.mark.parametrize(
    "call",
    [
        Call("paint", {"colour": "green; reboot"}),
        Call("paint", {}),
        Call("paint", {"colour": "green", "more": "x"}),
        Call("prepare", {"colour": "green"}),
        Call("", {}),
    ],
)
def test_what_is_not_on_the_list_is_refused(served: Served, call: Call) -> None:
    with pytest.raises(RejectedError):
        Privileged(served.path).call(call)
    assert served.called == []


@pytest.mark.slow
def test_another_user_is_refused_and_the_next_call_served(served: Served) -> None:
    command = [sys.executable, "-c", CALL, str(served.path)]
    stranger = subprocess.run(command, user="nobody", text=True, capture_output=True, check=False)
    assert ForbiddenError.__name__ in stranger.stderr, stranger
    assert served.called == []
    subprocess.run(command, user="foyer-apply", check=True)
    Privileged(served.path).call(Call("paint", {"colour": "green"}))
    assert served.called == ["green", "green"]


KEY = "-".join(["cbdefghi", "jklnrtuv"] * 4)


@pytest.mark.parametrize("typed", [KEY, KEY.upper(), KEY.replace("-", ""), f" {KEY.replace('-', ' - ')}\t"])
def test_a_recovery_key_however_it_was_typed(typed: str, tmp_path: Path) -> None:
    place = tmp_path / "key"
    place.write_text("an older, longer one" * 10)
    RecoveryKey.parse(typed).hand_over(place)
    assert place.read_text() == KEY


@pytest.mark.parametrize("typed", ["", KEY[:-1], KEY + "c", "a" + KEY[1:], "--------", "; reboot"])
def test_what_cannot_be_a_recovery_key(typed: str) -> None:
    with pytest.raises(RejectedError):
        RecoveryKey.parse(typed)


def test_a_caller_that_goes_away_does_no_harm(served: Served) -> None:
    for said in (b"", b'{"action": "pa', b"\x00" * (LINE_MAX + 10)):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(served.path))
            connection.sendall(said)
    Privileged(served.path).call(Call("paint", {"colour": "green"}))
    assert served.called == ["green"]


def test_a_caller_who_dawdles_has_the_time_of_one_call() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(0.2)
        is_over = threading.Event()

        def dawdle() -> None:
            while not is_over.wait(0.02):
                ours.send(b" ")

        writer = threading.Thread(target=dawdle)
        writer.start()
        with pytest.raises(TimeoutError):
            read_line(theirs)
        is_over.set()
        writer.join()
        assert theirs.gettimeout() == 0.2


def test_nobody_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(TransientError):
        Privileged(tmp_path / "none.sock").restart_service("asterisk")


def test_every_action_takes_written_down_values_only() -> None:
    for action in ACTIONS:
        for name in ("name", "plan", "token", "what"):
            with pytest.raises(RejectedError):
                prepare(action.run.__name__, {name: "sshd"})
    assert callable(prepare("restart_service", {"name": "caddy"}).run)
    plan = NetworkPlan("eth0", "192.0.2.9/24").to_text()
    assert callable(prepare("try_network", {"plan": plan, "token": "t" * 20}).run)
    with pytest.raises(RejectedError):
        prepare("try_network", {"plan": plan, "token": "t" * 20 + "\n"})


def test_the_callers_are_accounts_of_the_box() -> None:
    for action in ACTIONS:
        uids = uids_of(action.callers)
        assert len(uids) == len(action.callers) and 0 not in uids


@given(st.text(), st.dictionaries(st.text(), st.text()))
def test_a_call_survives_the_wire_one_byte_at_a_time(action: str, args: dict[str, str]) -> None:
    line = encode_call(Call(action, args))
    if len(line) > LINE_MAX:
        return
    ours, theirs = socket.socketpair()
    with ours, theirs:
        writer = threading.Thread(target=lambda: [ours.send(line[i : i + 1]) for i in range(len(line))])
        writer.start()
        received = read_line(theirs)
        writer.join()
    assert decode_call(received) == Call(action, args)


@given(
    st.binary() | st.recursive(st.none() | st.text(), st.lists).map(lambda value: json.dumps(value).encode())
)
def test_anything_else_is_refused(line: bytes) -> None:
    # Hypothesis tries the constants of the code as well, and some of them are proper lines.
    assume(b'"ok"' not in line and b'"action"' not in line)
    with pytest.raises(RejectedError):
        decode_call(line + b"\n")
    with pytest.raises(RejectedError):
        decode_reply(line + b"\n")


@given(st.sampled_from(["rejected", "forbidden", "failed"]), st.text(max_size=500))
def test_a_reply_survives(kind: Literal["rejected", "forbidden", "failed"], message: str) -> None:
    assert decode_reply(encode_reply(Reply(kind, message))) == Reply(kind, message)
    assert decode_reply(encode_reply(Reply())) == Reply()


def failing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Has systemctl fail; it writes down what it is asked for."""
    asked = folder / "asked"
    (folder / "systemctl").write_text(f'#!/bin/sh\necho "$@" >{asked}\necho "Job failed." >&2\nexit 1\n')
    (folder / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return asked


def test_a_card_that_refuses_its_settings_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, refusal = failing(tmp_path, monkeypatch), tmp_path / "refusal"
    monkeypatch.setattr(actions, "CARDS_REFUSAL", refusal)
    with pytest.raises(TransientError, match=r"its settings\. Job failed\."):
        actions.set_up_cards()
    refusal.write_text("line 3: Unknown keyword 'x'")
    with pytest.raises(TransientError, match=r"its settings\. line 3: Unknown keyword 'x'$"):
        actions.set_up_cards()
    assert asked.read_text() == "start foyer-set-up-cards.service\n"


def test_a_reset_is_waited_for_and_its_failure_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = failing(tmp_path, monkeypatch)
    with pytest.raises(TransientError, match=r"could not be reset\. Its disk may have failed\."):
        factory_reset()
    assert asked.read_text() == "start foyer-factory-reset.service\n"
