"""The real program on a real terminal (a pty), and what it asks of root."""

from __future__ import annotations

import codecs
import contextlib
import os
import pty
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from appliance.console import menu
from appliance.console import status as gathered
from appliance.console.menu import Console, plan_of
from appliance.console.screen import screen
from appliance.console.status import Status
from appliance.console.wrong import what_is_wrong
from appliance.errors import RejectedError, TransientError
from appliance.fault import Fault, fault
from appliance.health.client import Health
from appliance.health.facts import Clock, Machine, Release, Unit
from appliance.network.plan import NetworkPlan
from appliance.privileged.client import Privileged
from appliance.privileged.protocol import Call, Reply
from appliance.secure_boot import KeyState
from tests.privileged.noting import noting
from tests.until import until

# No plan of the network is kept, and nobody gathers facts.
NOTHING = (lambda: None, Health(Path("/nowhere")).machine)
OTP = "k7mp-x2qa-9wdf-hh4t"


class Screen:
    """The program and the terminal that it runs on."""

    def __init__(self, folder: Path, calls: list[Call]) -> None:
        self.folder, self.calls = folder, calls
        self._ours, theirs = pty.openpty()
        os.set_blocking(self._ours, False)
        self.said = ""
        # What is read may end within a character.
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "appliance.console"],
            stdin=theirs,
            stdout=theirs,
            stderr=subprocess.PIPE,
            env={
                **os.environ,
                "FOYER_DATA": str(folder),
                "FOYER_PRIVILEGED_SOCKET": str(folder / "privileged.sock"),
            },
        )
        os.close(theirs)

    def sees(self, words: str) -> None:
        """Waits until the terminal has shown these words."""
        until(lambda: words in self._read(), 15, f"{words!r}; it shows {self.said[-500:]!r}")

    def type(self, line: str) -> None:
        """Types a line; what was shown before is forgotten."""
        self.said = ""
        os.write(self._ours, line.encode() + b"\n")

    def close(self) -> None:
        os.close(self._ours)

    def _read(self) -> str:
        with contextlib.suppress(BlockingIOError):  # nothing new
            self.said += self._decoder.decode(os.read(self._ours, 65536))
        return self.said


def said_to(terminal: int) -> str:
    """All that was written to it, which comes in pieces."""
    os.set_blocking(terminal, False)
    pieces = []
    with contextlib.suppress(BlockingIOError):
        while piece := os.read(terminal, 65536):
            pieces.append(piece)
    return b"".join(pieces).decode()


@pytest.fixture
def console() -> Iterator[Screen]:
    """A box with a one-time password; root notes what it is asked."""
    with tempfile.TemporaryDirectory() as name, noting(Path(name) / "privileged.sock") as calls:
        folder = Path(name)
        (folder / "secrets").mkdir()
        (folder / "secrets/admin-otp").write_text(OTP + "\n")
        shown = Screen(folder, calls)
        try:
            shown.sees("Number, then Enter:")
            yield shown
        finally:
            shown.process.kill()
            shown.process.wait()


@pytest.mark.slow
def test_it_shows_where_the_box_is_and_its_password_until_it_was_used(console: Screen) -> None:
    for words in (
        "https://foyer.local/",
        "https://192.0.2.10/",
        OTP,
        "No telephone card",
        "9  Factory reset",
    ):
        assert words in console.said
    console.said = ""
    (console.folder / "secrets/admin-otp").unlink()
    console.sees("Number, then Enter:")
    assert OTP not in console.said


def test_a_new_password_and_the_switch(console: Screen) -> None:
    console.type("2")
    console.sees("yes/no")
    console.type("no")
    console.sees("Number, then Enter:")
    assert console.calls == []
    console.type("2")
    console.sees("yes/no")
    console.type("yes")
    console.sees("Number, then Enter:")
    assert console.calls == [Call("new_password", {})]
    console.type("3")
    console.sees("yes/no")
    console.type("yes")
    console.sees("Goodbye")
    assert console.calls[-1] == Call("power", {"what": "poweroff"})


def test_a_factory_reset_is_confirmed_twice(console: Screen) -> None:
    for first, second in (("delete", ""), ("DELETE", "y")):
        console.type("9")
        console.sees("Type DELETE")
        console.type(first)
        if second:
            console.sees("Are you sure?")
            console.type(second)
        console.sees("Number, then Enter:")
    assert console.calls == []
    console.type("9")
    console.sees("Type DELETE")
    console.type("DELETE")
    console.sees("Are you sure?")
    console.type("yes")
    console.sees("as it was when it was new")
    assert console.calls == [Call("factory_reset", {})]


def test_a_factory_reset_that_failed_is_said(tmp_path: Path) -> None:
    """And nothing else: the box is not new."""
    ours, theirs = pty.openpty()
    replies = {"factory_reset": Reply("failed", "The box could not be reset. Switch it off.")}
    with noting(tmp_path / "privileged.sock", replies), os.fdopen(theirs, "w") as paper:
        console = Console(
            theirs, paper, lambda: Status(()), Privileged(tmp_path / "privileged.sock"), *NOTHING
        )
        shown = threading.Thread(target=console.run)
        shown.start()
        os.write(ours, b"9\nDELETE\nyes\n\n\x04")
        shown.join(60)
        said = said_to(ours)
    os.close(ours)
    assert "The box could not be reset. Switch it off." in said and "it was new" not in said


def test_it_says_what_is_wrong_and_what_to_do(tmp_path: Path) -> None:
    well = Machine(Release("1.0", "7.2", 0, "a"), Clock(0, True))
    sick = replace(well, failed_units=("foyer-wear",), units=(Unit("caddy", "failed"),))
    said = what_is_wrong(lambda: sick)
    assert "front door of the pages (caddy)" in said and "has failed: foyer-wear." in said
    assert all(len(line) <= 72 for line in said.splitlines())
    assert "Nothing is wrong with this machine." in what_is_wrong(lambda: well)

    def silent() -> Machine:
        raise TransientError("The box's own report could not be read.")

    said = what_is_wrong(silent)
    assert "!! The box's own state could not be read." in said and "page System" in said


def test_what_is_wrong_is_on_the_menu(console: Screen) -> None:
    console.sees("7  What is wrong with the box")
    console.type("7")
    # Nobody gathers facts here.
    console.sees("state could not be read.")
    console.sees("Enter goes on")
    assert console.calls == []


@contextlib.contextmanager
def somebody_at(
    folder: Path, shown: Status, replies: Mapping[str, Reply] = MappingProxyType({})
) -> Iterator[tuple[Callable[[str], int], list[Call]]]:
    """A screen that shows this box: what types on it, and what root is asked for, with its `replies`. At the
    end Enter goes on, and the keyboard is gone.
    """
    ours, theirs = pty.openpty()
    with noting(folder / "privileged.sock", replies) as calls, os.fdopen(theirs, "w") as paper:
        console = Console(theirs, paper, lambda: shown, Privileged(folder / "privileged.sock"), *NOTHING)
        thread = threading.Thread(target=console.run)
        thread.start()
        try:
            yield lambda keys: os.write(ours, keys.encode()), calls
        finally:
            os.write(ours, b"\n\x04")
            thread.join(60)
    os.close(ours)
    (folder / "privileged.sock").unlink(missing_ok=True)


def typed_at(known: Fault | None, keys: str, folder: Path, driver_key: KeyState = "") -> list[Call]:
    """What root is asked for when somebody types this on the screen of a box with that fault; the last of it
    is a restart.
    """
    with somebody_at(folder, Status((), fault=known, driver_key=driver_key)) as (type_keys, calls):
        type_keys(keys)
        until(lambda: any(call.action == "power" for call in calls), 10, "the restart")
    return calls


ONE_CARD = Status(("192.0.2.10",), cards=("eth0",))
FIXED = "1\n192.168.1.20/24\n192.168.1.1\n\n"
FIXED_PLAN = NetworkPlan("eth0", "192.168.1.20/24", "192.168.1.1", ("192.168.1.1",)).to_text()


def test_a_network_is_tried_and_left(tmp_path: Path) -> None:
    with somebody_at(tmp_path, ONE_CARD) as (type_keys, calls):
        type_keys(FIXED + "no\n")
        until(lambda: len(calls) == 2, 10, "both calls")
    tried, left = calls
    assert tried.action == "try_network" and tried.args["plan"] == FIXED_PLAN
    assert left == Call("leave_network", {})


def test_a_network_is_kept_also_when_yes_comes_before_it_has_changed(tmp_path: Path) -> None:
    replies = {"confirm_network": Reply("failed", "The box has not changed its network yet.")}
    with somebody_at(tmp_path, ONE_CARD, replies) as (type_keys, calls):
        type_keys(FIXED + "yes\n")
        until(lambda: len(calls) > 2, 10, "a second confirmation")
        replies.clear()
        type_keys("2\nyes\n")  # the menu is back
        until(lambda: calls[-1].action == "new_password", 10, "what was asked after it")
    tried, *kept, _ = calls
    assert tried.action == "try_network" and tried.args["plan"] == FIXED_PLAN
    assert {(call.action, call.args["token"]) for call in kept} == {("confirm_network", tried.args["token"])}


def test_a_network_that_cannot_be_kept_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(menu, "KEEP_S", 0.0)
    replies = {"confirm_network": Reply("failed", "The box has not changed its network yet.")}
    with somebody_at(tmp_path, ONE_CARD, replies) as (type_keys, calls):
        type_keys(FIXED + "yes\n\n2\nyes\n")
        until(lambda: calls and calls[-1].action == "new_password", 10, "what was asked after it")
    assert [call.action for call in calls].count("confirm_network") <= 2


def test_a_recovery_key_is_handed_on(tmp_path: Path) -> None:
    calls = typed_at(fault("sealed"), "5\ncbdefghi JKLNRTUV\n", tmp_path)
    assert calls == [Call("open_data", {"key": "cbdefghi JKLNRTUV"}), Call("power", {"what": "reboot"})]
    # It is asked for only where it helps.
    assert typed_at(fault("damaged"), "5\n\n\n4\nyes\n", tmp_path)[0].action == "power"


def test_the_drivers_are_let_in(tmp_path: Path) -> None:
    calls = typed_at(None, "6\nyes\nyes\n", tmp_path, driver_key="unknown")
    assert [call.action for call in calls] == ["confirm_drivers", "power"]
    assert re.fullmatch("[0-9]{8}", calls[0].args["code"])
    assert "6  " not in screen(Status((), driver_key="confirmed")) and "6  " not in screen(Status(()))


def test_strange_keys_do_nothing(console: Screen) -> None:
    for line in ("", "0", "99", "\x1b[A", "1; reboot", "é" * 300, "\x04"[:0]):
        console.type(line)
        console.sees("Number, then Enter:")
    assert console.calls == [] and console.process.poll() is None


def test_it_ends_with_its_terminal(console: Screen) -> None:
    console.close()
    assert console.process.wait(60) in (0, -signal.SIGHUP)


def test_what_is_not_on_the_menu_does_nothing(tmp_path: Path) -> None:
    calls = typed_at(fault("disk-too-small"), "9\nDELETE\nyes\n2\nyes\n4\nyes\n", tmp_path)
    assert calls == [Call("power", {"what": "reboot"})]


def test_what_it_gathers(tmp_path: Path) -> None:
    spans = tmp_path / "dahdi"
    spans.mkdir()
    for name, head in (
        ("2", 'Span 2: TE2/0/2 "T2XXP Card 0 Span 2"'),
        ("1", 'Span 1: WCTDM/4 "Board 5" (MASTER)'),
    ):
        (spans / name).write_text(f"{head}\n\n   1 WCTDM/4/0 FXOKS\n")
    (spans / "10").write_text("damaged")
    assert gathered.lines(spans) == ("Board 5 (WCTDM/4)", "T2XXP Card 0 Span 2 (TE2/0/2)")
    assert gathered.lines(tmp_path / "none") == ()
    assert "192.0.2.10" in gathered.addresses()


def test_the_phones_keep_their_network() -> None:
    kept = NetworkPlan("eth0", phones_vlan=20, phones_address="10.20.0.1/24")
    assert plan_of("eth0", "192.168.1.20/24", "192.168.1.1", "", kept) == NetworkPlan(
        "eth0", "192.168.1.20/24", "192.168.1.1", ("192.168.1.1",), 20, "10.20.0.1/24"
    )
    assert plan_of("eth1", "", "", "", None) == NetworkPlan("eth1")
    with pytest.raises(RejectedError):
        plan_of("eth0", "10.20.0.9/24", "", "", kept)
