"""Phone numbers as networks and people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import RejectedError
from appliance.store import phone


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("0901234567", "VN", "+84901234567"),
        ("84901234567", "VN", "+84901234567"),
        ("+84901234567", "ZZ", "+84901234567"),
        ("0901234567", "ZZ", None),
        ("1234", "VN", None),
        ("12345", "DE", None),
        ("anonymous", "VN", None),
        ("+999123", "VN", None),
        ("0901234567;ext=1", "VN", None),
        ("", "VN", None),
    ],
)
def test_e164(text: str, country: str, number: str | None) -> None:
    assert phone.e164(text, country) == number


@given(
    st.text(max_size=30) | st.text("+0123456789() -", max_size=30), st.sampled_from(("VN", "IR", "US", "ZZ"))
)
def test_any_text_is_a_clean_number_or_refused(text: str, country: str) -> None:
    try:
        number = phone.typed_number(text, country, "number")
    except RejectedError as error:
        assert error.field == "number"
    else:
        assert number.removeprefix("+").isascii()
        assert number.removeprefix("+").isdigit()
        assert phone.typed_number(number, country, "number") == number


@pytest.mark.parametrize("caller", ["", "anonymous", "Anonymous", "Unavailable", " restricted "])
def test_hidden_callers(caller: str) -> None:
    assert phone.is_anonymous(caller)
    assert not phone.is_anonymous("0901234567")
