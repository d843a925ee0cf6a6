"""Handing a call on from the desk: where to, what is asked of the telephone service, what is told."""

from __future__ import annotations

import json

import pytest

from appliance.errors import RejectedError
from appliance.store import Store
from tests.webui.conftest import SignIn
from tests.webui.telephony import telephony

SCRIPT = {"HX-Request": "true"}


def test_colleagues_and_queues_are_offered(sign_in: SignIn) -> None:
    text = sign_in("lan").get("/desk").text
    assert '<option value="102">' in text and '<option value="queue:q1">' in text
    assert '<option value="101">' not in text


@pytest.mark.parametrize(
    ("how", "to", "kind", "wanted"),
    [
        ("now", "١٠٢", "hand_on", {"number": "102"}),
        ("ask", "102", "hand_on", {"number": "102", "ask": "1"}),
        ("ask", "queue:q1", "hand_on", {"queue": "q1"}),
        ("back", "", "take_back", {}),
    ],
)
def test_what_is_asked_for(
    sign_in: SignIn, store: Store, how: str, to: str, kind: str, wanted: dict[str, str]
) -> None:
    browser = sign_in("lan")
    fields = dict(browser.get("/desk").form("/call-out").fields)
    with telephony(store, True, {}) as asked:
        page = browser.post("/desk/hand-on", {**fields, "how": how, "to": to, "call": "c1"}, headers=SCRIPT)
    assert json.loads(page.text)["done"] is True
    assert (asked[0].kind, asked[0].args) == (kind, {"agent": "a1", "call": "c1", **wanted})


def test_a_refusal_is_told_in_words(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("lan")
    fields = dict(browser.get("/desk").form("/call-out").fields)
    refused = RejectedError("This is not a number that can be called.")
    with telephony(store, False, refused.sentence.to_dict()):
        page = browser.post("/desk/hand-on", {**fields, "how": "now", "to": "x"}, headers=SCRIPT)
    assert json.loads(page.text) == {"words": "This is not a number that can be called.", "done": False}
    assert sign_in("lead").post("/desk/hand-on", {"how": "back"}, headers=SCRIPT).status == 403
