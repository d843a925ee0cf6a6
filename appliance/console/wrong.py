"""What is wrong with the machine, for the box's own screen: the checks of `foyer doctor`, as far as an
account without rights may ask. Phone lines and settings stay for the pages: here nothing is shown of people.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable

from appliance.errors import TransientError
from appliance.health.checks import of_machine
from appliance.health.facts import Machine

_WIDTH = 72
_WELL = "Nothing is wrong with this machine."
_MORE = "What is wrong with phone lines and settings, the page System says."


def what_is_wrong(machine: Callable[[], Machine]) -> str:
    """Sentences with what to do, wrapped for the screen; `machine` asks foyer-health."""
    try:
        found = of_machine(machine())
    except TransientError:
        found = of_machine(None)
    said = [
        sentence
        for finding in found
        for sentence in (f"!! {finding.sentences(str)[0]}", finding.sentences(str)[1])
    ]
    return "\n\n".join(
        textwrap.fill(sentence, _WIDTH, initial_indent="  ", subsequent_indent="  ")
        for sentence in (*(said or [_WELL]), _MORE)
    )
