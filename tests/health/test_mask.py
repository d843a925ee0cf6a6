"""Secrets never leave: those that are named, those that the box makes, and keys; what is useful stays."""

from __future__ import annotations

import base64
import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.health.mask import hide_secrets


@pytest.mark.parametrize(
    ("said", "hidden"),
    [
        ("login with password=hunter2 failed", "hunter2"),
        ("{'secret': 'a b c', 'x': 1}", "a b c"),
        ("Authorization: Bearer abc.def", "abc.def"),
        ("Authorization: Digest username=x", "username"),
        ("X-CSRF: 123abc", "123abc"),
        ("AMI_SECRET = foo", "foo"),
        ("--password=hunter2", "hunter2"),
        ("proxy-authorization: Basic dXNlcg==", "dXNlcg"),
        ("username=x, response='abc'", "abc"),
        ("old-response: abc", "abc"),
        ("made k7mp-x2qa-9wdf.", "9wdf"),
        ("the password k7mp-x2qa-9wdf-hh4t was used", "k7mp"),
        ("-----BEGIN EC PRIVATE KEY-----\nMHcCAQ\n-----END EC PRIVATE KEY-----", "MHcCAQ"),
        ("-----BEGIN PRIVATE KEY-----\nMHcCAQ", "MHcCAQ"),
    ],
)
def test_secrets_are_hidden(said: str, hidden: str) -> None:
    assert hidden in said and hidden not in hide_secrets(said)


@pytest.mark.parametrize(
    "said",
    [
        "Started foyer-webui.service - Foyer: pages.",
        "01JD3V9Z6Q8X4T2M5N7P0R1S2K is a conversation",
        "uid 863 pid 12: 'restart_service' {'name': 'caddy'}",
        "/usr/lib/python3/dist-packages/Asterisk22/Modules/File is missing",
        "f47ac10b-58cc-4372-a567-0e02b2c3d479",
        "systemd-journal-flush-and-more.service: Deactivated successfully.",
    ],
)
def test_what_is_no_secret_stays(said: str) -> None:
    assert hide_secrets(said) == said


@given(
    st.binary(min_size=18, max_size=32),
    st.text(string.printable, max_size=20),
    st.text(string.printable, max_size=20),
)
def test_random_passwords_are_hidden(random: bytes, before: str, after: str) -> None:
    password = base64.urlsafe_b64encode(random).decode().rstrip("=")
    assert password not in hide_secrets(f"{before} {password} {after}") or not _is_mixed(password)


@pytest.mark.parametrize(
    "piece",
    [
        "a-",
        "a",
        "a ",
        "1 ",
        "password-",
        "password=",
        "password ",
        "x-response ",
        "aA1",
        "aA1=",
        "aaaa-",
        "-----BEGIN ",
    ],
)
def test_a_long_line_takes_no_long_time(piece: str) -> None:
    before = time.process_time()
    hide_secrets(piece * (48 * 1024 // len(piece)))
    # As the journal takes it from a service's output (LineMax of journald.conf). It took minutes.
    assert time.process_time() - before < 2.0


def _is_mixed(password: str) -> bool:
    kinds = (str.islower, str.isupper, str.isdigit)
    return all(any(kind(letter) for letter in password) for kind in kinds)
