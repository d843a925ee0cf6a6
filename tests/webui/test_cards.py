"""The page of the telephony cards: each in words that tell what to do, live, for administrators alone."""

from __future__ import annotations

import threading
import urllib.parse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from appliance.hw import cards, finding, watch
from appliance.hw.dahdi import alarms
from appliance.settings import Settings
from appliance.store import Store, live, requests
from appliance.webui import card_words
from appliance.webui.incoming import CARD_FILE, CARD_FILE_MAX
from tests.hw.dahdi import real
from tests.hw.machines import Machine
from tests.webui import card_file
from tests.webui.browser import Page
from tests.webui.card_file import Root
from tests.webui.conftest import SignIn

TABLE = cards.load()


def put(store: Store, machine: Machine, *, is_locked: bool = False) -> None:
    """What foyer-hw keeps of this machine."""
    rows = watch.Looker(TABLE, machine.places, is_locked=is_locked).look().rows
    with store.change() as change:
        for kind, of_kind in rows.items():
            live.replace(change, kind, of_kind)


def test_every_state_and_alarm_has_words() -> None:
    assert set(card_words.STATES) == set(get_args(finding.State))
    assert set(card_words.LINES) == set(get_args(cards.Line))
    for words, kind, advice in card_words.STATES.values():
        assert words and bool(advice) == (kind != "good")
    # The last three say why it is red.
    assert {*card_words.ALARMS, "los", "lfa", "lmfa"} == set(alarms.BITS)


def test_it_is_for_administrators(sign_in: SignIn) -> None:
    for path in ("/system/cards", "/system/cards/now"):
        assert sign_in("lead").get(path).status == 403


def test_no_card(sign_in: SignIn, store: Store, tmp_path: Path) -> None:
    boss = sign_in("boss")
    page = boss.get("/system/cards")
    assert "Not looked yet" in page.words and 'data-fragment="/system/cards/now"' in page.text
    put(store, Machine(tmp_path / "own"))
    assert (
        "Put one into the machine while it is off. When you have connected one at a USB port"
        in boss.get("/system/cards").words
    )
    put(store, Machine(tmp_path / "inside", ()))
    assert "This box runs inside another machine" in boss.get("/system/cards/now").words
    assert "/system/cards" in boss.get("/system").text


def test_a_card_with_a_cable_out(sign_in: SignIn, store: Store, tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.pci("0000:04:05.0", "d161:8005:d161:8005", driver="wctdm24xxp")
    machine.slot("3", "0000:04:05")
    machine.span(1, "0000:04:05.0/pci:0000:04:05.0", {"name": "WCTDM/0", "is_digital": "0"}, real.SIXTEEN_FXO)
    put(store, machine)
    words = sign_in("boss").get("/system/cards/now").words
    for wanted in ("Digium Wildcard TDM410P", "Works", "Slot number 3 on", "wctdm24xxp", "telephone lines"):
        assert wanted in words
    assert (
        "1 Telephone line No battery The cable is not connected" in words
        and "2 Telephone line Connected" in words
    )
    assert "If callers hear an echo" in words and "dahdi-fw-vpmoct032.bin" in words


@pytest.mark.parametrize(
    ("device", "is_locked", "loaded", "wanted"),
    [
        ("d161:8005:0000:0000", False, (), ("Digium Wildcard TDM410P", "Waits for its driver", "Look again")),
        ("d161:8005:0000:0000", True, (), ("Kept out by Secure Boot", "Let the drivers in")),
        ("d161:8005:0000:0000", False, ("wctdm24xxp",), ("Does not answer", "into its slot")),
        ("d161:800e:0000:0000", False, ("wcte43x",), ("A file is missing", "dahdi-fw-te435.bin", "13001e")),
        ("1923:0100:a114:4213", False, (), ("Sangoma A104d", "Not supported", "wanpipe")),
        ("d161:ffff:0000:0000", False, (), ("A card of Digium", "Not known", "d161:ffff:0000:0000")),
        ("1397:ffff:0000:0000", False, (), ("A telephone card", "Not known")),
        ("e159:0001:b119:0003", False, (), ("No drivers here", "inside another machine")),
    ],
)
def test_a_card_in_need(
    sign_in: SignIn,
    store: Store,
    tmp_path: Path,
    device: str,
    is_locked: bool,
    loaded: tuple[str, ...],
    wanted: tuple[str, ...],
) -> None:
    machine = Machine(tmp_path)
    machine.pci("0000:04:05.0", device)
    machine.load(*loaded)
    put(store, machine, is_locked=is_locked)
    words = sign_in("boss").get("/system/cards").words
    for one in (*wanted, "04:05.0"):
        assert one in words


def test_lines_without_a_card(sign_in: SignIn, store: Store, tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    for number, alarm in ((1, "0x0"), (2, "0x4")):
        facts = {"name": f"DYN/loc/1:{number}", "is_digital": "1", "channels": "31", "alarms": alarm}
        machine.span(number, "dahdi_dynamic", facts)
    put(store, machine)
    words = sign_in("boss").get("/system/cards/now").words
    assert "Lines without a card" in words and "No telephone card" in words
    assert "1 Connected" in words and "2 Not heard The other side does not hear the box." in words


def test_a_row_of_another_release_is_left_out(sign_in: SignIn, store: Store) -> None:
    with store.change() as change:
        live.put(change, "card", "pci:x", {"state": "of tomorrow"})
        live.put(change, "dahdi", "state", {"built": True})
    assert "No telephone card" in sign_in("boss").get("/system/cards/now").words


def test_looking_again(sign_in: SignIn, store: Store) -> None:
    asked: list[Any] = []

    def answer() -> None:
        stop = threading.Event()
        while not stop.wait(0.02) and not asked:
            with store.read() as db:
                if not requests.is_waiting(db, watch.TARGET):
                    continue
            with store.change() as change:
                if request := requests.claim(change, watch.TARGET):
                    asked.append(request)
                    requests.finish(change, request.id, True, {})

    boss = sign_in("boss")
    thread = threading.Thread(target=answer)
    thread.start()
    try:
        page = boss.submit(boss.get("/system/cards"), "/system/cards")
    finally:
        asked.append(None)
        thread.join(60)
    assert "The machine was looked through." in page.words and asked[0].kind == "look"


@pytest.mark.slow
def test_nobody_looks(sign_in: SignIn) -> None:
    boss = sign_in("boss")
    assert "Nobody looks for cards just now." in boss.submit(boss.get("/system/cards"), "/system/cards").words


@pytest.fixture
def root(settings: Settings) -> Iterator[Root]:
    with card_file.served(settings) as served:
        yield served


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """As conftest's, with root and what is handed to it at places of their own."""
    made = replace(
        settings, privileged_socket=tmp_path / "root.sock", card_file=tmp_path / "given" / "archive"
    )
    made.card_file.parent.mkdir()
    return made


def test_the_page_says_what_to_download(sign_in: SignIn, store: Store, tmp_path: Path) -> None:
    card_file.wait_for(store, b"x", tmp_path)
    page = sign_in("boss").get("/system/cards")
    assert "A file is missing" in page.words and "without unpacking it" in page.words
    assert "firmware/releases/dahdi-fw-te435-13001e.tar.gz" in page.words and "data-card-file" in page.text
    machine = Machine(tmp_path / "astribank")
    machine.usb("3-2", "e4e4:1160")
    machine.load("xpp_usb")
    put(store, machine)
    page = sign_in("boss").get("/system/cards")
    assert "so the box takes none" in page.words and "data-card-file" not in page.text


def token_of(page: Page, action: str) -> dict[str, str]:
    """What a script of this page sends with a file."""
    return {"X-CSRF": dict(page.form(action).fields)["csrf"], "HX-Request": "true"}


@pytest.mark.slow
def test_a_file_is_handed_to_root(sign_in: SignIn, store: Store, root: Root, tmp_path: Path) -> None:
    card_file.wait_for(store, b"the maker's", tmp_path)
    boss = sign_in("boss")
    token = token_of(boss.get("/system/cards"), "/system/cards")
    assert boss.request("POST", CARD_FILE, b"the maker's", headers={}).status == 403
    lead = sign_in("lead")
    stranger = token_of(lead.get("/account/password"), "/account/password")
    assert lead.request("POST", CARD_FILE, b"the maker's", headers=stranger).status == 403
    refused = boss.request("POST", CARD_FILE, b"something else", headers=token)
    assert refused.status == 400 and "Download" in urllib.parse.unquote(refused.header("X-Foyer-Problem"))
    assert root.asked == []
    taken = boss.request("POST", CARD_FILE, b"the maker's", headers=token)
    assert taken.status == 200 and "The box has the file." in taken.text
    assert root.asked == ["load_firmware"] and root.found == b"the maker's"
    root.fails = True
    assert boss.request("POST", CARD_FILE, b"the maker's", headers=token).status == 503
    assert list((tmp_path / "given").iterdir()) == [], "what was handed over is gone"
    assert "Uploaded a file of a card's maker" in boss.get("/audit").words
    large = boss.request("POST", CARD_FILE, bytes(CARD_FILE_MAX + 1), headers=token)
    assert large.status in (400, 413) and root.asked == ["load_firmware"] * 2


def test_a_card_in_use_takes_its_new_file_at_the_next_start(
    sign_in: SignIn, store: Store, tmp_path: Path
) -> None:
    machine = Machine(tmp_path)
    machine.pci("0000:04:05.0", "d161:8005:d161:8005", driver="wctdm24xxp")
    machine.firmware("dahdi-fw-vpmoct032.bin")
    machine.places.loaded_with.mkdir()
    (machine.places.loaded_with / "0000:04:05.0").touch()
    put(store, machine)
    assert "At the next start" in sign_in("boss").get("/system/cards").words
