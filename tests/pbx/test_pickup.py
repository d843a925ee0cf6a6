"""A call that rings at one agent and is taken by another: the live view and the history say who has it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.pbx.box import CALLER, NUMBER, Box
from tests.until import until

pytestmark = pytest.mark.asterisk


def test_who_takes_a_colleagues_call_has_it() -> None:
    with tempfile.TemporaryDirectory(prefix="pbx-", dir="/tmp") as path, Box(Path(path)) as box:
        box.start()
        with box.desk("a1") as one, box.desk("a2") as two, box.outside() as outside:
            one.register()
            two.register()
            box.wait_row("agent", "a2", "the desk phones in the live view", desk=True)
            box.agent("a1", "available")
            until(lambda: box.members() == {("PJSIP/a1d", "")}, 5, "the agent in the queue")
            caller = outside.call(NUMBER)
            one.wait_ring()
            ringing = box.wait_row("agent", "a1", "a ring", state="ringing")
            taken = two.call("*8").wait_answer()
            row = box.wait_row("agent", "a2", "the talk", state="talking", call=ringing["call"])
            assert (row["number"], row["queue"]) == (CALLER, "q1")
            box.wait_row("agent", "a1", "the end of the ring", state="idle")
            taken.hang_up()
            caller.wait_end()
        done = box.call(lambda one: one.ended is not None, "the end of the call in the store")
        assert (done.outcome, done.agent_id, done.queue_id) == ("answered", "a2", "q1")
        kinds = [(kind, agent) for kind, agent, _ in box.segments(done)]
        assert kinds == [("greeting", None), ("wait", None), ("ring", "a1"), ("talk", "a2")]
