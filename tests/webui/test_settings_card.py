"""A telephone card that nobody has set up: a few answers, and the rest from the card and the country."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from appliance.store import Store
from appliance.store import site as sites
from appliance.store.site_ports import AnalogPort
from appliance.store.site_spans import Span
from appliance.store.sitemodel import Site
from tests.hw.machines import Machine
from tests.webui import test_ports, test_spans
from tests.webui.browser import Browser
from tests.webui.conftest import SignIn
from tests.webui.test_cards import put

PAGE = f"/settings/card?card={quote(f'pci:{test_spans.CARD}')}"
KEYS = [f"{test_spans.DEVICE}:{port}" for port in (1, 2)]


def isdn(folder: Path) -> Machine:
    machine = Machine(folder)
    machine.pci(test_spans.CARD, "d161:b410:d161:b410", driver="wcb4xxp")
    machine.device(test_spans.CARD, "pci:a", test_spans.DEVICE, {1: "BRI_TE", 2: "BRI_NT"})
    return machine


def saved(boss: Browser, store: Store, page: str = PAGE, **answers: Any) -> Site:
    review = boss.submit(boss.get(page), "/settings/card", **answers)
    assert review.status == 200, review.words
    assert "Phone line “Company” is added" in review.words, review.words
    boss.submit(review, "/settings/card", stage="save")
    with store.read() as db:
        return sites.head(db)[1]


def test_from_the_page_of_the_cards_to_a_line(sign_in: SignIn, store: Store, tmp_path: Path) -> None:
    put(store, test_spans.card(tmp_path))
    boss = sign_in("boss")
    assert PAGE in boss.get("/system/cards").text
    page = boss.get(PAGE)
    assert 'value="e1" checked' in page.text and "ISDN line" not in page.words
    site = saved(boss, store, name="Company", number="028 3825 1234", ports=KEYS)
    device = test_spans.DEVICE
    assert site.spans == (
        Span("d1", 1, "Company 1", device, 1),
        Span("d2", 2, "Company 2", device, 2),
    )
    line = site.lines[-1]
    assert (line.id, line.kind, line.name, line.spans) == ("l2", "card", "Company", ("d1", "d2"))
    assert (site.numbers[-1].number, site.numbers[-1].line_id) == ("+842838251234", "l2")
    # Nothing is left to set up.
    assert PAGE not in boss.get("/system/cards").text
    assert "No free port was found" in boss.get(PAGE).words


def test_the_answers_are_used(sign_in: SignIn, store: Store, tmp_path: Path) -> None:
    put(store, test_spans.card(tmp_path))
    answers = {"type": "t1", "switch": "5ess", "side": "network"}
    site = saved(sign_in("boss"), store, name="Company", ports=KEYS[1:], **answers)
    (span,) = site.spans
    assert (span.name, span.port, span.type, span.switch) == ("Company", 2, "t1", "5ess")
    # Who plays the telephone company gives the beat.
    assert (span.side, span.own_clock, span.crc4) == ("network", True, True)


def test_isdn_lines(sign_in: SignIn, store: Store, tmp_path: Path) -> None:
    put(store, isdn(tmp_path))
    boss = sign_in("boss")
    assert "What does the telephone company call the line?" not in boss.get(PAGE).words
    first = saved(boss, store, name="Company", ports=KEYS[:1]).spans
    assert [(span.type, span.switch, span.multipoint) for span in first] == [("bri", "euroisdn", True)]
    # The only port that is left is chosen already.
    review = boss.submit(boss.get(PAGE), "/settings/card", name="Other", wires="point")
    boss.submit(review, "/settings/card", stage="save")
    with store.read() as db:
        span = sites.head(db)[1].spans[-1]
    assert (span.id, span.port, span.type, span.multipoint) == ("d2", 2, "bri", False)


@pytest.mark.parametrize(
    ("country", "wanted"), [("GB", ("v23", "polarity", "busytone")), ("US", ("bell", "ring", "kewlstart"))]
)
def test_analog_lines_are_as_in_the_country(
    sign_in: SignIn, store: Store, tmp_path: Path, country: str, wanted: tuple[str, str, str]
) -> None:
    put(store, test_ports.card(tmp_path))
    boss = sign_in("boss")
    test_spans.save(boss, "/settings/business", country=country)
    page = boss.get("/system/cards").text.partition("/settings/card?card=")[2].partition('"')[0]
    ports = [f"{test_ports.DEVICE}:1:{at}" for at in (1, 2)]
    site = saved(boss, store, f"/settings/card?card={page}", name="Company", ports=ports)
    assert site.lines[-1].ports == ("x1", "x2") == tuple(one.id for one in site.ports) and not site.spans
    assert {(one.caller_id, one.caller_id_start, one.hangup) for one in site.ports} == {wanted}
    assert {one.number for one in site.ports} == {1}
    assert isinstance(site.ports[0], AnalogPort) and site.ports[1].name == "Company 2"


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"name": "", "ports": KEYS}, "fill"),
        ({"name": "x", "ports": []}, "Choose one of these."),
        ({"name": "x", "ports": ["elsewhere:1"]}, "Choose one of these."),
        ({"name": "x", "ports": KEYS, "type": "t9"}, "This is not one of the choices."),
        ({"name": "x", "ports": KEYS, "switch": "ss7"}, "This is not one of the choices."),
    ],
)
def test_what_does_not_fit_is_refused(
    sign_in: SignIn, store: Store, tmp_path: Path, answers: dict[str, Any], words: str
) -> None:
    put(store, test_spans.card(tmp_path))
    boss = sign_in("boss")
    refused = boss.submit(boss.get(PAGE), "/settings/card", **answers)
    assert refused.status == 422 and words in refused.words, refused.words


def test_a_long_name_has_room_for_the_port(sign_in: SignIn, store: Store, tmp_path: Path) -> None:
    put(store, test_spans.card(tmp_path))
    boss = sign_in("boss")
    review = boss.submit(boss.get(PAGE), "/settings/card", name="N" * 80, ports=KEYS)
    boss.submit(review, "/settings/card", stage="save")
    with store.read() as db:
        spans = sites.head(db)[1].spans
    assert [span.name for span in spans] == ["N" * 78 + " 1", "N" * 78 + " 2"]
