"""Queue members, from the agents' states: what is asked of Asterisk, and that a second look asks for
nothing.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from appliance.pbx.ami_parser import message_of
from appliance.pbx.membership import Action, Member, actual, reconcile, resting, wanted
from appliance.store.agents import AgentState
from appliance.store.site_queues import Queue
from appliance.store.sitemodel import Site

SITE = Site(queues=(Queue("q1", "Sales", agents=("a1", "a2")), Queue("q2", "Help", agents=("a1",))))


def names(actions: list[Action]) -> list[str]:
    """Short forms, such as `QueueAdd q1 PJSIP/a1`."""
    return [f"{action.name} {action.fields['Queue']} {action.fields['Interface']}" for action in actions]


def test_states_become_members() -> None:
    states = {
        "a1": AgentState("a1", "available"),
        "a2": AgentState("a2", "break", "lunch", "desk"),
        "a3": AgentState("a3", "available"),
    }
    assert wanted(SITE, states, 0) == [
        Member("q1", "PJSIP/a1", "a1"),
        Member("q1", "PJSIP/a2d", "a2", True, "lunch"),
        Member("q2", "PJSIP/a1", "a1"),
    ]
    assert wanted(SITE, {"a1": AgentState("a1", "offline")}, 0) == []


def test_who_declined_a_call_is_paused_until_others_had_their_turn() -> None:
    states = {"a1": AgentState("a1", "available", "declined", started=100_000)}
    ring_ms = max(queue.ring_seconds for queue in SITE.queues) * 1000
    moments = ((100_000, True), (99_999 + ring_ms, True), (100_000 + ring_ms, False))
    # A clock that was ahead when he declined, and was set back: he does not wait until it is that late again.
    for now, is_away in (*moments, (40_000, False)):
        members = wanted(SITE, states, now)
        assert [(one.paused, one.reason) for one in members] == [(is_away, "declined" if is_away else "")] * 2


def test_a_reason_that_is_no_code_never_reaches_asterisk() -> None:
    states = {"a1": AgentState("a1", "break", "x\r\nAction: Originate")}
    assert [member.reason for member in wanted(SITE, states, 0)] == ["", ""]


def test_the_status_is_read() -> None:
    queues, members = actual(
        [
            message_of([("Event", "QueueParams"), ("Queue", "q1")]),
            message_of(
                [
                    ("Event", "QueueMember"),
                    ("Queue", "q1"),
                    ("Name", "a1"),
                    ("Location", "PJSIP/a1d"),
                    ("Paused", "1"),
                    ("PausedReason", "phone"),
                    ("Status", "1"),
                ]
            ),
            message_of(
                [("Event", "QueueMember"), ("Queue", "q1"), ("Location", "PJSIP/a2"), ("Status", "6")]
            ),
            message_of([("Event", "QueueEntry"), ("Queue", "q1")]),
        ]
    )
    assert queues == {"q1"}
    assert members == [
        Member("q1", "PJSIP/a1d", "a1", True, "phone"),
        Member("q1", "PJSIP/a2", "", is_idle=False),
    ]


def test_who_is_missing_comes_in_and_a_break_comes_in_paused() -> None:
    want = [Member("q1", "PJSIP/a1", "a1"), Member("q1", "PJSIP/a2", "a2", True, "lunch")]
    actions = reconcile(want, {"q1"}, [])
    assert names(actions) == ["QueueAdd q1 PJSIP/a1", "QueueAdd q1 PJSIP/a2", "QueuePause q1 PJSIP/a2"]
    assert actions[1].fields["Paused"] == "true"
    assert actions[2].fields["Reason"] == "lunch"


def test_another_phone_takes_the_place_of_the_first() -> None:
    actions = reconcile([Member("q1", "PJSIP/a1d", "a1")], {"q1"}, [Member("q1", "PJSIP/a1", "a1")])
    assert names(actions) == ["QueueRemove q1 PJSIP/a1", "QueueAdd q1 PJSIP/a1d"]


def test_strangers_and_agents_who_left_go_out() -> None:
    have = [Member("q1", "PJSIP/a9", "a9"), Member("q1", "PJSIP/a1", "someone")]
    actions = reconcile([Member("q1", "PJSIP/a1", "a1")], {"q1"}, have)
    assert names(actions) == ["QueueRemove q1 PJSIP/a9", "QueueRemove q1 PJSIP/a1", "QueueAdd q1 PJSIP/a1"]


def test_a_break_begins_changes_its_reason_and_ends() -> None:
    back, lunch = Member("q1", "PJSIP/a1", "a1"), Member("q1", "PJSIP/a1", "a1", True, "lunch")
    (begin,) = reconcile([lunch], {"q1"}, [back])
    assert begin.fields == {"Queue": "q1", "Interface": "PJSIP/a1", "Paused": "true", "Reason": "lunch"}
    (other,) = reconcile([lunch], {"q1"}, [Member("q1", "PJSIP/a1", "a1", True, "phone")])
    assert other.fields["Reason"] == "lunch"
    (end,) = reconcile([back], {"q1"}, [lunch])
    assert end.fields == {"Queue": "q1", "Interface": "PJSIP/a1", "Paused": "false"}


def test_who_has_finished_early_is_put_in_anew() -> None:
    member = Member("q1", "PJSIP/a1", "a1")
    after_a_call = replace(member, last_call=1000)
    assert reconcile([member], {"q1"}, [after_a_call]) == []
    assert names(reconcile([member], {"q1"}, [after_a_call], {"a1"})) == [
        "QueueRemove q1 PJSIP/a1",
        "QueueAdd q1 PJSIP/a1",
    ]
    # One who had no call since is left alone, and so is everybody else.
    assert reconcile([member], {"q1"}, [member], {"a1"}) == []
    assert reconcile([member], {"q1"}, [after_a_call], {"a2"}) == []


def test_who_may_get_no_call_because_of_the_last_one() -> None:
    site = Site(queues=(Queue("q1", "Sales", wrap_up_seconds=0), Queue("q2", "Help", wrap_up_seconds=20)))
    have = [Member("q1", "PJSIP/a1", "a1", last_call=1000), Member("q1", "PJSIP/a2", "a2")]
    assert resting(site, have, 1019) == {"a1": 1000}
    assert resting(site, have, 1020) == {}
    assert resting(Site(), have, 1000) == {}


def test_a_call_that_goes_on_is_not_the_last_one() -> None:
    def last_call(in_call: str) -> int:
        fields = [("Event", "QueueMember"), ("Queue", "q1"), ("LastCall", "5"), ("InCall", in_call)]
        (member,) = actual([message_of(fields)])[1]
        return member.last_call

    assert (last_call("0"), last_call("1")) == (5, 0)


def test_a_queue_that_asterisk_does_not_know_waits() -> None:
    assert reconcile([Member("q2", "PJSIP/a1", "a1")], {"q1"}, []) == []


MEMBERS = st.builds(
    Member,
    st.sampled_from(["q1", "q2"]),
    st.sampled_from(["PJSIP/a1", "PJSIP/a1d", "PJSIP/a2"]),
    st.sampled_from(["a1", "a2"]),
).flatmap(
    lambda member: st.sampled_from(
        [member, Member(member.queue, member.interface, member.agent, True, "lunch")]
    )
)


@given(st.lists(MEMBERS, max_size=6), st.lists(MEMBERS, max_size=6))
def test_doing_the_actions_leaves_nothing_to_do(want: list[Member], have: list[Member]) -> None:
    want = list({(member.queue, member.interface): member for member in want}.values())
    queue = {(member.queue, member.interface): member for member in have}
    for action in reconcile(want, {"q1", "q2"}, queue.values()):
        place = (str(action.fields["Queue"]), str(action.fields["Interface"]))
        if action.name == "QueueRemove":
            del queue[place]
            continue
        agent = str(action.fields["MemberName"]) if action.name == "QueueAdd" else queue[place].agent
        queue[place] = Member(
            *place, agent, action.fields["Paused"] == "true", str(action.fields.get("Reason", ""))
        )
    assert set(queue.values()) == set(want)
