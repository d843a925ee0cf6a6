"""What a page is told of a call that it hands on, while Asterisk is busy."""

from __future__ import annotations

import math
import time
from typing import Any

import pytest

from appliance.errors import RejectedError
from appliance.pbx import handing_on
from appliance.store import countries
from appliance.store.sitemodel import Site
from tests.apply.box import FIRST
from tests.until import Stopwatch, until


class Busy:
    """Asterisk's manager, which moves the agent's leg out of its bridge only after so many seconds."""

    def __init__(self, moves_after_s: float) -> None:
        self.moves_after_s = moves_after_s
        self.moves_at = math.inf

    def ask(self, _action: str, _fields: object) -> None:
        """Says yes."""
        self.moves_at = time.monotonic() + self.moves_after_s

    def list_of(self, _action: str) -> list[dict[str, str]]:
        return [{"Channel": "PJSIP/a1d-1", "BridgeId": "" if time.monotonic() > self.moves_at else "b1"}]


def ask_there(ami: Any) -> None:
    """Asks, and looks until the leg has moved."""
    site = Site.from_dict(FIRST)
    country = countries.find_or_generic(site.country, countries.load())
    has_moved = handing_on.to_number(ami, site, country, site.agents[0], "call", "102", ask=True)
    assert has_moved is not None
    until(has_moved, 10, "the leg to move")


def test_a_leg_that_moves_late_has_moved() -> None:
    ask_there(Busy(2.5))


@pytest.mark.slow
def test_a_leg_that_stays_is_told_of_while_the_page_waits() -> None:
    watch = Stopwatch()
    with pytest.raises(RejectedError, match="did not call there"):
        ask_there(Busy(60))
    assert watch.seconds < 5
