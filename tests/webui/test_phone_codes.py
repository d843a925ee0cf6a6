"""The page of phone codes says what the dialplan does."""

from __future__ import annotations

import re

from appliance.pbx.conf import extensions_conf, feature_contexts
from appliance.store import Store, live
from appliance.store.diversions import Diversion
from appliance.store.feature_codes import CODES, KEYS
from appliance.webui.phone_code_words import KEY_WORDS, WORDS
from tests.webui.conftest import SignIn
from tests.webui.telephony import telephony


def test_every_code_has_words_and_steps() -> None:
    assert list(WORDS) == [(one.name, one.about) for one in CODES]
    written = "\n".join(text for _, text in extensions_conf.steps())
    steps = set(re.findall(r"^\[(foyer-code-[a-z-]+)\]$", written, re.MULTILINE))
    assert steps == {feature_contexts.subroutine_of(one) for one in CODES}


def test_no_code_is_the_beginning_of_another() -> None:
    codes = sorted(one.code for one in CODES)
    assert len(set(codes)) == len(codes)
    longer = [(one.code, other) for one in CODES for other in codes if other != one.code]
    assert not [pair for pair in longer if pair[1].startswith(pair[0])]
    # *92 and the schedule's number: schedules.closing_code.
    assert not [code for code in codes if code.startswith("*92") or "*92".startswith(code)]


def test_every_key_has_words() -> None:
    assert list(KEY_WORDS) == [one.name for one in KEYS]
    started = [one.code for one in KEYS[:3]]
    assert len(set(started)) == len(started)


def test_an_agent_reads_and_prints_it(sign_in: SignIn) -> None:
    page = sign_in("lan").get("/phone-codes")
    assert "*90 Take a break" in page.words and "101 Lan" in page.words
    assert "## number Hand the call on" in page.words
    assert "/phone-codes" in sign_in("lan").get("/account").text


def test_who_sees_to_whose_calls(sign_in: SignIn) -> None:
    assert "Do not disturb" in sign_in("lan").get("/diversions").words
    assert sign_in("lan").get("/diversions/a2").status == 403
    assert sign_in("boss").get("/diversions/a9").status == 404


def test_an_agent_sends_calls_elsewhere(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("lan")
    page = browser.get("/diversions")
    for number in ("101", "113", "+5352345678", "Minh"):
        refused = browser.submit(page, "/diversions/a1", busy=number)
        assert refused.status == 422 and 'value="' + number in refused.text
    with telephony(store, True, {}) as asked:
        page = browser.submit(page, "/diversions/a1", quiet="1", always="", busy="090 123-45 67")
    assert "It holds from the next call on" in page.words
    wanted = {"agent": "a1", "quiet": "1", "always": "", "busy": "0901234567", "unanswered": ""}
    assert [(one.kind, one.args) for one in asked] == [("divert", wanted)]
    with store.change() as change:
        live.put(change, "divert", "a1", Diversion(quiet=True, busy="0901234567").to_row())
    assert "Do not disturb is on. Calls while on the phone go to 0901234567." in browser.get("/account").words
    assert "go to 0901234567" in sign_in("boss").get("/settings/agents/a1").words
    assert "Changed where calls go" in sign_in("boss").get("/audit").words
