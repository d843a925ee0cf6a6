"""Spans get their numbers and settings, and what is right is left alone."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.errors import TransientError
from appliance.hw.dahdi import sysfs
from appliance.hw.dahdi.plan import FILE, CardPlan
from appliance.hw.dahdi.set_up import set_up
from tests.hw.dahdi.test_plan import E1, T1
from tests.hw.dahdi.tree import Tree

PLAN = CardPlan((E1, T1))


class Box:
    """A tree of devices, and the calls of dahdi_cfg."""

    def __init__(self, folder: Path) -> None:
        self.tree = Tree(folder / "sys")
        self.run = folder / "run"
        self.run.mkdir()
        self.calls: list[list[str]] = []

    def set_up(self, plan: CardPlan = PLAN) -> list[list[str]]:
        """What dahdi_cfg was told."""
        self.calls.clear()
        set_up(plan, self.run, self._tool, self.tree.root)
        return [call[1:] for call in self.calls]

    def _tool(self, command: Sequence[str]) -> None:
        self.calls.append([one.replace(str(self.run), "RUN") for one in command])


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_a_port_without_a_number_gets_it(box: Box) -> None:
    card = box.tree.card("dynamic:loc:1", {1: "DYNAMIC"}, hardware_id="DYN/loc/1:1")
    box.set_up()
    assert (card / sysfs.ASSIGN).read_text() == "1:1:1"
    assert (box.run / FILE).read_text() == PLAN.to_text()


def test_drivers_are_told_of_what_is_there_and_new(box: Box) -> None:
    card = box.tree.card("dynamic:loc:1", {1: "DYNAMIC"}, hardware_id="DYN/loc/1:1")
    box.tree.span(card, 1, E1.number, E1.first)
    check = ["-t", "-c", "RUN/system.conf"]
    assert box.set_up() == [check, ["-c", "RUN/system.conf", "-S", "1", "-C", "1-31"]]
    assert box.set_up() == []
    changed = CardPlan((replace(E1, crc4=False), T1))
    assert box.set_up(changed) == [check, ["-c", "RUN/system.conf", "-S", "1", "-C", "1-31"]]


def test_what_failed_half_way_is_told_again(box: Box) -> None:
    card = box.tree.card("dynamic:loc:1", {1: "DYNAMIC"}, hardware_id="DYN/loc/1:1")
    box.tree.span(card, 1, E1.number, E1.first)
    box.set_up()
    tool, box._tool = box._tool, refuse  # type: ignore[method-assign]
    with pytest.raises(TransientError):
        box.set_up(CardPlan((replace(E1, crc4=False), T1)))
    box._tool = tool  # type: ignore[method-assign]
    assert box.set_up()[1:] == [["-c", "RUN/system.conf", "-S", "1", "-C", "1-31"]]


def refuse(command: Sequence[str]) -> None:
    if "-t" not in command:
        raise TransientError("The drivers of the cards refused the settings.")


def test_a_port_with_its_number_gets_another_type(box: Box) -> None:
    card = box.tree.card("pci:b", {2: "E1"}, location=T1.device)
    box.tree.span(card, 2, T1.number, T1.first)
    box.set_up()
    assert (card / sysfs.UNASSIGN).read_text() == "2"
    assert (card / sysfs.TYPES).read_text() == "2:T1"


def test_a_number_is_taken_from_whoever_has_it(box: Box) -> None:
    stranger = box.tree.card("pci:a", {1: "E1"}, location="elsewhere")
    box.tree.span(stranger, 1, T1.number, 65)
    card = box.tree.card("pci:b", {1: "E1", 2: "E1"}, location=T1.device)
    box.tree.span(card, 2, 7, 193)
    box.set_up()
    assert (stranger / sysfs.UNASSIGN).read_text() == "1"
    assert (card / sysfs.UNASSIGN).read_text() == "2"
    # It was an E1 so far.
    assert (card / sysfs.TYPES).read_text() == "2:T1"
    assert (card / sysfs.ASSIGN).read_text() == "2:3:65"


def test_no_card_is_no_error(box: Box) -> None:
    assert box.set_up() == []
    assert "span=1," in (box.run / "system.conf").read_text()


def test_a_driver_that_refuses_is_told_so(box: Box) -> None:
    card = box.tree.card("dynamic:loc:1", {1: "DYNAMIC"}, hardware_id="DYN/loc/1:1")
    (card / sysfs.ASSIGN).unlink()
    (card / sysfs.ASSIGN).mkdir()
    with pytest.raises(TransientError, match="DYN/loc/1:1"):
        box.set_up()
    assert not (box.run / FILE).exists()


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
