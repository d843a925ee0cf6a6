"""Ports of telephone cards for digital lines: found, set up, made into a phone line, and how they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.hw.dahdi.alarms import BITS
from appliance.store import Store, live
from appliance.store import site as sites
from appliance.store.live import LiveSnapshot
from appliance.store.site_spans import CODINGS, FRAMINGS, SIDES, SWITCHES, TYPES, Span
from appliance.store.sitemodel import Line, Site
from appliance.webui import lines, socket_words, span_words
from tests.hw.machines import Machine
from tests.webui.browser import Browser
from tests.webui.conftest import SignIn
from tests.webui.test_cards import put

CARD = "0000:04:05.0"
DEVICE = "PCI Bus 04 Slot 06"
SPAN = Span("d1", 1, "Company", DEVICE, 2)
SOCKET = {"device": DEVICE, "port": 2, "type": "E1", "card": f"pci:{CARD}", "number": 1, "alarms": []}


def card(folder: Path, numbers: dict[int, int] | None = None, alarms: str = "0x0") -> Machine:
    """A machine with a card of two ports, some of which have the number of a span."""
    machine = Machine(folder)
    machine.pci(CARD, "d161:0220:0004:0000", driver="wct4xxp")
    machine.device(CARD, "pci:a", DEVICE, {1: "E1", 2: "E1"})
    for port, number in (numbers or {}).items():
        facts = {"name": f"TE2/0/{port}", "is_digital": "1", "alarms": alarms, "local_spanno": str(port)}
        machine.span(number, f"{CARD}/pci:a", facts)
    return machine


def save(browser: Browser, path: str, **values: Any) -> None:
    """Fills a form of the settings, looks at what changes, and saves."""
    form = path.partition("?")[0]
    review = browser.submit(browser.get(path), form, **values)
    assert review.status == 200, review.words
    browser.submit(review, form, stage="save")


def test_from_the_page_of_the_cards_to_a_phone_line(sign_in: SignIn, store: Store, tmp_path: Path) -> None:
    put(store, card(tmp_path))
    boss = sign_in("boss")
    page = boss.get("/system/cards")
    assert "2 E1 Not set up yet" in page.words
    new = "/settings/spans/new?socket=PCI%20Bus%2004%20Slot%2006%3A2"
    assert new in page.text
    assert "Port 2 of Digium Wildcard TE220" in boss.get(new).words
    save(boss, new, name="Company", calls="15")
    with store.read() as db:
        (span,) = sites.head(db)[1].spans
    assert span == replace(SPAN, calls=15)
    assert "Company Not in use yet" in boss.get("/system/cards").words
    path = "/settings/lines/new?kind=card&span=d1"
    assert path.replace("&", "&amp;") in boss.get("/settings/spans/d1").text
    save(boss, path, name="Company", number="028 3825 1234")
    with store.read() as db:
        site = sites.head(db)[1]
    assert [(line.id, line.kind, line.spans) for line in site.lines[1:]] == [("l2", "card", ("d1",))]
    assert (site.numbers[1].number, site.numbers[1].line_id) == ("+842838251234", "l2")
    save(boss, "/settings/lines/l2", caller_number="028 3825 1234")
    review = boss.submit(boss.get("/settings/spans/d1"), "/settings/spans/d1/remove")
    for gone in (
        "Card port “Company” is removed",
        "Phone line “Company” is removed",
        "Number “+842838251234”",
    ):
        assert gone in review.words


def test_what_changes_is_said_in_words(sign_in: SignIn, store: Store, tmp_path: Path) -> None:
    put(store, card(tmp_path))
    boss = sign_in("boss")
    save(boss, "/settings/spans/new?socket=PCI%20Bus%2004%20Slot%2006%3A2", name="Company")
    changes: dict[str, Any] = {
        "type": "t1",
        "side": "network",
        "switch": "qsig",
        "clock": "box",
        "coding": "ami",
    }
    review = boss.submit(boss.get("/settings/spans/d1"), "/settings/spans/d1", **changes)
    for words in (
        "E1",
        "T1",
        "A telephone system of yours",
        "Q.SIG",
        "This box",
        "AMI",
        "Who gives the clock",
    ):
        assert words in review.words


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"socket": "", "name": "x"}, "Choose one of these."),
        ({"socket": f"{DEVICE}:99", "name": "x"}, "from 1 to 32"),
        ({"name": "x", "calls": "31"}, "range"),
        ({"name": ""}, "fill"),
    ],
)
def test_what_does_not_fit_is_refused(
    sign_in: SignIn, store: Store, tmp_path: Path, values: dict[str, Any], words: str
) -> None:
    put(store, card(tmp_path))
    boss = sign_in("boss")
    page = boss.get("/settings/spans/new?socket=PCI%20Bus%2004%20Slot%2006%3A2")
    refused = boss.submit(page, "/settings/spans/new", **values)
    assert refused.status == 422 and words in refused.words, refused.words


def test_a_line_needs_a_port(sign_in: SignIn) -> None:
    boss = sign_in("boss")
    page = boss.get("/settings/lines/new?kind=card")
    assert "No port is free." in page.words
    refused = boss.submit(page, "/settings/lines/new", name="Company")
    assert refused.status == 422 and "Choose one of these." in refused.words


def rows(
    socket: dict[str, Any] | None, signal: dict[str, Any] | None, is_up: bool = True
) -> socket_words.Rows:
    found: dict[str, Any] = {kind: {} for kind in live.KINDS}
    found["pbx"] = {"state": {"up": is_up}}
    if socket:
        found["socket"] = {socket_words.key_of(SPAN): {**SOCKET, **socket}}
    if signal:
        found["signal"] = {"1": signal}
    found["line"] = {"i1": {"calls": 3}}
    return found


@pytest.mark.parametrize(
    ("socket", "signal", "is_up", "wanted"),
    [
        (None, None, True, "gone"),
        ({"number": 0}, None, True, "new"),
        ({"alarms": ["red", "los"]}, {"up": False}, True, "red"),
        ({"alarms": ["red", "lfa"]}, {"up": False}, True, "frames"),
        ({"alarms": ["red", "lmfa"]}, {"up": False}, True, "multiframes"),
        ({"alarms": ["blue"]}, {"up": False}, True, "blue"),
        ({"alarms": ["yellow"]}, {"up": False}, True, "yellow"),
        ({"alarms": ["recovering"]}, {"up": False}, True, "recovering"),
        ({"alarms": ["yellow"]}, None, False, "yellow"),
        ({"number": 1}, None, False, "unknown"),
        ({"number": 1}, None, True, "new"),
        ({"number": 1}, {"up": False}, True, "silent"),
        ({"number": 1}, {"up": True}, True, "works"),
    ],
)
def test_how_a_port_is(
    socket: dict[str, Any] | None, signal: dict[str, Any] | None, is_up: bool, wanted: str
) -> None:
    now = socket_words.now_of(SPAN, rows(socket, signal, is_up))
    assert (now.state, now.calls) == (wanted, 3)


def test_everything_has_words() -> None:
    assert set(socket_words.ALARMS) == set(BITS)
    assert set(socket_words.ALARMS.values()) <= set(socket_words.STATES)
    assert set(span_words.TYPES) == set(TYPES) and set(span_words.SIDES) == set(SIDES)
    assert set(span_words.SWITCHES) == set(SWITCHES)
    assert set(span_words.FRAMINGS) == set(FRAMINGS) and set(span_words.CODINGS) == set(CODINGS)


def test_a_line_is_as_its_ports_are(sign_in: SignIn, store: Store, tmp_path: Path) -> None:
    put(store, card(tmp_path))
    boss = sign_in("boss")
    for port in (1, 2):
        save(boss, f"/settings/spans/new?socket=PCI%20Bus%2004%20Slot%2006%3A{port}", name=f"Port {port}")
    with store.read() as db:
        number, site = sites.head(db)
    line = {"id": "l2", "kind": "card", "name": "Company", "spans": ["d1", "d2"]}
    document = site.to_dict()
    with store.change() as change:
        sites.save(change, Site.from_dict({**document, "lines": [*document["lines"], line]}), "", "", number)
        live.put(change, "pbx", "state", {"up": True, "since": change.now})
        for up in ("1", "2"):
            live.put(change, "signal", up, {"up": True})
    put(store, card(tmp_path / "on", {1: 1, 2: 2}))
    now = "/settings/lines/l2/now"
    assert boss.get(now).words.count("Works") == 3
    put(store, card(tmp_path / "off", {1: 1, 2: 2}, "0x4"))
    assert "they do not hear us" in boss.get(now).words
    with store.change() as change:
        live.put(change, "signal", "2", {"up": False})
    put(store, card(tmp_path / "part", {1: 1, 2: 2}))
    words = boss.get(now).words
    assert "Works in part" in words and "No signalling" in words and "D channel down" in words
    assert "Port 1, Port 2" in boss.get("/settings/lines").words
    put(store, Machine(tmp_path / "none"))
    assert "Set up, but not there" in boss.get("/system/cards/now").words


def test_the_ends_of_a_profile_are_not_for_lines(sign_in: SignIn, store: Store, tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.device("virtual", "dynamic:loc:1", "", {1: "DYNAMIC"})
    machine.span(17, "virtual/dynamic:loc:1", {"name": "DYN/loc/1:0", "is_digital": "1", "local_spanno": "1"})
    machine.device("virtual", "dynamic:loc:2", "", {1: "DYNAMIC"})
    put(store, machine)
    page = sign_in("boss").get("/system/cards/now")
    assert "1 Kept for trying the box" in page.words and "1 Not set up yet" in page.words
    assert page.text.count("/settings/spans/new") == 1


def test_an_isdn_line_is_set_up(sign_in: SignIn, store: Store, tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.pci(CARD, "d161:b410:d161:b410", driver="wcb4xxp")
    machine.device(CARD, "pci:a", DEVICE, {1: "BRI_TE", 2: "BRI_NT"})
    put(store, machine)
    boss = sign_in("boss")
    assert "2 BRI Not set up yet" in boss.get("/system/cards").words
    page = boss.get("/settings/spans/new?socket=PCI%20Bus%2004%20Slot%2006%3A2")
    assert 'value="bri" checked' in page.text and "Port 2 of Digium Wildcard B410P" in page.words
    save(boss, "/settings/spans/new?socket=PCI%20Bus%2004%20Slot%2006%3A2", name="Company", calls="2")
    with store.read() as db:
        (span,) = sites.head(db)[1].spans
    assert span == replace(SPAN, type="bri", multipoint=True, calls=2)


@pytest.mark.parametrize(
    ("alarms", "is_up", "multipoint", "wanted"),
    [
        (["red"], False, True, "resting"),
        ([], False, True, "resting"),
        (["red"], True, True, "works"),
        (["yellow"], False, True, "yellow"),
        (["red"], False, False, "red"),
        ([], False, False, "silent"),
    ],
)
def test_a_line_of_several_devices_may_rest(
    alarms: list[str], is_up: bool, multipoint: bool, wanted: str
) -> None:
    span = replace(SPAN, type="bri", multipoint=multipoint)
    found = rows({"type": "BRI_TE", "alarms": alarms}, {"up": is_up})
    assert socket_words.now_of(span, found).state == wanted


@pytest.mark.parametrize(
    ("up", "alarms", "wanted"),
    [
        ((False, False), [], "card-resting"),
        ((False, True), [], "card-works"),
        ((False, False), ["yellow"], "card-yellow"),
        ((True, False), ["yellow"], "part"),
    ],
)
def test_one_port_that_rests_is_no_fault_of_its_line(
    up: tuple[bool, bool], alarms: list[str], wanted: str
) -> None:
    """And hides none of another port."""
    first = replace(SPAN, type="bri", multipoint=True)
    second = replace(first, id="d2", number=2, port=1)
    site = replace(Site(), spans=(first, second))
    found: Any = rows({"type": "BRI_TE"}, {"up": up[0]})
    found["socket"] |= {
        socket_words.key_of(second): {**SOCKET, "type": "BRI_TE", "port": 1, "number": 2, "alarms": alarms}
    }
    found["signal"] |= {"2": {"up": up[1]}}
    line = Line("l2", "card", "Company", spans=("d1", "d2"))
    assert lines.now_of(line, site, LiveSnapshot(0, found)).state == wanted
