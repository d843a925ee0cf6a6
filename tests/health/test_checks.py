"""Each check: a healthy box is silent, and what is wrong is said in words, with what to do."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import TransientError
from appliance.health.checks import CONTACT_CHECKS, MACHINE_CHECKS, SPACE_LOW, findings
from appliance.health.facts import (
    Certificate,
    Clock,
    Contact,
    Disk,
    Facts,
    Interface,
    LineState,
    Machine,
    Release,
    Space,
    Temperature,
    Unit,
    from_plain,
    to_plain,
)
from appliance.health.finding import Term, exit_code

NOW = 1_800_000_000_000
HOUR = 3600 * 1000
GB = 10**9
WELL = Machine(
    release=Release("1.0", "7.2", NOW - HOUR, "A"),
    clock=Clock(NOW, True, NOW - 24 * HOUR),
    units=(Unit("asterisk", "active", 0, 50_000_000, NOW - HOUR), Unit("caddy", "active")),
    disks=(Disk("mmcblk0", "DG4064", 64 * GB, 10), Disk("sda", "Plain", 500 * GB)),
    spaces=(Space("/data", 60 * GB, 40 * GB),),
    memory_size=4 * GB,
    memory_free=2 * GB,
    temperatures=(Temperature("cpu", 51.5, 80.0, 100.0), Temperature("board", 30.0)),
    certificate=Certificate("good", NOW + 8 * HOUR),
    interfaces=(Interface("eth0", "02:00:00:00:00:01", True, ("192.0.2.10/24",), True),),
)
OPEN = Contact(lines=(LineState("Provider", True, True, True),))
REFUSED = {"refused_modules": ("wcte13xp",)}
UNWELL: list[tuple[str, dict[str, Any], str, str]] = [
    ("a unit failed", {"units": (Unit("caddy", "failed"),)}, "bad", "front door of the pages"),
    ("an unknown unit", {"units": (Unit("foyer-new", "inactive"),)}, "bad", "foyer-new (foyer-new)"),
    ("a smaller unit failed", {"failed_units": ("caddy", "foyer-wear")}, "warn", "failed: foyer-wear."),
    ("a storm", {"units": (Unit("foyer-pbx", "active", 7),)}, "warn", "started 7 times again"),
    ("worn out", {"disks": (Disk("mmcblk0", "DG4064", GB, 100, True),)}, "bad", "DG4064 has reached the end"),
    (
        "two",
        {"disks": (Disk("sda", "X", GB), Disk("sdb", "Y", GB, is_other_system=True))},
        "warn",
        "system in the box: Y.",
    ),
    ("wearing", {"disks": (Disk("mmcblk0", "", GB, 90),)}, "warn", "mmcblk0 has used 90 %"),
    (
        "a bad disk",
        {"disks": (Disk("sda", "X", GB, None, False, 3),)},
        "bad",
        "X could not read or write 3 times",
    ),
    ("read-only", {"spaces": (Space("/data", GB, GB, True),)}, "bad", "Nothing can be written to /data"),
    ("full", {"spaces": (Space("/data", 60 * GB, GB // 2),)}, "bad", "no longer recorded"),
    ("nearly full", {"spaces": (Space("/data", 60 * GB, SPACE_LOW - 1),)}, "warn", "4999 MB are left"),
    ("a small disk", {"spaces": (Space("/data", 8 * GB, GB // 2),)}, "warn", "500 MB"),
    ("damaged files", {"spaces": (Space("/data", 60 * GB, 50 * GB, False, 2),)}, "bad", "found damaged"),
    ("no memory", {"memory_free": GB // 10}, "warn", "100 MB are left"),
    ("hot", {"temperatures": (Temperature("cpu", 86.0),)}, "warn", "86 °C (cpu)"),
    ("too hot", {"temperatures": (Temperature("cpu", 101.0, 80.0, 100.0),)}, "bad", "too hot"),
    ("last century", {"clock": Clock(NOW - 48 * HOUR, False, NOW)}, "bad", "before this version was made"),
    ("alone", {"clock": Clock(NOW, False, NOW - HOUR)}, "warn", "not compared"),
    ("silent", {"certificate": Certificate("silent")}, "bad", "does not answer"),
    ("expired", {"certificate": Certificate("expired")}, "bad", "dates do not fit"),
    ("too early", {"certificate": Certificate("early")}, "bad", "dates do not fit"),
    ("a stranger", {"certificate": Certificate("bad")}, "bad", "own authority"),
    ("not renewed", {"certificate": Certificate("good", NOW + HOUR // 2)}, "warn", "not renewed"),
    ("a key unknown", {**REFUSED, "driver_key": "unknown"}, "bad", "Secure Boot keeps the driver wcte13xp"),
    ("a key asked for", {**REFUSED, "driver_key": "asked"}, "bad", "Secure Boot keeps the driver wcte13xp"),
    ("a key confirmed", {**REFUSED, "driver_key": "confirmed"}, "bad", "wcte13xp was refused"),
    ("refused", {"refused_modules": ("wcte13xp",)}, "bad", "wcte13xp was refused"),
    ("a small disk to keep data", {"data_fault": "disk-too-small"}, "bad", "too small"),
    ("damaged data", {"data_fault": "damaged"}, "bad", "could not be repaired"),
    ("another fault", {"data_fault": "odd-thing"}, "bad", "odd-thing"),
]
CLOSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("fraud", {"is_guard_on": True}, "bad", "more were made in an hour"),
    ("damage", {"database_problem": "row 7 missing"}, "bad", "row 7 missing"),
    ("no telephone", {"is_telephone_up": False}, "bad", "telephone service is not running"),
    ("not signed in", {"lines": (LineState("VNPT", True, False),)}, "bad", "VNPT is not signed in"),
    ("out of reach", {"lines": (LineState("VNPT", False, None, False),)}, "bad", "VNPT does not answer"),
    ("settings failed", {"failed_revision": 4}, "bad", "number 4"),
    ("a key unseen", {"is_key_unseen": True}, "warn", "recovery key was never looked at"),
    ("nobody answers", {"queues_without_agents": ("Đặt hẹn",)}, "warn", "Đặt hẹn"),
]


def test_a_healthy_box_is_silent() -> None:
    assert findings(Facts(WELL, OPEN)) == []
    assert exit_code([]) == 0


@pytest.mark.parametrize(
    ("wrong", "severity", "words"), [case[1:] for case in UNWELL], ids=[c[0] for c in UNWELL]
)
def test_a_sick_machine(wrong: dict[str, Any], severity: str, words: str) -> None:
    found = findings(Facts(replace(WELL, **wrong), OPEN))
    assert [finding.severity for finding in found] == [severity]
    message, hint = found[0].sentences(str)
    assert words in message and hint.endswith((".", "caddy")) and "{" not in message + hint
    assert exit_code(found) == (2 if severity == "bad" else 1)


@pytest.mark.parametrize(
    ("wrong", "severity", "words"), [case[1:] for case in CLOSED], ids=[c[0] for c in CLOSED]
)
def test_a_sick_contact_center(wrong: dict[str, Any], severity: str, words: str) -> None:
    found = findings(Facts(WELL, replace(OPEN, **wrong)))
    assert [finding.severity for finding in found] == [severity]
    assert words in found[0].sentences(str)[0]


def test_without_its_data_a_box_has_one_finding() -> None:
    sick = replace(WELL, data_fault="locked", units=(Unit("asterisk", "inactive"), Unit("caddy", "inactive")))
    assert [finding.severity for finding in findings(Facts(sick, None))] == ["bad"]


def test_every_check_was_seen_to_find_something() -> None:
    for name, wrong in (("machine", UNWELL), ("contact", CLOSED)):
        checks = MACHINE_CHECKS if name == "machine" else CONTACT_CHECKS
        base: Any = WELL if name == "machine" else OPEN
        for check in checks:
            assert any(list(check(replace(base, **case[1]))) for case in wrong), check.__name__


def test_the_worst_comes_first_and_a_missing_half_is_said() -> None:
    found = findings(Facts(None, None))
    assert [finding.severity for finding in found] == ["bad", "warn"]


def test_the_names_of_parts_are_translated_and_typed_names_are_not() -> None:
    def shout(text: str) -> str:
        return (
            text.upper().replace("{WORK}", "{work}").replace("{UNIT}", "{unit}").replace("{LINE}", "{line}")
        )

    unit, line = (
        findings(Facts(replace(WELL, units=(Unit("caddy", "failed"),)), OPEN))[0],
        findings(Facts(WELL, replace(OPEN, lines=(LineState("Queues", True, False),))))[0],
    )
    assert "FRONT DOOR OF THE PAGES" in unit.sentences(shout)[0]
    assert "Queues" in line.sentences(shout)[0]
    assert isinstance(Term("x"), str)


def test_facts_survive_the_wire() -> None:
    assert from_plain(to_plain(WELL)) == WELL
    sick = Machine(WELL.release, WELL.clock)
    assert from_plain(to_plain(sick)) == sick


@given(
    st.sampled_from([field.name for field in fields(Machine)]),
    st.none() | st.text() | st.integers() | st.lists(st.text()) | st.dictionaries(st.text(), st.text()),
)
def test_what_is_no_fact_is_refused(name: str, value: object) -> None:
    plain = {**to_plain(WELL), name: value}
    try:
        machine = from_plain(plain)
    except TransientError:
        return
    assert isinstance(machine, Machine)
    findings(Facts(machine, OPEN))
