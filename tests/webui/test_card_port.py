"""The page of one port: how it is, and what went wrong on it, as bars and as a table."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from appliance.store import Store, port_history
from appliance.store.port_history import ALARMS, COUNTERS, QUARTER_MS, Quarter
from appliance.webui import port_charts
from appliance.webui.app import Application
from tests.webui.conftest import SignIn
from tests.webui.real_browser import PHONE, served, signed_in
from tests.webui.test_cards import put
from tests.webui.test_spans import DEVICE, card
from tests.webui.test_wiring import set_up

PATH = "/system/cards/port?socket=PCI%20Bus%2004%20Slot%2006%3A1"
NOW = 1_900_000 * QUARTER_MS + 60_000


def went_wrong(store: Store, ago: int = 0, **counts: int) -> None:
    """So many quarters of an hour ago, on the first port."""
    with store.change() as change:
        at = change.now - change.now % QUARTER_MS - ago * QUARTER_MS
        port_history.add(change, at, {f"{DEVICE}:1": {"seen": 900_000, **counts}})


def test_it_is_reached_from_the_picture_of_the_card(sign_in: SignIn, store: Store, tmp_path: Path) -> None:
    set_up(store, tmp_path)
    boss = sign_in("boss")
    assert f'href="{PATH}"' in boss.get("/system/cards").text
    assert f'href="{PATH}"' in boss.get("/settings/spans/d1").text
    page = boss.get(PATH)
    for words in ("Đường số 1", "Port 1 · E1 · Digium Wildcard TE220", "แผง A-12", "Phone line: Viettel"):
        assert words in page.words
    assert "None so far." in page.words and "The box has not watched this port" in page.words
    assert 'data-fragment="/system/cards/port/now?socket=' in page.text
    # A port that is gone keeps its page, and one that is not set up has one.
    assert "Not found" in boss.get("/system/cards/port?socket=PCI%20Bus%2009%20Slot%2001%3A3").words
    assert "Set it up" in boss.get("/system/cards/port?socket=PCI%20Bus%2004%20Slot%2006%3A2").words


@pytest.mark.parametrize("key", ["", "PCI%20Bus%2004%20Slot%2006%3A9", "%00", "x"])
def test_a_port_that_nobody_knows(sign_in: SignIn, store: Store, tmp_path: Path, key: str) -> None:
    set_up(store, tmp_path)
    for path in ("/system/cards/port", "/system/cards/port/now"):
        assert sign_in("boss").get(f"{path}?socket={key}").status == 404


def test_it_is_for_administrators(sign_in: SignIn, store: Store, tmp_path: Path) -> None:
    set_up(store, tmp_path)
    for path in (PATH, PATH.replace("?", "/now?")):
        assert sign_in("lead").get(path).status == 403


def test_what_went_wrong(sign_in: SignIn, store: Store, tmp_path: Path) -> None:
    set_up(store, tmp_path)
    went_wrong(store, crc=12)
    went_wrong(store, 1, crc=53, red=90_000)
    went_wrong(store, 200, slips=7)
    boss = sign_in("boss")
    page = boss.get(PATH)
    assert "Checksum errors (CRC) 65 in all, at most 53 in one bar" in page.words
    assert "Red alarm 1:30 in all, at most 1:30 in one bar" in page.words
    assert "Slips" not in page.words and "None so far." not in page.words
    assert 'aria-label="Checksum errors (CRC): 65 in all, at most 53 in one bar"' in page.text
    assert page.text.count('class="chart-bar"') == 3
    rows = re.findall(r'<tr><th scope="row">.*?</tr>', page.text)
    cells = [re.findall(r'<td class="numeric">([^<]*)</td>', row) for row in rows]
    assert cells == [["–", "12"], ["1:30", "53"]], "the newest first"
    week = boss.get(f"{PATH}&days=7")
    assert "Slips 7 in all" in week.words and "Each bar is an hour." in week.words
    assert "watched this port for 45:00 of this time" in week.words


def test_every_kind_of_trouble_has_words() -> None:
    assert list(port_charts.SERIES) == [*ALARMS, *COUNTERS]


@pytest.mark.parametrize(("days", "count"), [(1, 96), (7, 168)])
def test_bars_stand_where_their_time_is(days: int, count: int) -> None:
    step = port_charts.PERIODS[days]
    start = port_charts.since(days, NOW)
    assert start <= NOW - (days * port_charts.DAY_MS - step) < NOW < start + days * port_charts.DAY_MS
    history = port_charts.draw(
        [
            Quarter(start - QUARTER_MS, {"seen": 1, "crc": 100}),
            Quarter(start, {"seen": 900_000, "crc": 1}),
            Quarter(NOW - NOW % QUARTER_MS, {"seen": 60_000, "crc": 1000}),
            Quarter(NOW + port_charts.DAY_MS, {"seen": 1, "crc": 100}),
        ],
        days,
        NOW,
    )
    (chart,) = history.charts
    assert (chart.name, chart.total, chart.most, chart.is_time) == ("crc", 1001, 1000, False)
    first, last = chart.bars
    assert (first.x, last.x + last.width) == (1, history.width - 1) and history.width == 10 * count
    assert (last.y, last.height) == (0, port_charts.HEIGHT) and first.height > 0
    assert first.y + first.height == port_charts.HEIGHT
    (unseen,) = history.unseen
    assert (unseen.x, unseen.width) == (10, (count - 2) * 10)
    assert [row.at for row in history.rows] == [start, history.until - step]
    assert history.seen_ms == 960_000


def test_a_port_on_which_all_was_well_has_no_charts() -> None:
    quarters = [Quarter(at, {"seen": QUARTER_MS}) for at in range(NOW - NOW % QUARTER_MS, NOW, QUARTER_MS)]
    history = port_charts.draw(quarters, 1, NOW)
    assert (history.charts, history.rows, history.seen_ms) == ((), (), QUARTER_MS)


@pytest.mark.browser
# cheroot closes its streams under their feet when it is stopped in mid-test.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("box")
def test_errors_come_while_one_looks(app: Application, store: Store, tmp_path: Path) -> None:
    """On a phone."""
    set_up(store, tmp_path / "machine")
    went_wrong(store, 3, slips=7)
    with served(app) as address, signed_in(address, tmp_path / "browser", PHONE) as browser:
        browser.open(PATH)
        browser.sees("7 in all")
        browser.click("details.more summary")
        went_wrong(store, bipolar=1234)
        browser.sees("Bipolar violations")
        assert browser.script("return document.activeElement.id") == "port-table"
        assert browser.find("details.more table").is_displayed(), "what was opened stays open"
        assert browser.script("return document.documentElement.scrollWidth <= innerWidth")
        assert browser.script(
            "const {width, height} = document.querySelector('.chart-picture').getBoundingClientRect();"
            "return width > 250 && height > 50"
        )
        put(store, card(tmp_path / "out", {1: 1}, "0x4"))
        browser.sees("they do not hear us")
