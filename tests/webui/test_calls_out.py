"""The rules for calls out on their page, on an agent's and on a line's; and the trial."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from appliance.store import Store, audit, live
from appliance.store.site_outbound import KINDS, Permit
from appliance.webui import calls_out_words
from tests.webui.conftest import SignIn
from tests.webui.telephony import telephony
from tests.webui.test_settings import head, reviewed

PATH = "/settings/calls-out"


def test_every_kind_has_words() -> None:
    assert tuple(calls_out_words.KINDS) == KINDS


def test_rules_for_everybody(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    page = browser.get(PATH)
    assert "None yet: calls abroad are refused." in page.words
    page = reviewed(browser, PATH, kinds=["mobile", "premium"], new_country=["US", "", "GB"])
    assert "Calls out: Everybody may call" in page.words and "Numbers that cost extra" in page.words
    assert "Countries on the list (empty) after: United States, United Kingdom" in page.words
    browser.submit(page, PATH, button="save")
    rules = head(store)[1].outbound
    assert (rules.kinds, rules.countries, rules.lines) == (("mobile", "premium"), ("US", "GB"), ())
    page = reviewed(browser, PATH, countries=["GB"], new_country=["", "", ""])
    browser.submit(page, PATH, button="save")
    assert head(store)[1].outbound.countries == ("GB",)


def test_rules_of_one_agent(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    page = reviewed(browser, "/settings/agents/a1", calls_out="own", kinds=["national", "elsewhere"])
    assert "may call before: what everybody may call" in page.words
    assert "Numbers of this country, All other countries" in page.words
    browser.submit(page, "/settings/agents/a1", button="save")
    assert head(store)[1].outbound.permits == (Permit("a1", ("national", "elsewhere")),)
    name = head(store)[1].agents[0].name
    assert f"Rules of their own have: {name}" in browser.get(PATH).words
    page = reviewed(browser, "/settings/agents/a1", calls_out="everybody")
    browser.submit(page, "/settings/agents/a1", button="save")
    assert head(store)[1].outbound.permits == ()


def test_the_rules_of_who_goes_go_along(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    page = reviewed(browser, "/settings/agents/a1", calls_out="own", kinds=[])
    browser.submit(page, "/settings/agents/a1", button="save")
    path = "/settings/agents/a1/remove"
    page = browser.submit(browser.get("/settings/agents/a1"), path)
    browser.submit(page, path, button="save")
    site = head(store)[1]
    assert site.agent("a1") is None and site.outbound.permits == ()


def test_how_a_line_wants_numbers(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    page = reviewed(browser, "/settings/lines/l1", number_format="plus")
    assert "How it wants the numbers that are called" in page.words
    browser.submit(page, "/settings/lines/l1", button="save")
    assert head(store)[1].lines[0].number_format == "plus"


@pytest.mark.parametrize(
    ("number", "answer", "reason"),
    [
        ("0909 123 456", "Yes, this can be called.", "Mobile phones of this country"),
        ("٠٩٠٩ ١٢٣ ٤٥٦", "Yes, this can be called.", "Mobile phones of this country"),
        ("1900 1234", "No, this call is refused.", "This number costs extra"),
        ("113", "Yes, this can be called.", "An emergency number"),
        ("101", "Yes, this can be called.", "A call inside the office"),
        ("+53 5 2345678", "No, this call is refused.", "a country that may not be called"),
        ("nobody", "No, this call is refused.", "not a number that can be called"),
    ],
)
def test_the_trial(sign_in: SignIn, number: str, answer: str, reason: str) -> None:
    page = sign_in("boss").get(f"{PATH}?{urlencode({'agent': 'a1', 'number': number})}")
    assert answer in page.words and reason in page.words


def test_only_administrators_see_the_rules(sign_in: SignIn) -> None:
    assert sign_in("lead").get(PATH).status == 403


def test_limits(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    page = browser.submit(browser.get(PATH), PATH, person_minutes="0", box_calls="many")
    assert page.status == 422 and "Please give a whole number in the range." in page.words
    page = reviewed(browser, PATH, person_minutes="90", expensive_minutes="15")
    assert "Minutes of one person a day before: 480 after: 90" in page.words
    browser.submit(page, PATH, button="save")
    limits = head(store)[1].outbound.limits
    assert (limits.person_minutes, limits.expensive_minutes, limits.box_calls) == (90, 15, 2000)


def test_a_stop_is_seen_and_released(sign_in: SignIn, store: Store) -> None:
    stopped = "Calls to expensive numbers are stopped."
    boss = sign_in("boss")
    assert stopped not in boss.get("/settings").words
    with store.change() as change:
        live.put(change, "guard", "outbound", {"since": change.now})
    for path in ("/settings", "/live", PATH):
        assert stopped in boss.get(path).words
    assert stopped in sign_in("lead").get("/live").words
    with telephony(store, True, {}) as asked:
        page = boss.submit(boss.get(PATH), f"{PATH}/release")
    assert asked[0].kind == "release_expensive" and "Expensive calls can be made again." in page.words
    with store.read() as db:
        assert audit.recent(db)[0].action == "outbound.release"
