"""The editor of flows and opening hours: a whole flow made by choices and buttons alone, as without scripts;
what is refused, where; what a change touches, before it is saved.
"""

from __future__ import annotations

from typing import Any

import pytest

from appliance.store import Store
from appliance.store import site as sites
from appliance.store.sitemodel import Site
from tests.webui.browser import Browser, Page
from tests.webui.conftest import SignIn

NEW_FLOW, NEW_HOURS = "/settings/flows/new", "/settings/schedules/new"


def head(store: Store) -> Site:
    with store.read() as db:
        return sites.head(db)[1]


def saved(browser: Browser, page: Page, action: str, **typed: Any) -> Page:
    """Looks at what changes, then saves; returns the page with what changes."""
    review = browser.submit(page, action, **typed)
    assert "Save these changes?" in review.words, review.words
    done = browser.submit(review, action, button="save")
    assert done.path.startswith("/settings/saved/"), done.words
    return review


def sent(browser: Browser, page: Page, action: str, **typed: Any) -> Page:
    """Asks to look at the changes."""
    return browser.submit(page, action, **typed)


def with_hours(browser: Browser) -> None:
    """Makes opening hours (s1)."""
    saved(browser, browser.get(NEW_HOURS), NEW_HOURS, name="Office")


def edited(browser: Browser, page: Page, action: str, button: str = "edit", **typed: Any) -> Page:
    """Presses one of the editor's own buttons."""
    shown = browser.submit(page, action, button=button, **typed)
    assert shown.status == 200, shown.words
    return shown


def test_opening_hours_are_typed_looked_at_and_saved(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    typed: dict[str, Any] = {
        "name": "Bar",
        "day-1-0-opens": "20:00",
        "day-1-0-closes": "02:00",
        "day-7-0-opens": "00:00",
        "day-7-0-closes": "00:00",
        "date-0": "2026-12-24",
        "date-0-title": "Christmas Eve",
        "date-1": "2026-12-31",
        "date-1-1-opens": "18:00",
        "date-1-1-closes": "00:00",
    }
    review = saved(browser, browser.get(NEW_HOURS), NEW_HOURS, **typed)
    assert "Opening hours “Bar” is added" in review.words
    (bar,) = head(store).schedules
    assert [(hours.day, hours.opens, hours.closes) for hours in bar.weekly][::5] == [
        (1, "20:00", "02:00"),
        (7, "00:00", "24:00"),
    ]
    assert [(one.date, one.name, len(one.hours)) for one in bar.exceptions] == [
        ("2026-12-24", "Christmas Eve", 0),
        ("2026-12-31", "", 1),
    ]
    path = "/settings/schedules/s1"
    review = saved(browser, browser.get(path), path, **{"date-0": "", "day-1-0-opens": "21:00"})
    assert "Week" in review.words and "Monday 21:00–02:00" in review.words
    assert "Dec 24, 2026: closed (Christmas Eve)" in review.words
    assert [one.date for one in head(store).schedules[0].exceptions] == ["2026-12-31"]


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"day-2-1-opens": "16:00", "day-2-1-closes": "18:00"}, "overlap"),
        ({"day-2-0-closes": ""}, "not a time of the day"),
        ({"date-0": "2026-12-24", "date-1": "2026-12-24"}, "stands here twice"),
        ({"name": ""}, "filled in"),
    ],
)
def test_hours_that_are_refused_stay_as_typed(sign_in: SignIn, typed: dict[str, str], message: str) -> None:
    browser = sign_in("boss")
    page = sent(browser, browser.get(NEW_HOURS), NEW_HOURS, **{"name": "Odd", **typed})
    assert page.status == 422 and message in page.words
    assert set(typed.items()) <= set(page.form(NEW_HOURS).fields)
    assert 'class="error"' in page.text


def test_hours_that_are_over_are_refused_before_saving(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    typed = {f"day-{day}-0-{end}": "" for day in range(1, 8) for end in ("opens", "closes")}
    typed |= {"name": "Fair", "date-0": "2020-05-01", "date-0-0-opens": "08:00", "date-0-0-closes": "17:00"}
    page = sent(browser, browser.get(NEW_HOURS), NEW_HOURS, **typed)
    assert page.status == 422 and "These hours never open: every day on which they did is over." in page.words
    assert "Give one day of the week its hours, or a day to come." in page.words
    assert not head(store).schedules
    # Once it is over, the rest of the settings may be saved still.
    with store.change() as change:
        number, now = sites.head(change.db)
        over = [{"date": "2020-05-01", "hours": [{"opens": "08:00", "closes": "17:00"}]}]
        fair = {"id": "s1", "name": "Fair", "exceptions": over}
        sites.save(change, Site.from_dict({**now.to_dict(), "schedules": [fair]}), "u1", "", number)
    saved(browser, browser.get(NEW_HOURS), NEW_HOURS, name="Office")
    assert [one.name for one in head(store).schedules] == ["Fair", "Office"]


def test_a_flow_made_without_scripts(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    with_hours(browser)
    page = edited(browser, browser.get(NEW_FLOW), NEW_FLOW, name="Main", first="new:menu")
    page = edited(
        browser,
        page,
        NEW_FLOW,
        **{
            "t1-text-en": "For sales, press one.",
            "t1-newkey": "1",
            "t1-newkey-next": "new:queue:q1",
            "t1-otherwise": "new:end",
        },
    )
    page = edited(browser, page, NEW_FLOW, **{"t1-newkey": "2", "t1-newkey-next": "new:person:a1"})
    # Opening hours before all that: who comes while it is open goes on at the menu.
    page = edited(browser, page, NEW_FLOW, first="new:hours")
    fields = dict(page.form(NEW_FLOW).fields)
    assert fields["t5-open"] == "t1"
    review = saved(browser, page, NEW_FLOW, **{"t5-schedule_id": "s1", "t5-closed": "t3"})
    assert "Flow “Main” is added" in review.words
    (flow,) = head(store).flows
    assert [(step.id, step.kind) for step in flow.steps] == [
        ("t5", "hours"),
        ("t1", "menu"),
        ("t2", "queue"),
        ("t4", "person"),
        ("t3", "end"),
    ]
    review = saved(browser, browser.get("/settings/numbers/n1"), "/settings/numbers/n1", leads_to="f1")
    assert "Goes to flow" in review.words and "Main" in review.words
    assert head(store).numbers[0].flow_id == "f1"
    path = "/settings/flows/f1"
    review = saved(browser, browser.get(path), path, **{"t1-otherwise": "t4"})
    assert "times; then: Person: Lan" in review.words
    assert "Calls to these numbers may go another way: 028 1234 5678" in review.words


def test_what_is_missing_is_said_beside_its_field(sign_in: SignIn) -> None:
    browser = sign_in("boss")
    page = browser.submit(browser.get(NEW_FLOW), NEW_FLOW, name="Main")
    assert page.status == 422 and 'id="first-error"' in page.text
    page = browser.submit(page, NEW_FLOW, first="new:menu")
    assert page.status == 422 and 'id="t1-text-error"' in page.text
    page = sent(browser, page, NEW_FLOW, **{"t1-text-en": "Press one."})
    assert 'id="t1-otherwise-error"' in page.text or 'id="t1-newkey-error"' in page.text
    page = sent(
        browser, page, NEW_FLOW, **{"t1-otherwise": "t1", "t1-newkey": "#", "t1-newkey-next": "new:outside"}
    )
    assert 'id="t2-number-error"' in page.text
    page = sent(browser, page, NEW_FLOW, **{"t2-number": "0901234567"})
    assert 'id="t1-step-error"' in page.text and "goes round and round in: Main" in page.words


def test_a_step_is_taken_out_with_what_only_it_led_to(sign_in: SignIn) -> None:
    browser = sign_in("boss")
    page = edited(browser, browser.get(NEW_FLOW), NEW_FLOW, name="Main", first="new:say")
    page = edited(browser, page, NEW_FLOW, **{"t1-text-en": "Hello", "t1-next": "new:menu"})
    keys = {
        "t2-text-en": "Press",
        "t2-newkey": "1",
        "t2-newkey-next": "new:queue:q1",
        "t2-otherwise": "new:end",
    }
    page = edited(browser, page, NEW_FLOW, **keys)
    gone = edited(browser, page, NEW_FLOW, button="remove:t2")
    fields = gone.form(NEW_FLOW).fields
    assert [value for name, value in fields if name == "steps"] == ["t1"]
    # Between two steps, the one before leads to the one after.
    page = edited(browser, page, NEW_FLOW, button="remove:t1")
    fields = page.form(NEW_FLOW).fields
    assert dict(fields)["first"] == "t2" and ("steps", "t3") in fields


def test_what_a_flow_needs_is_not_removed_without_a_word(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    with_hours(browser)
    page = edited(browser, browser.get(NEW_FLOW), NEW_FLOW, name="Main", first="new:hours")
    typed = {"t1-schedule_id": "s1", "t1-open": "new:queue:q1", "t1-closed": "new:person:a1"}
    saved(browser, page, NEW_FLOW, **typed)
    for path in ("/settings/schedules/s1", "/settings/queues/q1", "/settings/agents/a1"):
        page = browser.submit(browser.get(path), f"{path}/remove")
        assert page.path == path and "In the flow “Main”" in page.words
    assert len(head(store).flows) == 1


def test_a_hostile_form_is_no_flow(sign_in: SignIn) -> None:
    browser = sign_in("boss")
    page = browser.get(NEW_FLOW)
    for steps in (["x"], ["t1", "t1"], ["t9999999"], ['"><script>'] * 3, [f"t{n}" for n in range(200)]):
        kinds: dict[str, Any] = {f"{step}-kind": "menu" for step in steps}
        answer = browser.submit(page, NEW_FLOW, name="x", first=steps[0], steps=steps, **kinds)
        assert answer.status == 422 and '<script>"' not in answer.text and "><script>" not in answer.text


def test_holidays_are_picked_and_looked_at(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    page = browser.get(NEW_HOURS)
    form = page.form(NEW_HOURS)
    closed = [value for name, value in form.fields if name == "closed_holidays"]
    assert ("closes_on_holidays", "1") in form.fields and "Quốc khánh" in closed
    assert "National Day" in page.words
    closed.remove("Quốc khánh")
    shown = edited(browser, page, NEW_HOURS, name="Office", closed_holidays=closed)
    assert [value for name, value in shown.form(NEW_HOURS).fields if name == "closed_holidays"] == closed
    saved(browser, shown, NEW_HOURS)
    (office,) = head(store).schedules
    assert office.closes_on_holidays and office.open_holidays == ("Quốc khánh",)
    path = "/settings/schedules/s1"
    review = saved(browser, browser.get(path), path, closes_on_holidays=[])
    assert "Public holidays" in review.words and "closed, but open on: Quốc khánh" in review.words
    assert "open as on any other day" in review.words
    assert not head(store).schedules[0].closes_on_holidays
