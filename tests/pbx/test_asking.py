"""An agent asks somebody before handing on: what the live view says of it, and what became of it."""

from __future__ import annotations

from copy import deepcopy

import pytest

from appliance.pbx.ami_parser import Message
from appliance.pbx.live import LiveState
from tests.pbx.test_live import T, channel, folded

CALLER, AGENT, NEAR, FAR, COLLEAGUE = (
    ("PJSIP/l1", 1),
    ("PJSIP/a1", 2),
    ("Local/102@foyer-hands", 3),
    ("Local/102@foyer-hands", 4),
    ("PJSIP/a2", 5),
)
HALVES = {NEAR: ";1", FAR: ";2"}


def about(
    leg: tuple[str, int], state: str = "6", *, at: int = T, kind: str = "Newstate", bridge: str = ""
) -> Message:
    """An event about a leg."""
    name = f"{leg[0]}-00000001{HALVES[leg]}" if leg in HALVES else f"{leg[0]}-{leg[1]:08x}"
    return channel(*leg, state, at=at, Channel=name, Event=kind, BridgeUniqueid=bridge)


def joins(leg: tuple[str, int], bridge: str, *, at: int = T) -> Message:
    """A leg enters a bridge."""
    return about(leg, kind="BridgeEnter", bridge=bridge, at=at)


def ends(leg: tuple[str, int]) -> Message:
    """A leg is hung up."""
    return about(leg, kind="Hangup")


def how(state: LiveState, agent: str = "a1") -> object:
    """What the row says of the asking; "" if nothing."""
    row = state.now.row(("agent", agent))
    return row.get("asks", {}).get("how", "") if row else ""


@pytest.fixture
def asking() -> LiveState:
    """a1 asks a2, whose phone rings."""
    talk = folded(about(CALLER), about(AGENT), joins(CALLER, "b1"), joins(AGENT, "b1"))
    assert how(talk) == ""
    talk.confirm(talk.changes())
    state = folded(
        joins(AGENT, "b2", at=T + 5),
        about(NEAR, "0"),
        joins(NEAR, "b2"),
        about(FAR, "4"),
        about(COLLEAGUE, "5"),
        state=talk,
    )
    changes = state.changes()
    assert (changes["agent", "a1"] or {})["asks"] == {"since": T + 5, "how": "asking"}
    state.confirm(changes)
    return state


def answers() -> list[Message]:
    """The colleague answers, and Asterisk takes its own wiring out."""
    return [about(COLLEAGUE), about(NEAR), joins(FAR, "b3"), joins(COLLEAGUE, "b3"), joins(COLLEAGUE, "b2")]


def test_nobody_answers(asking: LiveState) -> None:
    state = folded(ends(COLLEAGUE), ends(FAR), ends(NEAR), joins(AGENT, "b1"), state=asking)
    assert how(state) == "unanswered"
    assert (state.changes()["agent", "a1"] or {})["asks"]["how"] == "unanswered"
    # Asked once more, this is news.
    assert how(folded(joins(AGENT, "b4", at=T + 9), state=state)) == "asking"


def test_the_phone_still_rings_when_asterisk_gives_up(asking: LiveState) -> None:
    assert how(folded(joins(AGENT, "b1"), state=asking)) == "unanswered"


def test_after_a_talk_there(asking: LiveState) -> None:
    talk = folded(*answers(), ends(FAR), ends(NEAR), state=asking)
    assert (how(talk), how(talk, "a2")) == ("asking", "")
    # The agent goes back, or the other hangs up: either may be heard first.
    assert how(folded(joins(AGENT, "b1"), ends(COLLEAGUE), state=deepcopy(talk))) == "back"
    assert how(folded(ends(COLLEAGUE), joins(AGENT, "b1"), state=talk)) == "back"


def test_of_calls_that_were_listed() -> None:
    """foyer-pbx came while they talked, and saw nobody enter their bridge."""
    listed = [
        channel(*leg, "6", Channel=f"{leg[0]}-{leg[1]:08x}", Event="CoreShowChannel", BridgeId="b1")
        for leg in (CALLER, AGENT)
    ]
    asked = (joins(AGENT, "b2"), about(NEAR, "0"), joins(NEAR, "b2"), about(FAR, "4"), about(COLLEAGUE, "5"))
    seen = folded(*listed, *asked)
    assert how(seen) == "asking"
    assert how(folded(ends(COLLEAGUE), joins(AGENT, "b1"), state=seen)) == "unanswered"


def test_that_it_is_over_is_seen_in_the_list(asking: LiveState) -> None:
    """The manager interface was away when he went back."""
    back = channel(*AGENT, "6", Event="CoreShowChannel", BridgeId="b1")
    assert how(folded(back, state=asking)) == "back"


def test_who_was_asked_is_taken_to_the_caller(asking: LiveState) -> None:
    state = folded(*answers(), joins(COLLEAGUE, "b1"), ends(AGENT), state=asking)
    assert how(state, "a2") == ""


def test_all_three_talk(asking: LiveState) -> None:
    assert how(folded(*answers(), joins(CALLER, "b2"), state=asking)) == "back"


def test_the_caller_does_not_wait(asking: LiveState) -> None:
    state = folded(*answers(), ends(CALLER), state=asking)
    assert how(state) == "alone"
    assert (state.changes()["agent", "a1"] or {})["asks"]["how"] == "alone"
