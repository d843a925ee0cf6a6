"""An agent's state: what news of long ago, and the same news again, do to it."""

from __future__ import annotations

from appliance.store import Store, agents, events


def test_an_old_refusal_and_the_same_one_change_nothing(store: Store) -> None:
    with store.change() as change:
        agents.set_state(change, "a1", "available", by="u1", at=1000)
        told = events.latest_id(change.db)
    for at, reason in ((1000, ""), (1001, "declined"), (1001, "declined"), (900, "declined")):
        with store.change() as change:
            agents.decline(change, "a1", "phone", at)
            now = agents.current_of(change.db, "a1")
            assert (now.state, now.reason, now.started) == ("available", reason, 1001 if reason else 1000)
    with store.read() as db:
        assert [event.subject for event in events.since(db, told)] == ["a1"]
    with store.change() as change:
        agents.set_state(change, "a1", "break", "lunch", by="u1", at=2000)
        agents.decline(change, "a1", "phone", 3000)
        assert agents.current_of(change.db, "a1").reason == "lunch"
