"""The codes that an agent's phone may dial, as one table: the dialplan is rendered from it, and the page that
lists them. Pure.

Used by pbx/conf/feature_contexts.py and by the pages. What a code does is the subroutine `foyer-code-<name>`
of pbx/dialplan; the words for it are webui/phone_code_words.py's. The codes that close opening hours are
schedules.closing_code.
"""

from __future__ import annotations

from dataclasses import dataclass

# What may follow a code at once: nothing, a colleague's internal number, any number, the place of a parked
# call.
NOTHING, COLLEAGUE, NUMBER, PLACE = "", "colleague", "number", "place"
# Where parked calls wait; two digits.
PLACES = range(10, 50)
PARKED_S = 60
"""After so long a parked call comes back to who parked it."""


@dataclass(frozen=True)
class FeatureCode:
    """`code` is a star and digits, `follows` one of the above; `about` tells codes of one
    subroutine apart.
    """

    name: str
    code: str
    follows: str = NOTHING
    about: str = ""


CODES = (
    FeatureCode("pickup", "*8"),
    FeatureCode("pickup-from", "**", COLLEAGUE),
    FeatureCode("quiet", "*78", about="on"),
    FeatureCode("quiet", "*79", about="off"),
    FeatureCode("forward", "*72", NUMBER, "always"),
    FeatureCode("unforward", "*73", about="always"),
    FeatureCode("forward", "*74", NUMBER, "busy"),
    FeatureCode("unforward", "*75", about="busy"),
    FeatureCode("forward", "*76", NUMBER, "unanswered"),
    FeatureCode("unforward", "*77", about="unanswered"),
    FeatureCode("parked", "*5", PLACE),
    FeatureCode("break", "*90"),
    FeatureCode("back", "*91"),
    FeatureCode("time", "*60"),
    FeatureCode("echo", "*43"),
)
# Pressed while somebody is on the line, one key soon after the other. What they do is Asterisk's own
# (pbx/conf/features_conf.py). The last three count while a colleague is asked.
KEYS = (
    FeatureCode("transfer", "##", NUMBER),
    FeatureCode("transfer-ask", "*2", NUMBER),
    FeatureCode("park", "*5"),
    FeatureCode("transfer-done", "*2"),
    FeatureCode("transfer-three", "*3"),
    FeatureCode("transfer-back", "*1"),
)


def place_code(place: str) -> str:
    """What a phone dials to fetch the call that is parked at this place."""
    return f"{next(one.code for one in CODES if one.follows == PLACE)}{place}"


def keys_of(name: str) -> str:
    """What is pressed for it during a call."""
    return next(one.code for one in KEYS if one.name == name)
