"""The wiring sheet: what is plugged in where, on the page and on paper."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest

from appliance.store import Store
from appliance.store import site as sites
from appliance.store.sitemodel import Site
from appliance.webui import wiring
from appliance.webui.app import Application
from tests.hw.dahdi import real
from tests.hw.machines import Machine
from tests.webui.conftest import SignIn
from tests.webui.real_browser import PHONE, served, signed_in
from tests.webui.test_cards import put
from tests.webui.test_spans import DEVICE, card

ANALOG = "0000:05:05.0"


def set_up(store: Store, folder: Path) -> Machine:
    """A digital card with one port set up, an analog one, and a port of a card that is gone."""
    with store.read() as db:
        number, site = sites.head(db)
    document = site.to_dict()
    document["spans"] = [
        {"id": "d1", "number": 1, "name": "Đường số 1", "panel": "แผง A-12", "device": DEVICE, "port": 1},
        {"id": "d2", "number": 2, "name": "خط دوم", "panel": "", "device": "PCI Bus 09 Slot 01", "port": 3},
    ]
    document["lines"].append({"id": "l7", "kind": "card", "name": "Viettel", "spans": ["d1"]})
    with store.change() as change:
        sites.save(change, Site.from_dict(document), "", "", number)
    machine = card(folder, {1: 1})
    machine.pci(ANALOG, "d161:8005:d161:8005", driver="wctdm24xxp")
    machine.slot("3", ANALOG.partition(".")[0])
    machine.span(5, f"{ANALOG}/pci:{ANALOG}", {"name": "WCTDM/0", "is_digital": "0"}, real.SIXTEEN_FXO)
    put(store, machine)
    return machine


def test_what_is_where(sign_in: SignIn, store: Store, tmp_path: Path) -> None:
    set_up(store, tmp_path)
    words = sign_in("boss").get("/system/cards/wiring").words
    for wanted in (
        "Digium Wildcard TE220",
        "1 E1 Đường số 1 แผง A-12 Viettel 2 E1 Digium Wildcard TDM410P",
        "Slot number 3 on the board",
        "1 Telephone line 2 Telephone line",
        "Lines without a card",
        "3 E1 خط دوم",
        "Digital lines: E1, T1, J1",
        "1 white and orange comes in 2 orange comes in 4 blue goes out 5 white and blue goes out",
        "3 red the line 4 green the line",
        "Labels for the cables แผง A-12 Đường số 1 Port 1",
    ):
        assert wanted in words, words
    assert "ISDN lines (BRI)" not in words


def test_without_a_card_all_plugs_are_shown(sign_in: SignIn) -> None:
    words = sign_in("boss").get("/system/cards/wiring").words
    assert "No telephone card was found" in words and "ISDN lines (BRI)" in words and "RJ11" in words
    assert "/system/cards/wiring" in sign_in("boss").get("/system/cards").text


@pytest.mark.parametrize(
    ("device", "ports", "may_share"),
    [
        ("d161:0410:0003:0000", 4, False),
        ("d161:2400:0000:0000", 24, True),
        # A plug for each port, which the card does not tell: the note says what it depends on.
        ("d161:0800:0000:0000", 8, True),
        ("d161:b410:d161:b410", 4, False),
    ],
)
def test_a_card_without_a_driver_shows_the_ports_that_it_has(
    sign_in: SignIn, store: Store, tmp_path: Path, device: str, ports: int, may_share: bool
) -> None:
    machine = Machine(tmp_path)
    machine.pci(ANALOG, device)
    put(store, machine)
    page = sign_in("boss").get("/system/cards/wiring")
    assert page.text.count('<tr><th scope="row" class="numeric">') >= ports
    assert (wiring.SEVERAL in page.words) == may_share
    assert wiring.SEVERAL.startswith("If this card has fewer plugs than ports")


def test_every_wire_has_a_style() -> None:
    css = (Path(wiring.__file__).parent / "static/system-wiring.css").read_text("utf-8")
    for plug in wiring.PLUGS.values():
        for number, wire, _words, _use in plug.pins:
            assert f".wire-{wire} " in css and f".plug .wire-{wire}" in css and number <= plug.places


@pytest.mark.browser
@pytest.mark.usefixtures("box")
def test_it_is_printed_as_a_pdf(app: Application, store: Store, tmp_path: Path) -> None:
    set_up(store, tmp_path / "machine")
    with served(app) as address, signed_in(address, tmp_path / "browser", PHONE) as browser:
        browser.open("/system/cards/wiring")
        browser.sees("Viettel")
        assert browser.find("[data-print]").is_displayed()
        assert browser.script("return document.documentElement.scrollWidth <= innerWidth")
        printed: dict[str, Any] = browser.driver.execute_cdp_cmd("Page.printToPDF", {"paperWidth": 8.27})
    pdf = base64.b64decode(printed["data"])
    pages = re.findall(rb"/Type\s*/Page\b", pdf)
    assert pdf.startswith(b"%PDF-") and 1 <= len(pages) <= 2
