"""Secure Boot and the drivers of telephony cards: does this machine take drivers that are signed with the
box's own key, as the firmware's variables tell?

Debian's kernel is trusted by the firmware; the drivers are compiled for it, and signed with the key whose
certificate is part of the system (image/dahdi.sh). The owner confirms that key once, before the screen: shim
keeps it from then on, in the list that it hands to the kernel (MokListRT).
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Literal

CERTIFICATE = Path("/usr/share/foyer/driver-key.der")
VARIABLES = Path("/sys/firmware/efi/efivars")
# UEFI 2.10, 3.3; shim's own (lib/guid.c).
_GLOBAL, _SHIM = "8be4df61-93ca-11d2-aa0d-00e098032b8c", "605dab50-e046-4300-abb6-3dd810dd8b23"
# Before a variable's value stand its attributes: Documentation/filesystems/efivarfs.rst.
_ATTRIBUTES = 4

# "": every driver is taken. "unknown": none of ours, as nobody confirmed the key; "asked": the question waits
# for the next start; "confirmed": they are taken.
KeyState = Literal["", "unknown", "asked", "confirmed"]


def key_at_start(variables: Path = VARIABLES, certificate: Path = CERTIFICATE) -> KeyState:
    """What shim found when the box was started: never "asked", and the same until it starts again, so ask
    once: on many machines each look at a variable holds all processors up. Any account may ask.
    """
    # The second one: its owner has told shim to check nothing (mokutil --disable-validation).
    is_on, is_ignored = _value(variables, f"SecureBoot-{_GLOBAL}"), _value(variables, f"MokSBStateRT-{_SHIM}")
    if is_on != b"\x01" or is_ignored == b"\x01":
        return ""
    try:
        ours = certificate.read_bytes()
    except OSError:  # a box inside another machine
        return ""
    # shim continues a long list in MokListRT1 and so on.
    is_known = any(ours in _value(variables, path.name) for path in variables.glob(f"MokListRT*-{_SHIM}"))
    return "confirmed" if is_known else "unknown"


def key_now(at_start: KeyState, variables: Path = VARIABLES) -> KeyState:
    """The state at this moment, by what `key_at_start` said. A question is one for our key: the box asks for
    no other. It looks at the variable's name alone, which holds nobody up.
    """
    is_asked = at_start == "unknown" and (variables / f"MokNew-{_SHIM}").exists()
    return "asked" if is_asked else at_start


def new_code() -> str:
    """A code for the question at the next start: digits, since a firmware knows only American keyboards."""
    return "".join(secrets.choice("0123456789") for _ in range(8))


def _value(variables: Path, name: str) -> bytes:
    try:
        return (variables / name).read_bytes()[_ATTRIBUTES:]
    except OSError:
        return b""
