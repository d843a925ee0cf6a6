"""A busy Asterisk that takes its time with a good revision, told from one that refuses it by what it says."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from appliance.apply import objects, report
from appliance.apply.applier import LOOKUP_S, SOON_S
from appliance.apply.asterisk import QUEUE_RELOAD, Console
from appliance.errors import TransientError
from tests.apply.box import Box, LiveAsterisk
from tests.until import until

IN_PROGRESS = "A module reload request is already in progress; please be patient\n"
SIP_RELOAD = "module reload res_pjsip.so"


class Late(Console):
    """That of an Asterisk which says at once that it has read its queues, and does so when it is let."""

    reload = threading.Event()

    def ask(self, command: str) -> str:
        if command != QUEUE_RELOAD:
            return super().ask(command)
        threading.Thread(target=self._read).start()
        return ""

    def _read(self) -> None:
        self.reload.wait(120)
        super().ask(QUEUE_RELOAD)


class Slow(Console):
    """That of a machine on which a look takes long; what was reloaded is there after the first one."""

    def loaded(self) -> objects.Objects:
        found = super().loaded()
        if not self.looks:
            time.sleep(1.5)
            found = objects.Objects(**{**vars(found), "tones": {}})
        self.looks += 1
        return found

    looks = 0


class Occupied(Console):
    """That of an Asterisk in which a reload of before goes on for some time."""

    refusals = 2

    def ask(self, command: str) -> str:
        if command == SIP_RELOAD and self.refusals:
            self.refusals -= 1
            return IN_PROGRESS
        return super().ask(command)


@pytest.fixture
def running(box: Box, asterisk: LiveAsterisk) -> Iterator[int]:
    """A box with a first revision live; the next one differs in phones and queues."""
    box.save()
    applier = box.applier()
    applier.prepare()
    asterisk.start()
    assert applier.look() is None
    yield box.save(queues=[{"id": "q2", "name": "Giao hàng", "agents": ["a1"]}], numbers=[])


def is_live(box: Box, number: int) -> bool:
    return {state for state, _ in box.states(number).values()} == {"live"}


@pytest.mark.asterisk
@pytest.mark.usefixtures("asterisk")
def test_what_is_read_late_is_no_refusal(box: Box, running: int) -> None:
    applier = box.applier(console=Late, settle_s=0.5)
    thread = threading.Thread(target=applier.look)
    thread.start()
    try:
        until(lambda: report.BUSY in str(box.states(running)), 10, "the page to say that it takes longer")
    finally:
        Late.reload.set()
        thread.join()
    assert is_live(box, running)
    assert box.desired() == running


@pytest.mark.asterisk
@pytest.mark.usefixtures("asterisk")
def test_what_was_right_before_is_not_refused_for_good(box: Box, running: int) -> None:
    """A look at what is live, after a start of foyer-apply, comes out wrong: it is taken again."""

    class Wrong(Slow):
        def loaded(self) -> objects.Objects:
            found = super().loaded()
            return objects.Objects(**{**vars(found), "tones": {}}) if self.is_wrong else found

        is_wrong = True

    assert box.applier().look() is None
    applier = box.applier(console=Wrong, settle_s=0.1)
    assert applier.look() == LOOKUP_S
    assert not is_live(box, running)
    assert box.desired() == running
    Wrong.is_wrong = False
    assert applier.look() is None
    assert is_live(box, running)


@pytest.mark.asterisk
@pytest.mark.usefixtures("asterisk")
def test_the_way_back_is_gone_to_its_end(box: Box, running: int) -> None:
    """Asterisk does not answer in the middle of it, and the same revision is wanted as before."""

    class Silent(Console):
        def load(self, *given: Any, **named: Any) -> list[objects.Difference]:
            self.loads += 1
            if self.loads == 2:
                raise TransientError("The telephone service does not answer.")
            found = super().load(*given, **named)
            return [objects.Difference("queues", "q1")] if self.loads == 1 else found

        loads = 0

    applier = box.applier(console=Silent)
    assert applier.look() == SOON_S
    assert box.desired() == 1
    assert box.states(running)["queues"][0] == "failed"
    assert applier.look() is None
    assert is_live(box, 1)


@pytest.mark.asterisk
@pytest.mark.usefixtures("asterisk")
def test_one_slow_look_decides_nothing(box: Box, running: int) -> None:
    assert box.applier(console=Slow, settle_s=1.0).look() is None
    assert is_live(box, running)


@pytest.mark.asterisk
@pytest.mark.usefixtures("asterisk")
def test_a_reload_that_goes_on_is_waited_for(box: Box, running: int) -> None:
    """Asterisk does nothing then, and says so."""
    applier = box.applier(console=Occupied, settle_s=0.5)
    for _ in range(2):
        assert applier.look() == SOON_S
        assert set(box.states(running).values()) == {("rendering", report.WAITING)}
    assert applier.look() is None
    assert is_live(box, running)


@pytest.mark.asterisk
@pytest.mark.usefixtures("asterisk")
def test_a_file_that_cannot_be_read_is_refused_without_more_patience(box: Box, running: int) -> None:
    console = box.console(settle_s=0.5)
    folder = box.settings.config / box.applier().prepare() / "asterisk"
    wanted = objects.expected({path.name: path.read_text("utf-8") for path in folder.iterdir()})
    queues = folder / "queues.conf"
    queues.write_text(queues.read_text("utf-8").replace("[q2]", "[q2"), "utf-8")
    told: list[int] = []
    found = console.load({"queues.conf"}, wanted, busy=lambda: told.append(1))
    assert "queues" in {one.part for one in found}
    assert told == []


def test_a_file_that_cannot_be_read_is_told_from_the_log() -> None:
    file = "/data/config/live/asterisk/queues.conf"
    said = f"parse error: no closing ']', line 7 of {file}"
    log = f"[Nov 23 04:00:00] WARNING[1][C-1]: config.c:2049 process_text_line: {said}\n"
    assert objects.refusals(log) == {("file", file)}
