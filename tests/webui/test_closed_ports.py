"""Ports of telephone cards and their channels that are closed for calls, on the pages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.store import Store, live, users
from appliance.store import site as sites
from appliance.store.sitemodel import Line
from appliance.webui import analog_words, socket_words
from appliance.webui.app import Application
from tests.webui import test_ports, test_spans
from tests.webui.conftest import SignIn
from tests.webui.real_browser import PHONE, WIDE, served, signed_in
from tests.webui.test_spans import save


@pytest.fixture
def lines(store: Store, box: dict[str, str]) -> None:
    """A line over a digital port that works, and one over an analog port that does."""
    assert box
    span, port = test_spans.SPAN, replace(test_ports.PORT, number=2)
    with store.change() as change:
        number, now = sites.head(change.db)
        over = (
            Line("l2", "card", "Company", spans=("d1",)),
            Line("l3", "card", "Shop", ports=("x1",)),
        )
        sites.save(
            change, replace(now, spans=(span,), ports=(port,), lines=(*now.lines, *over)), "boss", "", number
        )
        live.put(change, "pbx", "state", {"up": True, "since": change.now})
        live.put(change, "signal", "1", {"up": True})
        live.put(change, "socket", socket_words.key_of(span), test_spans.SOCKET)
        row = {"device": port.device, "part": 1, "port": 2, "kind": "FXO", "card": "", "number": 2}
        live.put(
            change,
            "port",
            analog_words.key_of(port),
            {**row, "signalling": "FXSKS", "open": True, "alarms": []},
        )


@pytest.mark.usefixtures("lines")
def test_channels_are_closed_and_opened_again(sign_in: SignIn, store: Store) -> None:
    boss = sign_in("boss")
    page = "/settings/spans/d1"
    assert "losed for calls" not in boss.get("/settings/lines").words
    refused = boss.submit(boss.get(page), page, closed="1-32")
    assert refused.status == 422 and "Write channels of this line" in refused.words
    review = boss.submit(boss.get(page), page, closed="17, 1-5")
    assert "Channels closed for calls" in review.words and "1-5,17" in review.words
    boss.submit(review, page, stage="save")
    with store.read() as db:
        assert sites.head(db)[1].spans[0].closed == "1-5,17"
    assert 'value="1-5, 17"' in boss.get(page).text
    assert "Company (channels 1-5, 17 closed for calls)" in boss.get("/settings/lines").words
    for place in (f"{page}/now", "/settings/lines/l2/now"):
        words = boss.get(place).words
        assert "Works" in words and "Closed for calls: channels 1-5, 17" in words
    save(boss, page, closed="1-31")
    assert "Company (closed for calls)" in boss.get("/settings/lines").words
    for place in (f"{page}/now", "/settings/lines/l2/now"):
        words = boss.get(place).words
        assert "Works" not in words and "Closed for calls" in words and "no call goes over it" in words
    save(boss, page, closed="")
    assert "losed for calls" not in boss.get("/settings/lines").words


@pytest.mark.usefixtures("lines")
def test_an_analog_port_is_closed_and_undo_opens_it(sign_in: SignIn, store: Store) -> None:
    boss = sign_in("boss")
    with store.read() as db:
        before = sites.head(db)[0]
    save(boss, "/settings/ports/x1", closed="1")
    assert "Shop (closed for calls)" in boss.get("/settings/lines").words
    assert "no call goes over it" in boss.get("/settings/lines/l3/now").words
    with store.change() as change:
        number = sites.head(change.db)[0]
        sites.undo_to(change, before, "boss", number)
    assert "losed for calls" not in boss.get("/settings/lines").words


@pytest.mark.browser
# cheroot closes its streams under their feet when it is stopped in mid-test.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("lines")
@pytest.mark.parametrize(("size", "language"), [(WIDE, "en"), (PHONE, "fa")])
def test_it_fits_every_screen(
    app: Application,
    store: Store,
    box: dict[str, str],
    tmp_path: Path,
    size: tuple[int, int],
    language: str,
) -> None:
    with store.change() as change:
        users.set_language(change, box["boss"], language)
        number, now = sites.head(change.db)
        spans, ports = (replace(now.spans[0], closed="1-5,17"),), (replace(now.ports[0], closed=True),)
        sites.save(change, replace(now, spans=spans, ports=ports), "boss", "", number)
    with served(app) as address, signed_in(address, tmp_path / "browser", size) as browser:
        for path in ("settings", "settings/spans/d1", "settings/ports/x1", "settings/lines/l2"):
            browser.open(f"/{path}")
            if closed := browser.all("#closed"):
                browser.script("arguments[0].scrollIntoView({block: 'center'})", closed[0])
            assert browser.script("return document.documentElement.scrollWidth <= innerWidth"), path
            assert "1-5, 17" in browser.driver.page_source or path == "settings/ports/x1"
            browser.screenshot(path.replace("/", "-"))
