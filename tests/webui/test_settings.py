"""The settings: look before saving, save as a revision, meet another manager, and lose nothing typed."""

from __future__ import annotations

import dataclasses
import urllib.parse
from typing import Any

import pytest

from appliance.errors import RejectedError, Sentence
from appliance.store import Store, secrets, users
from appliance.store import site as sites
from appliance.store.sitemodel import Site
from appliance.webui.incoming import whole_number
from tests.webui.browser import Browser, Page
from tests.webui.conftest import SignIn


def head(store: Store) -> tuple[int, Site]:
    with store.read() as db:
        return sites.head(db)


def save_by_another(store: Store, who: str, **changes: Any) -> None:
    with store.change() as change:
        number, site = sites.head(change.db)
        sites.save(change, dataclasses.replace(site, **changes), who, "", number)


def reviewed(browser: Browser, path: str, **typed: Any) -> Page:
    page = browser.submit(browser.get(path), path, **typed)
    assert "Save these changes?" in page.words, page.words
    return page


def test_look_then_save(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    page = reviewed(browser, "/settings/queues/q1", name="Front desk", ring_seconds="25")
    assert "Queue “Front desk”: Name before: Reception after: Front desk" in page.words
    assert "20 seconds" in page.words and "25 seconds" in page.words
    assert head(store)[0] == 1
    page = browser.submit(page, "/settings/queues/q1", button="save")
    assert page.path == "/settings/saved/2"
    number, site = head(store)
    assert (number, site.queues[0].name, site.queues[0].ring_seconds) == (2, "Front desk", 25)


def test_change_something_after_looking(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    page = reviewed(browser, "/settings/queues/q1", name="Front", record=[], agents=["a2"])
    page = browser.submit(page, "/settings/queues/q1", button="edit")
    fields = page.form("/settings/queues/q1").fields
    assert ("name", "Front") in fields and ("agents", "a2") in fields
    assert ("agents", "a1") not in fields and "record" not in dict(fields)


def test_nothing_changed(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    page = browser.submit(browser.get("/settings/business"), "/settings/business")
    assert "Nothing was changed." in page.words
    assert head(store)[0] == 1


def test_a_refusal_stands_beside_its_field(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    page = browser.submit(
        browser.get("/settings/queues/q1"), "/settings/queues/q1", name="", ring_seconds="soon"
    )
    assert page.status == 422
    assert 'id="name-error"' in page.text and 'id="ring_seconds-error"' in page.text
    assert ("ring_seconds", "soon") in page.form("/settings/queues/q1").fields
    page = browser.submit(
        browser.get("/settings/agents/new"), "/settings/agents/new", name="Thu", extension="101"
    )
    assert 'id="extension-error"' in page.text and "cannot both have the extension" in page.words


def test_an_emergency_number_is_no_extension(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    form = browser.get("/settings/agents/new")
    page = browser.submit(form, "/settings/agents/new", name="Thu", extension="113")
    assert page.status == 422
    assert 'id="extension-error"' in page.text
    assert "Extension 113 is an emergency number of this country. Choose another one." in page.words
    # 113 is one in Vietnam, not everywhere; so is a country in which somebody has such an extension.
    page = reviewed(browser, "/settings/business", country="ZZ")
    browser.submit(page, "/settings/business", button="save")
    page = reviewed(browser, "/settings/agents/new", name="Thu", extension="113")
    browser.submit(page, "/settings/agents/new", button="save")
    page = browser.submit(browser.get("/settings/business"), "/settings/business", country="VN")
    assert page.status == 422 and 'id="country-error"' in page.text
    assert head(store)[1].country == "ZZ"


def test_the_proposed_extension_is_no_emergency_number(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    page = reviewed(browser, "/settings/agents/a2", extension="111")
    browser.submit(page, "/settings/agents/a2", button="save")
    fields = dict(browser.get("/settings/agents/new").form("/settings/agents/new").fields)
    assert fields["extension"] == "116"  # 112 to 115 are


def test_what_did_not_work_is_said_in_the_readers_language(
    sign_in: SignIn, store: Store, box: dict[str, str]
) -> None:
    error = RejectedError("Extension {extension} is an emergency number of this country.", extension="113")
    with store.change() as change:
        sites.report(change, 1, "asterisk", "failed", error.sentence)
        change.db.execute("UPDATE user SET language = 'vi' WHERE id = ?", (box["boss"],))
    words = sign_in("boss").get("/settings/state?number=1").words
    assert "113" in words and "khẩn cấp" in words and "emergency" not in words


def test_two_managers_at_once(sign_in: SignIn, store: Store, box: dict[str, str]) -> None:
    """The second one sees what the first one did, keeps his words, and both changes end up in the
    settings.
    """
    browser = sign_in("boss")
    form = browser.get("/settings/queues/q1")
    save_by_another(store, box["lead"], business_name="Lotus & Sons")
    page = browser.submit(form, "/settings/queues/q1", greeting_text="Hello.\nPlease wait.")
    assert page.status == 409
    for words in (
        "Somebody else changed the settings meanwhile",
        "Hoa",
        "Lotus Dental",
        "Lotus & Sons",
        "Please wait.",
    ):
        assert words in page.words
    page = browser.submit(page, "/settings/queues/q1", button="save")
    number, site = head(store)
    assert (number, site.business_name, site.queues[0].greeting_text) == (
        3,
        "Lotus & Sons",
        "Hello.\nPlease wait.",
    )


def test_two_managers_one_between_looking_and_saving(
    sign_in: SignIn, store: Store, box: dict[str, str]
) -> None:
    browser = sign_in("boss")
    page = reviewed(browser, "/settings/queues/q1", name="Front desk")
    save_by_another(store, box["lead"], business_name="Lotus & Sons")
    page = browser.submit(page, "/settings/queues/q1", button="save")
    assert page.status == 409 and "Lotus & Sons" in page.words
    assert head(store)[0] == 2


def test_the_thing_was_removed_meanwhile(sign_in: SignIn, store: Store, box: dict[str, str]) -> None:
    browser = sign_in("boss")
    form = browser.get("/settings/agents/a2")
    site = head(store)[1]
    queue = dataclasses.replace(site.queues[0], agents=("a1",))
    save_by_another(store, box["lead"], agents=site.agents[:1], queues=(queue,))
    page = browser.submit(form, "/settings/agents/a2", name="Minh Pham")
    assert page.status == 409 and "is removed" in page.words


def test_a_new_agent_gets_an_account(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    page = reviewed(browser, "/settings/agents/new", name="Thu", login="thu", queues=["q1"])
    assert "A new account “thu” to sign in with" in page.words
    page = browser.submit(page, "/settings/agents/new", button="save")
    assert "One-time password" in page.words and "thu" in page.words
    site = head(store)[1]
    assert site.agents[-1].name == "Thu" and site.agents[-1].extension == "103"
    assert site.queues[0].agents == ("a1", "a2", "a3")
    with store.read() as db:
        account = users.of_agent(db, "a3")
    assert account is not None and account.must_change and account.role == "agent"


def test_a_login_that_is_none_is_said_beside_its_field(sign_in: SignIn) -> None:
    browser, path = sign_in("boss"), "/settings/agents/new"
    page = browser.submit(browser.get(path), path, name="Thu", login="thu hà")
    assert page.status == 422 and "A login has letters a to z" in page.words
    fields = dict(page.form(path).fields)
    assert (fields["name"], fields["login"]) == ("Thu", "thu hà")
    assert "Another user has this login." in browser.submit(page, path, login="LAN").words


def test_removing_an_agent_locks_the_account(sign_in: SignIn, store: Store, box: dict[str, str]) -> None:
    with store.change() as change:
        secrets.put(change, "sip:a1", "x")
    browser = sign_in("boss")
    page = browser.submit(browser.get("/settings/agents/a1"), "/settings/agents/a1/remove")
    assert "Agent “Lan” is removed" in page.words and "can no longer sign in" in page.words
    browser.submit(page, "/settings/agents/a1/remove", button="save")
    site = head(store)[1]
    assert [agent.id for agent in site.agents] == ["a2"] and site.queues[0].agents == ("a2",)
    with store.read() as db:
        assert users.get(db, box["lan"]).disabled
        assert secrets.get(db, "sip:a1") is None


def test_ids_are_never_used_again(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    page = browser.submit(browser.get("/settings/agents/a2"), "/settings/agents/a2/remove")
    browser.submit(page, "/settings/agents/a2/remove", button="save")
    page = reviewed(browser, "/settings/agents/new", name="Thu", extension="105")
    browser.submit(page, "/settings/agents/new", button="save")
    assert [agent.id for agent in head(store)[1].agents] == ["a1", "a3"]


def test_a_line_password_is_kept_and_never_shown(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    page = reviewed(browser, "/settings/lines/l1", line_password="very secret", name="VNPT")
    assert "A new password for the phone line" in page.words
    assert "very secret" not in page.text
    page = browser.submit(page, "/settings/lines/l1", button="edit")
    assert "very secret" not in page.text
    page = browser.submit(page, "/settings/lines/l1")
    page = browser.submit(page, "/settings/lines/l1", button="save")
    with store.read() as db:
        assert secrets.get(db, "line:l1") == "very secret"
    assert "very secret" not in browser.get("/settings/lines/l1").text
    assert "very secret" not in browser.get("/audit").text


def test_a_password_alone_is_a_change(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    page = reviewed(browser, "/settings/lines/l1", line_password="very secret")
    browser.submit(page, "/settings/lines/l1", button="save")
    assert head(store)[0] == 2


def test_a_new_line_and_number(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    page = reviewed(
        browser,
        "/settings/lines/new",
        name="Second",
        host="sip.example.org",
        register="0",
        line_password="p2",
    )
    browser.submit(page, "/settings/lines/new", button="save")
    page = reviewed(browser, "/settings/numbers/new", number="028 9999 0000", line_id="l2", leads_to="q1")
    assert "Number “+842899990000” is added" in page.words
    browser.submit(page, "/settings/numbers/new", button="save")
    site = head(store)[1]
    assert [number.line_id for number in site.numbers] == ["l1", "l2"]
    with store.read() as db:
        assert secrets.get(db, "line:l2") == "p2"
    page = browser.submit(browser.get("/settings/lines/l2"), "/settings/lines/l2/remove")
    assert "Number “+842899990000” is removed" in page.words
    browser.submit(page, "/settings/lines/l2/remove", button="save")
    with store.read() as db:
        assert secrets.get(db, "line:l2") is None


def test_the_password_of_a_new_line_outlasts_somebody_elses_new_line(sign_in: SignIn, store: Store) -> None:
    """Which has the id by then that this one would have got."""
    one, other = sign_in("boss"), sign_in("boss")
    typed = {"host": "sip.example.org", "register": "0"}
    mine = reviewed(one, "/settings/lines/new", name="Mine", line_password="of mine", **typed)
    theirs = reviewed(other, "/settings/lines/new", name="Theirs", line_password="of theirs", **typed)
    other.submit(theirs, "/settings/lines/new", button="save")
    again = one.submit(mine, "/settings/lines/new", button="save")
    assert again.status == 409
    again = one.submit(again, "/settings/lines/new")
    one.submit(again, "/settings/lines/new", button="save")
    assert [line.name for line in head(store)[1].lines] == ["Provider", "Theirs", "Mine"]
    with store.read() as db:
        assert [secrets.get(db, f"line:l{number}") for number in (2, 3)] == ["of theirs", "of mine"]


def test_results_and_breaks(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    page = reviewed(browser, "/settings/results", **{"name-solved": "Done"}, new=["Gọi lại", "", "Gọi lại!"])
    browser.submit(page, "/settings/results", button="save")
    entries = [(entry.code, entry.name) for entry in head(store)[1].dispositions]
    assert entries == [("solved", "Done"), ("goi-lai", "Gọi lại"), ("goi-lai-2", "Gọi lại!")]
    page = reviewed(browser, "/settings/breaks", **{"name-meal": ""}, new=["午休"])
    browser.submit(page, "/settings/breaks", button="save")
    assert [(entry.code, entry.name) for entry in head(store)[1].breaks] == [("c", "午休")]


def test_state_and_undo(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    page = reviewed(browser, "/settings/business", business_name="Lotus & Sons")
    browser.submit(page, "/settings/business", button="save")
    assert "being put to use" in browser.get("/settings/state?number=2").words
    with store.change() as change:
        sites.report(change, 2, "lines", "failed", Sentence("This is not a call."))
        sites.report(change, 2, "queues", "back")
    words = browser.get("/settings/state?number=2").words
    assert "Did not work" in words and "This is not a call." in words
    assert "hx-get" not in browser.get("/settings/state?number=2").text
    page = browser.get("/revisions/1")
    assert "Lotus Dental" in page.words
    browser.submit(page, "/revisions/1/undo")
    number, site = head(store)
    assert (number, site.business_name) == (3, "Lotus Dental")
    assert "back to number 1" in browser.get("/revisions").words


def test_undo_leaves_what_somebody_saved_meanwhile(
    sign_in: SignIn, store: Store, box: dict[str, str]
) -> None:
    browser = sign_in("boss")
    save_by_another(store, box["boss"], business_name="Lotus & Sons")
    opened = browser.get("/revisions/1")
    save_by_another(store, box["boss"], business_name="Lotus & Daughters")
    late = browser.submit(opened, "/revisions/1/undo")
    assert late.words.index("Nothing was done yet.") < late.words.index("What was changed")
    assert late.status == 409 and "Somebody else changed the settings meanwhile" in late.words
    assert "Lotus & Daughters" in late.words and "Lotus & Sons" not in late.words
    assert head(store)[0] == 3
    browser.submit(late, "/revisions/1/undo")
    assert (head(store)[0], head(store)[1].business_name) == (4, "Lotus Dental")
    word = browser.get("/revisions/2").form("/revisions/2/undo").fields[0]
    assert word[0] == "csrf"
    assert browser.post("/revisions/2/undo", [word]).status == 409


@pytest.mark.parametrize("number", ["9" * 20, "9" * 400, "-1", "1.5", "²", "١", "0x1", ""])
def test_numbers_that_are_none_of_ours(sign_in: SignIn, store: Store, number: str) -> None:
    """None is a server error: the store counts to 2^63."""
    browser = sign_in("boss")
    asked = urllib.parse.quote(number)
    for path in (f"/settings/state?number={asked}", f"/revisions?before={asked}"):
        assert browser.get(path).status == 200, path
    for path in (f"/settings/saved/{asked}", f"/revisions/{asked}"):
        assert browser.get(path).status in (200, 404), path
    page = browser.submit(
        browser.get("/settings/business"), "/settings/business", based_on=number, business_name="Other"
    )
    assert page.status in (200, 409) and head(store)[0] == 1
    assert whole_number(number) is None  # the Last-Event-ID of a stream, the length of a body


def test_only_administrators_change_settings(sign_in: SignIn) -> None:
    for login in ("lead", "lan"):
        browser = sign_in(login)
        for path in ("/settings", "/settings/queues/q1", "/revisions", "/users", "/audit"):
            assert browser.get(path).status == 403
