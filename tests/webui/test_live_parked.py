"""Parked calls on the live page and on the desk: who, how a phone fetches them, who parked them; and a button
that does so.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from appliance.errors import NotFoundError
from appliance.settings import Settings
from appliance.store import Store, live
from appliance.webui.app import make_app
from tests.until import until
from tests.webui.conftest import SignIn
from tests.webui.real_browser import served, signed_in
from tests.webui.telephony import telephony

SCRIPT = {"HX-Request": "true"}


def park(store: Store, place: str, **row: object) -> None:
    """Somebody is parked there by Lan."""
    with store.change() as change:
        known = {"call": "c", "agent": "a1", "since": change.now, "number": "+12025550143", "name": "<b>"}
        live.put(change, "parked", place, known | row)


def test_without_parked_calls_there_is_nothing(sign_in: SignIn) -> None:
    assert sign_in("lead").get("/live/parked").text.strip() == ""
    assert sign_in("lan").get("/live/parked").status == 403


def test_who_is_parked_is_shown_with_the_code_that_fetches(sign_in: SignIn, store: Store) -> None:
    park(store, "12")
    park(store, "10", agent="", number="", name="")
    page = sign_in("lead").get("/live")
    first, second = page.words.index("*510"), page.words.index("*512")
    assert first < second and "Unknown caller" in page.words[:second]
    assert "202-555-0143" in page.words and "parked by Lan" in page.words
    assert "<b>" not in page.text and "Take this call" not in page.words


def test_an_agent_takes_one_at_the_desk(sign_in: SignIn, store: Store) -> None:
    park(store, "12")
    assert sign_in("lead").get("/desk/parked").status == 403
    browser = sign_in("lan")
    page = browser.get("/desk")
    assert "*512" in page.words and "parked by Lan" in page.words
    with telephony(store, True, {}) as asked:
        page = browser.submit(page, "/desk/parked", button="")
    assert (asked[0].kind, asked[0].args) == ("fetch_parked", {"agent": "a1", "place": "12"})
    assert page.path == "/desk" and "Your phone connects you with the call." in page.words
    fields = dict(page.form("/desk/parked").fields)
    gone = NotFoundError("Nobody is parked there any more.")
    with telephony(store, False, gone.sentence.to_dict()):
        answer = browser.post("/desk/parked", fields, headers=SCRIPT)
    assert json.loads(answer.text) == {"words": "Nobody is parked there any more.", "done": False}
    assert sign_in("lead").post("/desk/parked", fields, headers=SCRIPT).status == 403


@pytest.mark.slow
# cheroot closes its streams under their feet when it is stopped in mid-test.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_desk_hears_of_it(settings: Settings, store: Store, box: dict[str, str], tmp_path: Path) -> None:
    app = make_app(settings, store)
    with (
        served(app) as address,
        signed_in(address.replace("127.0.0.1", "localhost"), tmp_path / "browser", login="lan") as browser,
    ):
        browser.open("/desk")
        until(lambda: app.hub.count() > 0, 20, "the stream of news")
        assert not browser.has("#desk-parked")
        park(store, "12", name="Hoa")
        browser.sees("Hoa", "#desk-parked", 20)
        with telephony(store, True, {}):
            browser.click("#take-12")
            browser.sees("Your phone connects you with the call.", "#notices", 20)
        with store.change() as change:
            live.drop(change, "parked", "12")
        until(lambda: not browser.has("#desk-parked"), 20, "the call to be gone from the desk")
