"""Analog ports of telephone cards on the pages: found, set up, made into a phone line, and how they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.store import Store, live
from appliance.store import site as sites
from appliance.store.site_ports import CALLER_ID_STARTS, CALLER_IDS, HANGUPS, AnalogPort
from appliance.webui import analog_words
from tests.hw.machines import Machine
from tests.webui.conftest import SignIn
from tests.webui.test_cards import put
from tests.webui.test_spans import save

CARD = "0000:05:05.0"
DEVICE = "PCI Bus 05 Slot 05"
PORT = AnalogPort("x1", 1, "Shop", DEVICE, 1, 2, hangup="busytone")
NEW = "/settings/ports/new?socket=PCI%20Bus%2005%20Slot%2005%3A1%3A2"


def card(folder: Path, signalling: str = "", kind: str = "ANALOG_MIXED") -> Machine:
    """A machine with a card of four ports, of which the second is set up if that is said."""
    machine = Machine(folder)
    machine.pci(CARD, "d161:8005:d161:8005", driver="wctdm24xxp")
    machine.device(CARD, "pci:d", DEVICE, {1: kind})
    if signalling:
        channels = "".join(f" {at} WCTDM/0/{at - 1} {signalling if at == 2 else ''}\n" for at in range(1, 5))
        facts = {"name": "WCTDM/0", "is_digital": "0", "local_spanno": "1", "basechan": "1", "channels": "4"}
        machine.span(1, f"{CARD}/pci:d", facts, f'Span 1: WCTDM/0 "Wildcard TDM410P"\n{channels}')
    return machine


def test_from_the_page_of_the_cards_to_a_phone_line(sign_in: SignIn, store: Store, tmp_path: Path) -> None:
    put(store, card(tmp_path))
    boss = sign_in("boss")
    page = boss.get("/system/cards")
    assert "Set up each port that a telephone line is in." in page.words
    assert page.text.count("/settings/ports/new?socket=") == 4 and NEW in page.text
    shown = boss.get(NEW)
    assert "Port 2 of Digium Wildcard TDM410P" in shown.words
    # Once its number is dialled, any reversal is a hang-up unless the next one is said to be the answer.
    assert "that somebody answered, say so below" in shown.words
    save(boss, NEW, name="Shop", panel="A-12")
    with store.read() as db:
        assert sites.head(db)[1].ports == (replace(PORT, panel="A-12"),)
    words = boss.get("/system/cards").words
    assert "2 Telephone line Shop Not in use yet" in words
    path = "/settings/lines/new?kind=card&port=x1"
    assert path.replace("&", "&amp;") in boss.get("/settings/ports/x1").text
    assert "in for the first of these numbers" in boss.get(path).words
    save(boss, path, name="Shop", number="028 3825 1234")
    with store.read() as db:
        site = sites.head(db)[1]
    assert [(line.id, line.kind, line.ports, line.spans) for line in site.lines[1:]] == [
        ("l2", "card", ("x1",), ())
    ]
    assert (site.numbers[1].number, site.numbers[1].line_id) == ("+842838251234", "l2")
    assert "2 Telephone line Shop A-12 Shop 3" in boss.get("/system/cards/wiring").words
    review = boss.submit(boss.get("/settings/ports/x1"), "/settings/ports/x1/remove")
    for gone in ("Card port “Shop” is removed", "Phone line “Shop” is removed", "Number “+842838251234”"):
        assert gone in review.words


def test_ports_of_one_card_share_its_number(sign_in: SignIn, store: Store, tmp_path: Path) -> None:
    put(store, card(tmp_path))
    boss = sign_in("boss")
    for at in (2, 4):
        save(boss, NEW[:-1] + str(at), name=f"Port {at}")
    save(boss, "/settings/ports/x1", name="First")
    with store.read() as db:
        ports = sites.head(db)[1].ports
    assert [(port.number, port.port, port.channel) for port in ports] == [(1, 2, 2), (1, 4, 4)]
    options = boss.get(NEW[:-1] + "1").text
    assert f'value="{DEVICE}:1:1"' in options and f'value="{DEVICE}:1:2"' not in options


def test_another_name_leaves_a_port_its_number(sign_in: SignIn, store: Store, tmp_path: Path) -> None:
    """Also when a lower one is free by now."""
    shop = replace(PORT, number=2)
    with store.change() as change:
        number, now = sites.head(change.db)
        sites.save(change, replace(now, ports=(shop,)), "boss", "", number)
    put(store, card(tmp_path))
    save(sign_in("boss"), "/settings/ports/x1", name="Other")
    with store.read() as db:
        assert sites.head(db)[1].ports == (replace(shop, name="Other"),)


def test_what_is_usual_in_the_country_is_chosen(sign_in: SignIn, store: Store, tmp_path: Path) -> None:
    put(store, card(tmp_path))
    boss = sign_in("boss")
    for country, wanted in (("GB", ("v23", "polarity", "busytone")), ("US", ("bell", "ring", "kewlstart"))):
        save(boss, "/settings/business", country=country)
        text = boss.get(NEW).text
        assert f'<option value="{wanted[0]}" selected>' in text
        assert f'<option value="{wanted[1]}" selected>' in text
        assert f'value="{wanted[2]}" checked' in text
        assert "What is usual in your country is chosen already." in text
        assert f"as your country does: {'UK' if country == 'GB' else 'FCC'}." in text
    save(boss, "/settings/business", country="VN")
    text = boss.get(NEW).text
    assert "does not know what is usual in your country" in text
    assert "treats the line as in North America (FCC)" in text


def test_what_changes_is_said_in_words(sign_in: SignIn, store: Store, tmp_path: Path) -> None:
    put(store, card(tmp_path))
    boss = sign_in("boss")
    save(boss, NEW, name="Shop")
    changes: dict[str, Any] = {"caller_id": "dtmf", "caller_id_start": "polarity", "hangup": "polarity"}
    review = boss.submit(
        boss.get("/settings/ports/x1"), "/settings/ports/x1", answer_on_polarity="1", **changes
    )
    for words in (
        "Tones, as keys make them",
        "After a reversal of polarity",
        "By a reversal",
        "call out was answered",
    ):
        assert words in review.words


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"socket": "", "name": "x"}, "Choose one of these."),
        ({"socket": f"{DEVICE}:1:99", "name": "x"}, "from 1 to 32"),
        ({"socket": f"{DEVICE}:1:x", "name": "x"}, "from 1 to 32"),
        ({"name": "x", "caller_id_start": "dtmf"}, "Bell 202 comes after the first ring"),
        ({"name": ""}, "fill"),
    ],
)
def test_what_does_not_fit_is_refused(
    sign_in: SignIn, store: Store, tmp_path: Path, values: dict[str, Any], words: str
) -> None:
    put(store, card(tmp_path))
    boss = sign_in("boss")
    refused = boss.submit(boss.get(NEW), "/settings/ports/new", **values)
    assert refused.status == 422 and words in refused.words, refused.words


@pytest.mark.parametrize(
    ("signalling", "is_up", "wanted"),
    [
        ("", True, "new"),
        ("FXSKS", True, "new"),
        ("FXSKS (In use)", True, "works"),
        ("FXSKS (In use) RED", True, "red"),
        ("FXSKS RED", False, "red"),
        ("FXSKS (In use)", False, "unknown"),
    ],
)
def test_how_a_port_is(store: Store, tmp_path: Path, signalling: str, is_up: bool, wanted: str) -> None:
    put(store, card(tmp_path, signalling))
    with store.change() as change:
        live.put(change, "pbx", "state", {"up": is_up, "since": change.now})
        live.put(change, "line", "c2", {"calls": 1})
    with store.read() as db:
        rows = live.snapshot(db).rows
    now = analog_words.now_of(PORT, rows)
    assert (now.state, now.calls) == (wanted, 1)
    assert analog_words.now_of(replace(PORT, device="elsewhere"), rows).state == "gone"


def test_a_line_is_as_its_ports_are(sign_in: SignIn, store: Store, tmp_path: Path) -> None:
    put(store, card(tmp_path))
    boss = sign_in("boss")
    save(boss, NEW, name="Shop")
    save(boss, "/settings/lines/new?kind=card&port=x1", name="Shop")
    with store.change() as change:
        live.put(change, "pbx", "state", {"up": True, "since": change.now})
    put(store, card(tmp_path / "on", "FXSKS (In use)"))
    assert boss.get("/settings/lines/l2/now").words.count("Works") == 2
    put(store, card(tmp_path / "out", "FXSKS (In use) RED"))
    words = boss.get("/settings/lines/l2/now").words
    assert words.count("No battery") == 2 and "The cable is not connected" in words
    assert "No battery" in boss.get("/settings/ports/x1/now").words
    assert "Shop" in boss.get("/settings/lines").words
    put(store, Machine(tmp_path / "none"))
    assert "Set up, but not there" in boss.get("/system/cards/now").words


def test_ports_for_telephones_are_not_for_lines(sign_in: SignIn, store: Store, tmp_path: Path) -> None:
    put(store, card(tmp_path, kind="FXS"))
    page = sign_in("boss").get("/system/cards/now")
    assert "1 Telephone For a telephone" in page.words and "/settings/ports/new" not in page.text


def test_everything_has_words() -> None:
    assert set(analog_words.CALLER_IDS) == set(CALLER_IDS) and set(analog_words.HANGUPS) == set(HANGUPS)
    assert set(analog_words.STARTS) == set(CALLER_ID_STARTS)
    assert set(analog_words.LABELS) == set(AnalogPort.__dataclass_fields__) - {"id"}
