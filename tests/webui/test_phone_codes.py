"""The page of phone codes says what the dialplan does."""

from __future__ import annotations

import re

from appliance.pbx.conf import extensions_conf, feature_contexts
from appliance.store.feature_codes import CODES
from appliance.webui.phone_code_words import WORDS
from tests.webui.conftest import SignIn


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


def test_an_agent_reads_and_prints_it(sign_in: SignIn) -> None:
    page = sign_in("lan").get("/phone-codes")
    assert "*90 Take a break" in page.words and "101 Lan" in page.words
    assert "/phone-codes" in sign_in("lan").get("/account").text
