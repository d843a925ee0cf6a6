"""What the processes exchange: events, requests, live rows, agent states, feeds, secrets, audit rows."""

from __future__ import annotations

import threading

import pytest

from appliance.errors import ConflictError, NotFoundError, RejectedError
from appliance.store import Store, agents, audit, events, feeds, live, requests, secrets


class TestEvents:
    def test_followers_resume_by_id(self, store: Store) -> None:
        for subject in "abc":
            with store.change() as change:
                change.event("person", subject)
        with store.read() as db:
            assert [event.subject for event in events.since(db, 1)] == ["b", "c"]
            assert [event.subject for event in events.since(db, 0, limit=2)] == ["a", "b"]
            assert events.latest_id(db) == 3
            assert not events.is_gap(db, 0)
            assert events.is_gap(db, 4)

    def test_pruning_leaves_a_gap_for_who_is_behind_it(self, store: Store) -> None:
        for at in (1, 2, 3):
            with store.change() as change:
                change.now = at
                change.event("person", "p")
        with store.change() as change:
            change.now = 10
            assert events.prune(change, kept_ms=8) == 1
        with store.read() as db:
            assert events.is_gap(db, 0)
            assert not events.is_gap(db, 1)
        with store.change() as change:
            events.prune(change, kept_ms=0)
        with store.read() as db:
            assert events.latest_id(db) == 3
            assert events.is_gap(db, 2)
            assert not events.is_gap(db, 3)


class TestRequests:
    def ask(self, store: Store, deadline_s: float = 5.0) -> str:
        with store.change() as change:
            return requests.ask(change, "pbx", "ring", {"agent": "a1"}, "u1", deadline_s)

    def test_from_asking_to_the_result(self, store: Store) -> None:
        request_id = self.ask(store)

        def serve() -> None:
            with store.change() as change:
                request = requests.claim(change, "pbx")
                assert request is not None
                assert (request.kind, request.args, request.state) == ("ring", {"agent": "a1"}, "claimed")
            with store.change() as change:
                requests.finish(change, request.id, True, {"channel": "x"})

        server = threading.Thread(target=serve)
        server.start()
        request = requests.wait(store, request_id, 10)
        server.join()
        assert (request.state, request.result) == ("done", {"channel": "x"})
        with store.read() as db:
            assert [(event.kind, event.ids) for event in events.since(db, 0)] == [
                ("request", {"target": "pbx"})
            ] * 3

    def test_it_is_claimed_once_and_in_order(self, store: Store) -> None:
        first, second = self.ask(store), self.ask(store)
        with store.change() as change:
            assert requests.claim(change, "apply") is None
            claimed = [requests.claim(change, "pbx") for _ in range(3)]
        assert [request.id if request else None for request in claimed] == [first, second, None]

    def test_it_expires_at_its_deadline(self, store: Store) -> None:
        request_id = self.ask(store, deadline_s=0.0)
        with store.change() as change:
            change.now += 1
            assert requests.claim(change, "pbx") is None
        request = requests.wait(store, request_id, 0)
        assert request.state == "expired"
        assert request.result["error"]
        with store.change() as change, pytest.raises(ConflictError):
            requests.finish(change, request_id, True, {})

    def test_waiting_ends_without_an_answer(self, store: Store) -> None:
        request_id = self.ask(store)
        assert requests.wait(store, request_id, 0.05).state == "waiting"
        with store.read() as db:
            assert requests.is_waiting(db, "pbx")
            assert not requests.is_waiting(db, "apply")
        with pytest.raises(NotFoundError):
            requests.wait(store, "nothing", 0)

    def test_a_restarted_target_fails_what_it_had_claimed(self, store: Store) -> None:
        request_id = self.ask(store)
        with store.change() as change:
            requests.claim(change, "pbx")
            assert requests.abandon(change, "apply") == 0
            assert requests.abandon(change, "pbx") == 1
        with store.read() as db:
            assert requests.get(db, request_id).state == "failed"
        with store.change() as change:
            change.now += 1
            assert requests.prune(change, kept_ms=0) == 1


class TestLive:
    def test_only_what_changes_is_told(self, store: Store) -> None:
        with store.change() as change:
            live.replace(change, "queue", {"q1": {"waiting": 0}, "q2": {"waiting": 1}})
        with store.change() as change:
            live.replace(change, "queue", {"q1": {"waiting": 2}, "q3": {"waiting": 0}})
            assert not live.put(change, "queue", "q3", {"waiting": 0})
            assert live.drop(change, "queue", "q3")
            assert not live.drop(change, "queue", "q3")
        with store.read() as db:
            snapshot = live.snapshot(db)
            told = [event.subject for event in events.since(db, 2)]
        assert snapshot.rows == {
            "pbx": {},
            "disk": {},
            "queue": {"q1": {"waiting": 2}},
            "caller": {},
            "parked": {},
            "agent": {},
            "line": {},
            "divert": {},
            "fault": {},
            "signal": {},
            "guard": {},
            "hours": {},
            "card": {},
            "span": {},
            "port": {},
            "socket": {},
            "dahdi": {},
        }
        assert snapshot.last_event_id == 5
        assert sorted(told) == ["q1", "q2", "q3"]


class TestAgents:
    def test_intervals_follow_each_other(self, store: Store) -> None:
        with store.change() as change:
            change.now = 1000
            assert agents.current_of(change.db, "a1").state == "offline"
            agents.set_state(change, "a1", "available", "", "desk", "u1")
            change.now = 2000
            agents.set_state(change, "a1", "break", "lunch", None, "u1")
            agents.set_state(change, "a2", "available", by="u2")
            late = agents.set_state(change, "a1", "available", by="phone", at=1500)
        assert (late.started, late.device) == (2000, "desk")
        with store.read() as db:
            rows = db.execute("SELECT state, reason, started, ended FROM agent_state WHERE agent_id = 'a1'")
            assert rows.fetchall() == [
                ("available", "", 1000, 2000),
                ("break", "lunch", 2000, 2000),
                ("available", "", 2000, None),
            ]
            now = agents.current(db)
        assert {agent_id: state.state for agent_id, state in now.items()} == {
            "a1": "available",
            "a2": "available",
        }

    def test_the_same_state_again_is_nothing_new(self, store: Store) -> None:
        with store.change() as change:
            first = agents.set_state(change, "a1", "available", by="u1")
        with store.change() as change:
            assert agents.set_state(change, "a1", "available", by="u2") == first
            assert agents.set_state(change, "a9", "offline").started == 0
        with store.read() as db:
            assert [event.subject for event in events.since(db, 0)] == ["a1"]

    def test_another_device_is_a_new_interval(self, store: Store) -> None:
        with store.change() as change:
            agents.set_state(change, "a1", "available", device="browser")
            assert agents.set_state(change, "a1", "available", device="desk").device == "desk"

    @pytest.mark.parametrize(("state", "device"), [("away", None), ("available", "fax")])
    def test_other_words_are_refused(self, store: Store, state: str, device: str | None) -> None:
        with store.change() as change, pytest.raises(RejectedError):
            agents.set_state(change, "a1", state, device=device)


class TestFeeds:
    def test_rows_come_back_in_order(self, store: Store) -> None:
        with store.change() as change:
            assert feeds.position(change.db, "cel") == feeds.Position(0, 0)
            feeds.add(change, "cel", [("1.1", 5, {"event": "A"}), ("1.2", 6, {"event": "\ud800"})])
            feeds.add(change, "queue_log", [("1.1", 4, {"event": "Đ"})])
            feeds.advance(change, "cel", 77, 123)
            feeds.advance(change, "cel", 77, 456)
        with store.read() as db:
            rows = feeds.of_call(db, "1.1")
            assert feeds.position(db, "cel") == feeds.Position(77, 456)
        assert [(row.source, row.at, row.row["event"]) for row in rows] == [
            ("cel", 5, "A"),
            ("queue_log", 4, "Đ"),
        ]
        with store.change() as change:
            change.now = 10
            assert feeds.prune(change, kept_ms=4) == 2


class TestSecrets:
    def test_kept_made_and_forgotten(self, store: Store) -> None:
        with store.change() as change:
            assert secrets.get(change.db, "line:l1") is None
            secrets.put(change, "line:l1", "one")
            secrets.put(change, "line:l1", "two")
            made = secrets.ensure(change, "sip:a1")
            assert secrets.ensure(change, "sip:a1") == made != secrets.ensure(change, "sip:a1d")
        with store.change() as change:
            assert secrets.get(change.db, "line:l1") == "two"
            secrets.drop(change, "line:l1")
            assert secrets.get(change.db, "line:l1") is None
        assert len(made) == 32
        with store.read() as db:
            assert events.latest_id(db) == 0


class TestAudit:
    def test_newest_first_by_pages(self, store: Store) -> None:
        for number in range(3):
            with store.change() as change:
                audit.record(change, "u1", "test", str(number), name="Đ")
        with store.read() as db:
            first = audit.recent(db, 2)
            second = audit.recent(db, 2, first[-1].id)
        assert [entry.subject for entry in (*first, *second)] == ["2", "1", "0"]
        assert second[0].detail == {"name": "Đ"}
