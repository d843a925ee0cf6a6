"""The picture of a card: its plugs in their order, each with a lamp that is told by its shape as well, and
with what is behind it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from appliance.store import Store, live, users
from appliance.webui import card_words, socket_words
from appliance.webui.app import Application
from appliance.webui.assets import STATIC_ROOT
from appliance.webui.brackets import LAMPS
from tests.hw.machines import Machine
from tests.until import until
from tests.webui.conftest import SignIn
from tests.webui.real_browser import PHONE, served, signed_in
from tests.webui.test_cards import put
from tests.webui.test_spans import card
from tests.webui.test_wiring import ANALOG, set_up

PICTURE = re.compile(r"<svg class=\"plug-picture.*?</svg>", re.DOTALL)


def lamps(html: str) -> list[str]:
    """The lamps of a page, in their order."""
    return re.findall(r'class="lamp lamp-(\w+)"', html)


def speaks(store: Store, number: int, is_up: bool = True) -> None:
    """The exchange behind a span answers, or does not."""
    with store.change() as change:
        live.put(change, "pbx", "state", {"up": True, "since": change.now})
        live.put(change, "signal", str(number), {"up": is_up})


def test_a_lamp_for_each_port(sign_in: SignIn, store: Store, tmp_path: Path) -> None:
    set_up(store, tmp_path / "on")
    speaks(store, 1)
    boss = sign_in("boss")
    page = boss.get("/system/cards/now")
    # The digital card; the analog one, of whose three lines the middle one has battery, and whose fourth
    # place is empty; a port that is gone.
    assert lamps(page.text) == ["good", "dark", "bad", "good", "bad", "dark", "bad"]
    assert page.text.count('class="plug-hole"') == 6
    assert "1 E1 Đường số 1 Works Patch panel: แผง A-12 · Phone line: Viettel" in page.words
    assert (
        "1 Telephone line No battery The cable is not connected, or the provider's side is off." in page.words
    )
    speaks(store, 1, is_up=False)
    assert lamps(boss.get("/system/cards/now").text)[0] == "bad"
    for bits, wanted in (("0x4", "bad"), ("0x1", "warn"), ("0x8", "bad"), ("0x0", "bad")):
        put(store, card(tmp_path / bits, {1: 1}, bits))
        assert lamps(boss.get("/system/cards/now").text)[0] == wanted


def test_plugs_of_a_card_without_a_driver_are_dark(sign_in: SignIn, store: Store, tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.pci(ANALOG, "d161:0800:0000:0000")
    put(store, machine)
    page = sign_in("boss").get("/system/cards/now")
    assert lamps(page.text) == ["dark"] * 8
    assert "Drawn by number, with 1 on top." in page.words and "several are in one" in page.words
    # Two of the four ports of such a card may be there: nobody knows before its driver runs.
    machine = Machine(tmp_path / "either")
    machine.pci(ANALOG, "d161:800e:0000:0000")
    put(store, machine)
    page = sign_in("boss").get("/system/cards/now")
    assert lamps(page.text) == [] and "Drawn by number" not in page.words


def test_plugs_look_like_those_of_the_card(sign_in: SignIn, store: Store, tmp_path: Path) -> None:
    """Eight contacts for digital lines, four for analog ones."""
    set_up(store, tmp_path)
    found = PICTURE.findall(sign_in("boss").get("/system/cards/now").text)
    contacts = [re.search(r'plug-contacts" d="([^"]+)"', one) for one in found]
    assert [one[1].count("v") if one else 0 for one in contacts] == [8, 8, 4, 4, 4, 4, 0]


def test_ports_without_a_card_have_no_plug(sign_in: SignIn, store: Store, tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.span(1, "dahdi_dynamic", {"name": "DYN/loc/1:1", "is_digital": "1", "alarms": "0x4"})
    put(store, machine)
    page = sign_in("boss").get("/system/cards/now")
    assert lamps(page.text) == ["bad"] and "plug-hole" not in page.text
    assert 'class="bracket bracket-none"' in page.text


def test_every_lamp_has_a_color_and_a_shape() -> None:
    css = (STATIC_ROOT / "system-cards.css").read_text("utf-8")
    assert all(f".lamp-{lamp} " in css for lamp in (*LAMPS, "dark"))
    badges = {words[1] for words in (*card_words.ALARMS.values(), *socket_words.STATES.values())}
    assert badges >= set(LAMPS)


@pytest.mark.browser
# cheroot closes its streams under their feet when it is stopped in mid-test.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_cable_comes_out_while_one_looks(
    app: Application, store: Store, box: dict[str, str], tmp_path: Path
) -> None:
    """On a phone, in a language that is read from right to left."""
    with store.change() as change:
        users.set_language(change, box["boss"], "fa")
    set_up(store, tmp_path / "machine")
    speaks(store, 1)
    with served(app) as address, signed_in(address, tmp_path / "browser", PHONE) as browser:
        browser.open("/system/cards")
        browser.sees("Viettel")
        assert len(browser.all(".lamp-good")) == 2
        browser.script("document.querySelector('.bracket a[href^=\"/system/cards/port\"]').focus()")
        focused = browser.script("return document.activeElement.id")
        put(store, card(tmp_path / "out", {1: 1}, "0x108"))
        until(lambda: not browser.all(".lamp-good"), 10, "the lamp to change")
        assert browser.all(".lamp-bad")
        assert browser.script(
            "const of = (css) => document.querySelector(css).getBoundingClientRect().x;"
            "return of('.bracket-metal') > of('.bracket-words')"
        ), "the metal is where a line begins"
        assert focused and browser.script("return document.activeElement.id") == focused
        assert browser.script("return document.documentElement.scrollWidth <= innerWidth")
        # The lamp is what a colour-blind person or a printer leaves of it.
        assert browser.script("return document.querySelector('.lamp-bad .lamp-shape').getBBox().width > 20")
