"""The text of the box's own screen: plain letters, and no more than fit on it."""

from __future__ import annotations

import itertools
import re

import pytest

from appliance.console.screen import COLUMNS, ROWS, screen
from appliance.console.status import Status
from appliance.fault import FAULTS, fault
from appliance.secure_boot import KeyState

OTP = "k7mp-x2qa-9wdf-hh4t"
NEW = Status(("192.0.2.10",), password=OTP, lines=("Wildcard TDM410P Board 5 (WCTDM/4)",))


def test_the_console_is_the_smallest_that_there_is() -> None:
    assert (COLUMNS, ROWS) == (80, 24)


def test_the_screen_is_plain() -> None:
    text = screen(NEW)
    assert text.isascii() and all(len(line) <= 80 for line in text.splitlines()) and text.count("\n") < 25
    assert "Wildcard TDM410P Board 5 (WCTDM/4)" in text and OTP in text
    assert "no address yet" in screen(Status(()))
    assert "https://foyer.local:8443/" in screen(Status(("192.0.2.10",), 8443))
    assert re.search(r"[^\x20-\x7e\n]", screen(Status(("192.0.2.10",), lines=("\x1b[31m…",)))) is None


# More than any screen has room for.
MANY = tuple(f"192.0.2.{number}" for number in range(10, 15))
SPANS = tuple(f"T4XXP (PCI) Card {n // 4} Span {n % 4 + 1} (TE4/{n // 4}/{n % 4 + 1})" for n in range(8))


def fits(text: str) -> bool:
    """Whether a console of 80 by 25 shows all of it, and what is typed below."""
    return text.count("\n") <= ROWS and max(map(len, text.splitlines())) <= COLUMNS


@pytest.mark.parametrize("spans", range(len(SPANS) + 1))
def test_a_box_with_many_cards_and_addresses_fits_on_the_screen(spans: int) -> None:
    keys: tuple[KeyState, ...] = ("", "unknown")
    for count, password, driver_key in itertools.product(range(len(MANY) + 1), ("", OTP), keys):
        text = screen(Status(MANY[:count], password=password, lines=SPANS[:spans], driver_key=driver_key))
        assert fits(text) and "Foyer" in text and "9  Factory reset" in text, text
        assert password in text and (f"https://{MANY[0]}/" in text) == (count > 0), text
        shown = [name for name in SPANS[:spans] if name in text]
        assert shown == list(SPANS[: len(shown)]) and bool(shown) == bool(spans), text
        cards = text.partition("Telephone cards:\n")[2]
        assert (f"     and {spans - len(shown)} more\n" in cards) == (len(shown) < spans), text
        # None is hidden where there is room for it.
        assert len(shown) == spans or text.count("\n") == ROWS, text


def test_three_addresses_and_a_name_too_long_for_the_screen() -> None:
    text = screen(Status(MANY[:3], lines=("x" * 200,)))
    assert all(f"https://{address}/" in text for address in MANY[:3]) and fits(text)
    text = screen(Status(MANY))
    assert f"https://{MANY[1]}/" in text and "     and 3 more\n" in text and f"https://{MANY[2]}/" not in text


@pytest.mark.parametrize("name", [*FAULTS, "never-heard-of"])
def test_a_box_without_its_data_fits_on_the_screen(name: str) -> None:
    known = fault(name)
    assert known
    text = screen(Status(MANY, lines=SPANS, fault=known))
    assert fits(text) and known.message in " ".join(text.split()) and "4  Start again" in text


@pytest.mark.parametrize("name", [*FAULTS, "never-heard-of"])
def test_a_box_without_its_data_says_so(name: str) -> None:
    known = fault(name)
    assert known
    text = screen(Status(("192.0.2.10", "198.51.100.7"), fault=known))
    assert text.isascii() and all(len(line) <= 80 for line in text.splitlines()) and text.count("\n") < 25
    assert known.message in " ".join(text.split()) and known.hint in " ".join(text.split())
    # No certificate that a browser trusts.
    assert "http://foyer.local/" in text and "https" not in text
    # Nothing that needs the data; a reset only where it helps.
    assert "Network" not in text and "password" not in text and "3  Switch off" in text
    assert ("9  Factory reset" in text) == known.can_reset
