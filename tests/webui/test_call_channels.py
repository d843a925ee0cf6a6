"""Over which line and port a call went, on its page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.store import Store, conversations, users
from appliance.webui.app import Application
from tests.webui import seed
from tests.webui.conftest import SignIn
from tests.webui.real_browser import PHONE, WIDE, served, signed_in
from tests.webui.test_closed_ports import lines
from tests.webui.test_spans import save

__all__ = ["lines"]


def put(store: Store, line: str, channel: int | None) -> str:
    """A call over this channel of DAHDI's; its page."""
    with store.change() as change:
        record = seed.unanswered(7, "+84901112233", change.now - 60_000, wait_ms=5000)
        record = replace(record, line_id=line, card_channel=channel)
        return f"/calls/{conversations.upsert_call(change, record)}"


@pytest.mark.usefixtures("lines")
@pytest.mark.parametrize(
    ("line", "channel", "wanted"),
    [
        ("l1", None, "Phone line Provider Queue"),
        # A port that has the line's name is named once.
        ("l2", 17, "Phone line Company, channel 17 Queue"),
        ("l3", 34, "Phone line Shop, Counter Queue"),
        # That port is no longer there.
        ("l9", 65, "Phone line l9 Queue"),
    ],
)
def test_where_a_call_went(
    sign_in: SignIn, store: Store, line: str, channel: int | None, wanted: str
) -> None:
    boss = sign_in("boss")
    save(boss, "/settings/ports/x1", name="Counter")
    page = boss.get(put(store, line, channel))
    assert wanted in page.words.replace(" ,", ","), page.words


@pytest.mark.browser
# cheroot closes its streams under their feet when it is stopped in mid-test.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("lines")
@pytest.mark.parametrize(("size", "language"), [(WIDE, "en"), (PHONE, "fa")])
def test_it_fits_every_screen(
    app: Application, store: Store, box: dict[str, str], tmp_path: Path, size: tuple[int, int], language: str
) -> None:
    with store.change() as change:
        users.set_language(change, box["boss"], language)
    path = put(store, "l2", 17)
    with served(app) as address, signed_in(address, tmp_path / "browser", size) as browser:
        for name in (path, "/settings/lines/l1", "/settings/lines/l2"):
            browser.open(name)
            shown = "#calls" if "lines" in name else ".pairs"
            browser.script(f"document.querySelector('{shown}').scrollIntoView({{block: 'center'}})")
            assert browser.script("return document.documentElement.scrollWidth <= innerWidth"), name
            browser.screenshot(name.rpartition("/")[2])
