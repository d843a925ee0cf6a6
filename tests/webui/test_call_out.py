"""Calling a number from the desk, from a person's page and from a call's page."""

from __future__ import annotations

import uuid

import pytest

from appliance.errors import RejectedError
from appliance.store import Store, conversations, people, requests
from appliance.webui.board import is_call
from tests.webui import seed
from tests.webui.conftest import SignIn
from tests.webui.telephony import telephony

SCRIPT = {"HX-Request": "true"}


def test_a_number_typed_on_the_desk(sign_in: SignIn, store: Store, box: dict[str, str]) -> None:
    browser = sign_in("lan")
    page = browser.get("/desk")
    with telephony(store, True, {"number": "0907654321"}) as asked:
        page = browser.submit(page, "/call-out", number="0907 654-321")
    assert "Your phone connects you with the number." in page.words and page.path == "/desk"
    (request,) = asked
    assert (request.kind, request.who) == ("originate", box["lan"])
    assert (request.args["agent"], request.args["number"]) == ("a1", "0907 654-321")
    assert is_call(request.args["call"]) and uuid.UUID(request.args["call"]).version == 4


def test_a_script_gets_the_form_back_with_the_result(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("lan")
    fields = dict(browser.get("/desk").form("/call-out").fields)
    refused = RejectedError(
        "The phone is not connected.", "Open the desk in a browser, or look at the desk phone."
    )
    with telephony(store, False, refused.sentence.to_dict()):
        page = browser.post("/call-out", {**fields, "number": "١١٣"}, headers=SCRIPT, follow=False)
    assert page.status == 200
    assert "The phone is not connected. Open the desk in a browser" in page.words
    again = dict(page.form("/call-out").fields)
    assert again["number"] == "١١٣" and again["once"] != fields["once"]


def test_digits_of_every_script(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("lan")
    with telephony(store, True, {}) as asked:
        browser.submit(browser.get("/desk"), "/call-out", number="١١٣")
    assert asked[0].args["number"] == "113"


@pytest.mark.parametrize("where", ["person", "call"])
def test_the_number_of_a_person_or_a_call(
    sign_in: SignIn, store: Store, box: dict[str, str], where: str
) -> None:
    with store.change() as change:
        person = people.person_for(change, "phone", "+84901234567", "Nguyễn Văn An")
        record = seed.answered(1, "+84901234567", change.now - 90_000, wait_ms=4000, talk_ms=9000)
        call = conversations.upsert_call(change, record)
    path = f"/people/{person}" if where == "person" else f"/calls/{call}"
    browser = sign_in("lan")
    page = browser.get(path)
    # As it is dialled here: the provider need not understand the international form.
    assert ("number", "090 123 45 67") in page.form("/call-out").fields
    with telephony(store, True, {}) as asked:
        page = browser.submit(page, "/call-out")
    assert page.path == path and "connects you" in page.words
    assert asked[0].args["number"] == "090 123 45 67"
    # Who answers no calls has no phone to call from.
    assert "/call-out" not in sign_in("lead").get(path).text


def test_nobody_leaves_a_book_behind(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("lan")
    assert browser.submit(browser.get("/desk"), "/call-out", number="1" * 65).status == 400
    with store.read() as db:
        assert not requests.is_waiting(db, "pbx")


def test_who_answers_no_calls_cannot_call(sign_in: SignIn, store: Store) -> None:
    lead = sign_in("lead")
    word = dict(lead.get("/people").form("/logout").fields)["csrf"]
    assert lead.post("/call-out", {"csrf": word, "number": "113"}, headers=SCRIPT, follow=False).status == 403
    with store.read() as db:
        assert not requests.is_waiting(db, "pbx")
