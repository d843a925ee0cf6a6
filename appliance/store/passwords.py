"""How passwords are kept: argon2id with OWASP's parameters, 19 MiB and two passes, 30 to 60 ms on a small
box.
"""

from __future__ import annotations

import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from appliance.errors import RejectedError
from appliance.store.text import storable

SHORTEST = 10
LONGEST = 200
# What an unknown account is checked against, so that it takes as long as a known one. Nobody knows its
# password.
NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$2DBuiF647/ydiLBMjyFfmQ$IiitajxgUf8MkLN4kXMXRPyNbQG90InEVMrHlIfG1mE"

# A check takes 19 MiB while it lasts. More at once would serve nobody sooner, and a flood of sign-ins, one in
# each thread of the pages, would take 4 GB.
_turn = threading.BoundedSemaphore(4)


def make_hash(password: str, login: str) -> str:
    """The hash to store. RejectedError: shorter than 10 or longer than 200 characters, or the account's own
    name.
    """
    text = _normal(password)
    if not SHORTEST <= len(text) <= LONGEST:
        raise RejectedError(
            "A password has {low} to {high} characters.", field="password", low=SHORTEST, high=LONGEST
        )
    if text.casefold() == login.casefold() or len(set(text)) < 4:
        raise RejectedError("This password is too easy to guess.", field="password")
    return _hasher().hash(text)


def matches(password_hash: str, password: str) -> bool:
    """Whether `password` is the one that was hashed. Takes the same time either way."""
    try:
        with _turn:
            return _hasher().verify(password_hash, _normal(password)[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False


def _hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


def _normal(password: str) -> str:
    """One form for what different keyboards send for the same letters."""
    return unicodedata.normalize("NFC", storable(password))
