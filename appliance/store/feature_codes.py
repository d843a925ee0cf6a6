"""The codes that an agent's phone may dial, as one table: the dialplan is rendered from it, and the page that
lists them. Pure.

Used by pbx/conf/feature_contexts.py and by the pages. What a code does is the subroutine `foyer-code-<name>`
of pbx/dialplan; the words for it are webui/phone_code_words.py's. The codes that close opening hours are
schedules.closing_code.
"""

from __future__ import annotations

from dataclasses import dataclass

# What may follow a code at once: nothing, a colleague's internal number, or any number.
NOTHING, COLLEAGUE, NUMBER = "", "colleague", "number"


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
    FeatureCode("break", "*90"),
    FeatureCode("back", "*91"),
    FeatureCode("time", "*60"),
    FeatureCode("echo", "*43"),
)
