"""An agent who calls somebody: the live view says so until there is an answer."""

from __future__ import annotations

from appliance.pbx.ami_parser import Message
from appliance.pbx.live import LiveState
from tests.pbx.test_live import T, channel, folded, written


def test_who_calls_somebody_talks_once_there_is_an_answer() -> None:
    def seen(state: LiveState) -> tuple[str, int]:
        assert "agent/a1" in written(state), "nobody would notice"
        row = state.now.row(("agent", "a1"))
        assert row is not None
        return row["state"], row["since"]

    def agent(number: int, state: str, at: int) -> Message:
        return channel("PJSIP/a1", number, state, at=at, Linkedid="1.1", Event="Newchannel")

    def line(state: str, at: int, kind: str = "Newstate") -> Message:
        return channel("PJSIP/l1", 2, state, at=at, Linkedid="1.1", Event=kind)

    # From the desk phone, whose own leg is up only when there is an answer; or the box rang his phone first.
    for own, answer in (("4", channel("PJSIP/a1", 1, "6", at=T + 9, Linkedid="1.1")), ("6", None)):
        state = folded(agent(1, own, T), line("0", T + 1, "Newchannel"))
        assert seen(state) == ("calling", T)
        folded(line("5", T + 2), state=state)
        row = state.now.row(("agent", "a1"))
        assert row is not None and row["state"] == "calling"
        folded(*filter(None, (line("6", T + 9), answer)), state=state)
        assert seen(state) == ("talking", T + 9)
        # The other side may put the call on hold and take it back: the talk began when it began.
        folded(line("6", T + 20, "Hold"), line("6", T + 30, "Unhold"), state=state)
        row = state.now.row(("agent", "a1"))
        assert row is not None and (row["state"], row["since"]) == ("talking", T + 9)
    # Another agent's phone rings.
    state = folded(agent(1, "6", T), channel("PJSIP/a2", 3, "5", at=T + 1, Linkedid="1.1"))
    assert seen(state) == ("calling", T)
    # Nobody answered, and a sentence says so.
    folded(channel("PJSIP/a2", 3, Event="Hangup", Linkedid="1.1"), state=state)
    assert seen(state) == ("talking", T)
    # A caller who waits is there, whether the box has answered him or not.
    for answered in ("4", "6"):
        assert seen(folded(line(answered, T - 9, "Newchannel"), agent(1, "6", T))) == ("talking", T)
