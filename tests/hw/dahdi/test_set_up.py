"""Spans get their numbers and settings, and what is right is left alone."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.errors import TransientError
from appliance.hw.dahdi import sysfs
from appliance.hw.dahdi.plan import FILE, CardPlan, PlannedPort
from appliance.hw.dahdi.set_up import attempt, set_up, write
from tests.hw.dahdi.test_plan import E1, T1
from tests.hw.dahdi.tree import Tree

PLAN = CardPlan((E1, T1))


class Box:
    """A tree of devices, and the calls of dahdi_cfg, which fails for the span `broken`, and for what it is to
    check if that `is_wrong`.
    """

    def __init__(self, folder: Path) -> None:
        self.tree = Tree(folder / "sys")
        self.run = folder / "run"
        self.run.mkdir()
        self.calls: list[list[str]] = []
        self.broken = 0
        self.is_wrong = False

    def set_up(self, plan: CardPlan = PLAN) -> list[list[str]]:
        """What dahdi_cfg was told."""
        self.calls.clear()
        self.tree.told.clear()
        set_up(plan, self.run, self._tool, self.tree.root, self.tree.tell)
        return [call[1:] for call in self.calls]

    def numbers(self) -> dict[tuple[str, int], int]:
        """Card and port to number."""
        devices = sysfs.devices(self.tree.root)
        return {(one.key, port): number for one in devices for port, number in one.numbers.items()}

    def _tool(self, command: Sequence[str]) -> None:
        self.calls.append([one.replace(str(self.run), "RUN") for one in command])
        if command[-4:-2] == ("-S", str(self.broken)) or (self.is_wrong and "-t" in command):
            raise TransientError("The drivers of the cards refused the settings.")


CHECK = ["-t", "-c", "RUN/system.conf", "-C", "1"]
FIRST = ["-c", "RUN/system.conf", "-S", "1", "-C", "1-31"]
SECOND = ["-c", "RUN/system.conf", "-S", "3", "-C", "65-88"]


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def both(box: Box) -> None:
    """The cards of the plan."""
    box.tree.card("dynamic:loc:1", {1: "DYNAMIC"}, hardware_id="DYN/loc/1:1")
    box.tree.card("pci:b", {1: "T1", 2: "T1"}, location=T1.device)


def test_a_port_without_a_number_gets_it(box: Box) -> None:
    both(box)
    assert box.set_up() == [CHECK, FIRST, SECOND]
    assert box.numbers() == {(E1.device, 1): 1, (T1.device, 2): 3}
    assert CardPlan.parse((box.run / FILE).read_text()) == PLAN


def test_drivers_are_told_of_what_is_there_and_new(box: Box) -> None:
    card = box.tree.card("dynamic:loc:1", {1: "DYNAMIC"}, hardware_id="DYN/loc/1:1")
    box.tree.span(card, 1, E1.number, E1.first)
    assert box.set_up() == [CHECK, FIRST]
    assert box.set_up() == [] and box.tree.told == []
    changed = CardPlan((replace(E1, crc4=False), T1))
    assert box.set_up(changed) == [CHECK, FIRST]


def test_what_failed_half_way_is_told_again(box: Box) -> None:
    both(box)
    box.set_up()
    box.broken = 1
    with pytest.raises(TransientError):
        box.set_up(CardPlan((replace(E1, crc4=False), T1)))
    box.broken = 0
    assert box.set_up() == [CHECK, FIRST]


def test_a_card_that_refuses_keeps_no_other_from_being_set_up(box: Box) -> None:
    both(box)
    box.tree.refusing = {"dynamic:loc:1"}
    with pytest.raises(TransientError, match="DYN/loc/1:1"):
        box.set_up()
    assert box.numbers() == {(T1.device, 2): 3}
    assert [call[1:] for call in box.calls] == [CHECK, SECOND]
    box.tree.refusing = set()
    box.broken = E1.number
    with pytest.raises(TransientError):
        box.set_up()
    box.broken = 0
    assert box.set_up() == [CHECK, FIRST]


def test_a_port_with_its_number_gets_another_type(box: Box) -> None:
    card = box.tree.card("pci:b", {2: "E1"}, location=T1.device)
    box.tree.span(card, 2, T1.number, T1.first)
    box.set_up()
    assert [told[1:] for told in box.tree.told] == [
        (sysfs.UNASSIGN, "2"),
        (sysfs.TYPES, "2:T1"),
        (sysfs.ASSIGN, "2:3:65"),
    ]


def test_a_number_is_taken_from_whoever_has_it(box: Box) -> None:
    stranger = box.tree.card("pci:a", {1: "E1", 2: "E1"}, location="elsewhere")
    box.tree.span(stranger, 1, T1.number, 65)
    box.tree.span(stranger, 2, 17, 513)
    card = box.tree.card("pci:b", {1: "E1", 2: "E1"}, location=T1.device)
    box.tree.span(card, 2, 7, 193)
    box.set_up()
    assert box.numbers() == {("elsewhere", 2): 17, (T1.device, 2): T1.number}
    # It was an E1 so far.
    assert ("pci:b", sysfs.TYPES, "2:T1") in box.tree.told


def test_two_ports_change_their_numbers(box: Box) -> None:
    box.tree.card("pci:b", {1: "T1", 2: "T1"}, location=T1.device)
    one, other = (
        replace(T1, port=1),
        replace(T1, number=4, first=97, last=120, bearers="97-119", signalling=120),
    )
    box.set_up(CardPlan((one, other)))
    assert box.numbers() == {(T1.device, 1): 3, (T1.device, 2): 4}
    box.set_up(CardPlan((replace(one, port=2), replace(other, port=1))))
    assert box.numbers() == {(T1.device, 1): 4, (T1.device, 2): 3}


def test_what_does_not_pass_the_check_is_not_used(box: Box) -> None:
    both(box)
    box.is_wrong = True
    with pytest.raises(TransientError):
        box.set_up()
    assert [call[1:] for call in box.calls] == [CHECK]
    box.is_wrong = False
    assert box.set_up() == [CHECK, FIRST, SECOND]


def test_why_it_failed_is_left_for_who_asked(tmp_path: Path) -> None:
    refusal = tmp_path / "refusal"

    def fail() -> None:
        raise TransientError("The drivers of the cards refused the settings.", "line 3: Unknown keyword 'x'")

    with pytest.raises(TransientError):
        attempt(fail, tmp_path)
    assert refusal.read_text() == "The drivers of the cards refused the settings. line 3: Unknown keyword 'x'"
    attempt(lambda: None, tmp_path)
    assert not refusal.exists()


def test_a_port_that_left_the_settings_loses_its_number(box: Box) -> None:
    both(box)
    box.set_up()
    stranger = box.tree.card("pci:c", {1: "E1"}, location="elsewhere")
    box.tree.span(stranger, 1, 17, 513)
    box.tree.refusing = {"pci:b"}
    with pytest.raises(TransientError):
        box.set_up(CardPlan((E1,)))
    box.tree.refusing = set()
    assert box.set_up(CardPlan((E1,))) == []
    assert box.numbers() == {(E1.device, 1): 1, ("elsewhere", 1): 17}


def test_no_card_is_no_error(box: Box) -> None:
    assert box.set_up() == []
    assert "span=1," in (box.run / "system.conf").read_text()


def test_what_sysfs_refuses_is_told_with_the_card(box: Box) -> None:
    card = box.tree.card("dynamic:loc:1", {1: "DYNAMIC"}, hardware_id="DYN/loc/1:1")
    (device,) = sysfs.devices(box.tree.root)
    write(device, sysfs.ASSIGN, "1:1:1")
    assert (card / sysfs.ASSIGN).read_text() == "1:1:1"
    (card / sysfs.ASSIGN).unlink()
    (card / sysfs.ASSIGN).mkdir()
    with pytest.raises(TransientError, match="DYN/loc/1:1"):
        write(device, sysfs.ASSIGN, "1:1:1")


def test_a_serial_number_names_a_card_before_its_slot(box: Box) -> None:
    box.tree.card("pci:a", {1: "E1"}, hardware_id="serial", location="slot")
    box.tree.card("pci:b", {1: "E1"}, location="slot 2")
    box.tree.card("pci:c", {1: "E1"})
    assert [one.key for one in sysfs.devices(box.tree.root)] == ["serial", "slot 2", "pci:c"]


def test_a_card_that_came_went_or_came_back_is_noticed(box: Box) -> None:
    assert sysfs.there(box.tree.root) == frozenset()
    card = box.tree.card("pci:a", {1: "E1"})
    without_number = sysfs.there(box.tree.root)
    box.tree.span(card, 1, 3, 65)
    with_number = sysfs.there(box.tree.root)
    # The same folder again has another inode while the old one is still held.
    with (card / sysfs.TYPES).open():
        card.rename(card.with_name("gone"))
        back = box.tree.card("pci:a", {1: "E1"})
        shutil.rmtree(card.with_name("gone"))
        box.tree.span(back, 1, 3, 65)
        came_back = sysfs.there(box.tree.root)
    assert len({frozenset(), without_number, with_number, came_back}) == 4


FXO = PlannedPort(97, 4, "PCI Bus 03 Slot 01", 1, 97)
FIFTH = replace(FXO, channel=101)


def analog(channel: int) -> list[str]:
    """What dahdi_cfg is told of one analog channel."""
    return ["-c", "RUN/system.conf", "-S", "4", "-C", str(channel)]


def test_analog_ports_are_set_up_one_by_one(box: Box) -> None:
    """dahdi_cfg takes an echo canceller off the channels that it is told of, and calls may be up on them."""
    box.tree.card("pci:d", {1: "ANALOG_MIXED"}, location=FXO.device)
    assert box.set_up(CardPlan(ports=(FXO,))) == [CHECK, analog(97)]
    assert [told[1:] for told in box.tree.told] == [(sysfs.ASSIGN, "1:4:97")]
    assert box.set_up(CardPlan(ports=(FXO, FIFTH))) == [CHECK, analog(101)] and box.tree.told == []
    assert box.set_up(CardPlan(ports=(FIFTH,))) == []
    assert box.set_up(CardPlan(ports=(FXO, FIFTH))) == []
    text = (box.run / "system.conf").read_text()
    assert "fxsks=97\nechocanceller=oslec,97\nfxsks=101\n" in text and "span=" not in text


def test_a_new_number_is_told_of_all_analog_ports(box: Box) -> None:
    card = box.tree.card("pci:d", {1: "FXO"}, location=FXO.device)
    box.tree.span(card, 1, 9, 257)
    assert box.set_up(CardPlan(ports=(FXO, FIFTH))) == [CHECK, analog(97), analog(101)]
    assert box.numbers() == {(FXO.device, 1): 4}
    # Only what comes after the last of its ports takes the number from it.
    assert box.set_up(CardPlan()) == [] and box.numbers() == {}


def test_a_digital_line_in_the_place_of_an_analog_one(box: Box) -> None:
    box.tree.card("dynamic:loc:2", {1: "DYNAMIC"}, hardware_id=FXO.device)
    box.set_up(CardPlan(ports=(FXO,)))
    span = replace(
        T1, number=4, device=FXO.device, port=1, first=97, last=120, bearers="97-119", signalling=120
    )
    assert box.set_up(CardPlan((span,))) == [CHECK, ["-c", "RUN/system.conf", "-S", "4", "-C", "97-120"]]
    assert CardPlan.parse((box.run / FILE).read_text()) == CardPlan((span,))


def test_an_isdn_line_is_of_whichever_end_the_settings_say(box: Box) -> None:
    """Not by the port's type, which no driver of ISDN cards lets anybody choose; and no E1 becomes one."""
    line = replace(T1, type="bri_nt", framing="ccs", coding="ami", last=67, bearers="65-66", signalling=67)
    box.tree.card("pci:b", {2: "BRI_TE"}, location=T1.device)
    assert box.set_up(CardPlan((line,))) == [CHECK, ["-c", "RUN/system.conf", "-S", "3", "-C", "65-67"]]
    assert [told[1] for told in box.tree.told] == [sysfs.ASSIGN]
    assert box.set_up(CardPlan((line,))) == []
    box.set_up(PLAN)
    assert (sysfs.TYPES, "2:T1") in [told[1:] for told in box.tree.told]
