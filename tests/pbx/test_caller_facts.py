"""What is mirrored of callers: the spellings of numbers, fixed words, and nothing that anybody typed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.pbx.ami_parser import message_of
from appliance.pbx.caller_facts import action, differences, entries, held, spellings
from appliance.pbx.conf.inputs import PROMPT_LANGUAGES
from appliance.pbx.membership import Action
from appliance.store import countries, phone
from appliance.store.people import Treatment

KNOWN = countries.load()
VIETNAM = countries.find("VN", KNOWN)
GENERIC = countries.find("ZZ", KNOWN)


def in_vietnam(number: str) -> list[str]:
    return list(spellings(number, VIETNAM))


def test_a_vietnamese_number_in_every_spelling() -> None:
    assert set(spellings("+84901234567", VIETNAM)) == {
        "+84901234567",
        "84901234567",
        "0084901234567",
        "0901234567",
        "901234567",
        "840901234567",
        "+840901234567",
    }


@pytest.mark.parametrize("number", ["+842812345678", "+84901234567", "+12025550143", "+442079460018"])
def test_each_spelling_is_one_that_the_store_reads_as_this_number(number: str) -> None:
    found = list(spellings(number, VIETNAM))
    assert {number, number[1:], "00" + number[1:]} - set(found) <= {number[1:]}
    assert all(phone.e164(form, "VN") == number for form in found)


def test_a_foreign_number_without_plus_is_ours_only_if_the_store_says_so() -> None:
    for number in ("+12025550143", "+442079460018"):
        assert (number[1:] in spellings(number, VIETNAM)) is (phone.e164(number[1:], "VN") == number)


def test_short_numbers_and_what_is_none() -> None:
    assert list(spellings("1900", VIETNAM)) == ["1900"]
    assert list(spellings("alice", VIETNAM)) == []
    assert list(spellings("09 01", VIETNAM)) == []
    assert list(spellings("1" * 21, VIETNAM)) == []
    assert list(spellings("+84901234567", GENERIC)) == ["+84901234567"]


def test_fixed_words_only() -> None:
    def value(language: str, priority: str, blocked: bool) -> set[str]:
        return set(entries([Treatment("1900", language, priority, blocked)], in_vietnam, "vi").values())

    assert value("vi", "normal", False) == set(), "everybody hears Vietnamese here"
    assert value("en", "normal", False) == {"en//"}
    assert value("vi", "high", False) == {"/high/"}
    assert value("", "high", False) == {"/high/"}
    assert value("en", "high", True) == {"en/high/blocked"}
    assert value("fr", "normal", False) == {"fr//"}
    assert value("it", "normal", False) == set(), "the box has no prompts in Italian"
    assert value("", "normal", False) == set()


@given(st.text(), st.text(), st.text(), st.booleans())
def test_nothing_typed_gets_through(number: str, language: str, priority: str, blocked: bool) -> None:
    for key, value in entries([Treatment(number, language, priority, blocked)], in_vietnam, "vi").items():
        assert re.fullmatch(r"\+?[0-9]{1,20}", key, re.ASCII)
        assert re.fullmatch(rf"({'|'.join(PROMPT_LANGUAGES)}|)/(high|)/(blocked|)", value)
        fields = action(key, value).fields
        assert fields == {"Family": "foyer-caller", "Key": key, "Val": value}


@given(
    st.dictionaries(st.sampled_from("123456"), st.sampled_from(("vi//", "//blocked"))),
    st.dictionaries(st.sampled_from("123456"), st.sampled_from(("vi//", "//blocked"))),
)
def test_the_differences_make_one_of_the_other(want: dict[str, str], have: dict[str, str]) -> None:
    for key, value in differences(want, have):
        if value:
            have[key] = value
        else:
            del have[key]
    assert have == want
    assert differences(want, have) == []


def test_what_astdb_holds() -> None:
    rows = (("/foyer-caller/+84901234567", "vi/high/"), ("/registrar/1", "x"))
    items = [
        message_of([("Event", "DBGetTreeResponse"), ("Key", key), ("Val", value)]) for key, value in rows
    ]
    assert held(items) == {"+84901234567": "vi/high/"}


def test_a_removal() -> None:
    assert action("1900", "") == Action("DBDel", {"Family": "foyer-caller", "Key": "1900"})
