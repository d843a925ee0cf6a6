"""A small run of the measure of calling back, and one in which each process dies at the worst moment."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.asterisk.leg import Leg
from tests.asterisk.phone import Phone
from tests.bench.flows.callback_once import BUSY, leave, left, office, share_called_once, times_called
from tests.until import until

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]

AGENTS = 2


@pytest.fixture
def folder() -> Iterator[Path]:
    # A socket's path is short.
    with tempfile.TemporaryDirectory(prefix="pbx-", dir="/tmp") as made:
        yield Path(made)


def test_everybody_is_called_once_whoever_is_killed(folder: Path) -> None:
    assert share_called_once(folder, 12, 4, seed=7, agents=4) == 1.0


def ringing(world: Phone) -> list[Leg]:
    """The customers whose phones ring now."""
    return [leg for leg in world.legs if leg.invite and leg.answered_at is None and leg.ended_at is None]


@pytest.mark.timeout(600)
def test_who_dies_while_customers_are_rung_calls_none_of_them_again(folder: Path) -> None:
    """Both agents are free at once, and both answer what rings at both: as many customers are rung as there
    are agents, each for one of them. Then foyer-pbx, Asterisk or both are killed.
    """
    killed = (("foyer-pbx",), ("asterisk",), ("asterisk", "foyer-pbx"))
    numbers = [f"+8490{1_000_000 + number}" for number in range(AGENTS * len(killed))]
    with office(folder, agents=AGENTS, refuses=0, strategy="ringall") as (box, world, restless):
        leave(box, numbers)
        for turn, victims in enumerate(killed, 1):
            until(lambda: len(ringing(world)) == AGENTS, 60, f"customers to be rung, turn {turn}")
            assert sum(times_called(world).values()) == turn * AGENTS
            rung = ringing(world)
            for victim in victims:
                restless.kill(is_asterisk=victim == "asterisk")
            for leg in rung:
                # An Asterisk that is dead does not take them back.
                leg.end() if "asterisk" in victims else leg.refuse(BUSY)
        until(lambda: left(box) == 0, 60, "everybody to have been called")
        assert times_called(world) == dict.fromkeys(numbers, 1)
