"""Events folded into the live view: what it says, what is written, and that a listing puts everything
right.
"""

from __future__ import annotations

import random

from appliance.pbx.ami_parser import Message, message_of
from appliance.pbx.live import LISTS, LiveState
from appliance.pbx.live_rows import Row

T = 1_795_302_612_000
CALL = "b5d73c11-0cbb-4536-a926-7e3ccbb4b9e6"


def event(name: str, *more: tuple[str, str], at: int = T, **headers: str) -> Message:
    """An event with its time; `more` for headers that come more than once."""
    stamp = ("Timestamp", f"{at // 1000}.{at % 1000:03d}000")
    return message_of([("Event", name), stamp, *headers.items(), *more])


def channel(name: str, number: int, state: str = "", *, at: int = T, **headers: str) -> Message:
    """An event about a channel, such as `PJSIP/a1`."""
    about = {
        "Channel": f"{name}-{number:08x}",
        "Uniqueid": f"{T // 1000}.{number}",
        "ChannelState": state,
        **headers,
    }
    kind = about.pop("Event", "Newstate")
    return event(
        kind, ("ChanVariable", f"FOYER_CALL={CALL}"), ("ChanVariable", "FOYER_QUEUE=q1"), at=at, **about
    )


def join(
    number: int, position: int, queue: str = "q1", *, at: int = T, name: str = "QueueCallerJoin"
) -> Message:
    """A caller in a queue."""
    return event(
        name,
        ("ChanVariable", f"FOYER_CALL=call-{number}"),
        at=at,
        Queue=queue,
        Uniqueid=f"1.{number}",
        Position=str(position),
        CallerIDNum=f"090{number}",
        CallerIDName="<unknown>",
    )


def leave(number: int, queue: str = "q1") -> Message:
    """The caller is gone from the queue."""
    return event("QueueCallerLeave", Queue=queue, Uniqueid=f"1.{number}")


def folded(*messages: Message, state: LiveState | None = None) -> LiveState:
    """A state after these events."""
    state = state or LiveState()
    for message in messages:
        state.fold(message, T)
    return state


def written(state: LiveState) -> dict[str, Row | None]:
    """Takes and confirms the changes, by `kind/id`."""
    changes = state.changes()
    state.confirm(changes)
    return {"/".join(key): row for key, row in changes.items()}


def listed(state: LiveState, *messages: Message) -> LiveState:
    """A complete listing that gives these."""
    state.begin_listing()
    return folded(*messages, *(event(end) for end in LISTS.values()), state=state)


def test_callers_move_up() -> None:
    state = folded(join(1, 1), join(2, 2, at=T + 500), join(3, 3))
    rows = written(state)
    assert rows["caller/call-2"] == {
        "queue": "q1",
        "position": 2,
        "since": T + 500,
        "number": "0902",
        "name": "",
    }
    rows = written(folded(leave(1), state=state))
    assert rows["caller/call-1"] is None
    assert [rows[f"caller/call-{n}"] for n in (2, 3)] == [
        {"queue": "q1", "position": 1, "since": T + 500, "number": "0902", "name": ""},
        {"queue": "q1", "position": 2, "since": T, "number": "0903", "name": ""},
    ]
    assert written(state) == {}


def test_a_caller_who_goes_first_moves_the_others() -> None:
    rows = written(folded(join(1, 1), join(2, 2), join(3, 1)))
    positions = {key: row["position"] for key, row in rows.items() if row}
    assert positions == {"caller/call-3": 1, "caller/call-1": 2, "caller/call-2": 3}


def test_an_agent_rings_talks_holds_and_is_idle() -> None:
    state = folded(event("DeviceStateChange", Device="PJSIP/a1", State="NOT_INUSE"))
    assert written(state)["agent/a1"] == {"browser": True, "desk": False, "queues": {}, "state": "idle"}
    steps = (
        (channel("PJSIP/a1", 1, "5", at=T + 1, ConnectedLineNum="0901"), "ringing", T + 1),
        (channel("PJSIP/a1", 1, "6", at=T + 2, ConnectedLineNum="<unknown>"), "talking", T + 2),
        (channel("PJSIP/a1", 1, Event="Hold", at=T + 3), "hold", T + 3),
        (channel("PJSIP/a1", 1, "6", Event="NewConnectedLine", at=T + 4), "hold", T + 3),
        (channel("PJSIP/a1", 1, Event="Unhold", at=T + 5), "talking", T + 5),
    )
    for message, name, since in steps:
        folded(message, state=state)
        written(state)
        row = state.now.row(("agent", "a1"))
        assert row is not None
        assert (row["state"], row["since"], row["call"], row["number"]) == (name, since, CALL, "0901")
        assert row["queue"] == "q1"
    rows = written(folded(channel("PJSIP/a1", 1, Event="Hangup"), state=state))
    assert rows["agent/a1"] == {"browser": True, "desk": False, "queues": {}, "state": "idle"}


def test_a_new_leg_in_a_call_belongs_to_it() -> None:
    """A reloaded page's leg carries none of the call's variables."""

    def new(name: str, **more: str) -> Message:
        about = {"Channel": "PJSIP/a1-9", "Uniqueid": "1.9", "ChannelState": "6", "Linkedid": "1.9", **more}
        return event(name, at=T + 9, **about)

    customer = channel("PJSIP/l1", 1, "6", Linkedid="1.1", CallerIDNum="0901", CallerIDName="Hoa")
    old = channel("PJSIP/a1", 2, "6", Linkedid="1.1", ConnectedLineNum="0901")
    for events in (
        (customer, old, new("Newchannel"), new("BridgeEnter", Linkedid="1.1")),
        (customer, new("Newchannel"), new("BridgeEnter", Linkedid="1.1")),
    ):
        row = folded(*events, channel("PJSIP/a1", 2, Event="Hangup")).now.row(("agent", "a1"))
        assert row is not None
        assert (row["state"], row["call"], row["number"], row["name"]) == ("talking", CALL, "0901", "Hoa")
    row = listed(LiveState(), customer, new("CoreShowChannel", Linkedid="1.1")).now.row(("agent", "a1"))
    assert row is not None
    assert row["call"] == CALL


def test_who_talks_and_is_rung_talks() -> None:
    state = folded(channel("PJSIP/a1", 1, "6"), channel("PJSIP/a1d", 2, "5", at=T + 9))
    row = state.now.row(("agent", "a1"))
    assert row is not None
    assert (row["state"], row["since"]) == ("talking", T)


def test_the_queue_tells_the_caller_before_the_phone_rings() -> None:
    state = folded(channel("PJSIP/a1", 1, "0", Event="Newchannel"))
    assert state.now.row(("agent", "a1")) == {"browser": False, "desk": False, "queues": {}, "state": "idle"}
    called = event(
        "AgentCalled",
        ("ChanVariable", f"FOYER_CALL={CALL}"),
        at=T + 5,
        DestUniqueid=f"{T // 1000}.1",
        Queue="q2",
        CallerIDNum="0901",
        CallerIDName="Hoa",
    )
    row = folded(called, state=state).now.row(("agent", "a1"))
    assert row is not None
    assert {**row} == {
        "browser": False,
        "desk": False,
        "queues": {},
        "state": "ringing",
        "since": T + 5,
        "call": CALL,
        "queue": "q2",
        "number": "0901",
        "name": "Hoa",
    }


def test_members_and_pauses() -> None:
    def member(name: str, paused: str = "0", reason: str = "") -> Message:
        return event(
            name, Queue="q1", Interface="PJSIP/a1d", MemberName="a1", Paused=paused, PausedReason=reason
        )

    state = folded(member("QueueMemberAdded"))
    for message, queues in (
        (member("QueueMemberPause", "1", "lunch"), {"q1": "lunch"}),
        (member("QueueMemberStatus"), {"q1": None}),
        (member("QueueMemberRemoved"), {}),
    ):
        row = folded(message, state=state).now.row(("agent", "a1"))
        assert row is not None
        assert row["queues"] == queues


def test_lines() -> None:
    state = folded(
        event("DeviceStateChange", Device="PJSIP/l1", State="NOT_INUSE"),
        event("OutboundRegistrationDetail", ObjectName="l1", Status="Registered"),
        channel("PJSIP/l1", 1, "6"),
        channel("PJSIP/l1", 2, "4"),
    )
    assert written(state)["line/l1"] == {"reachable": True, "registered": True, "calls": 2}
    folded(
        event("DeviceStateChange", Device="PJSIP/l1", State="UNAVAILABLE"),
        event("OutboundRegistrationDetail", ObjectName="l1", Status="Rejected"),
        channel("PJSIP/l1", 1, Event="Hangup"),
        state=state,
    )
    assert written(state)["line/l1"] == {"reachable": False, "registered": False, "calls": 1}


def test_what_a_call_out_says_of_its_line() -> None:
    def call(number: int, *states: str, end: str, status: str = "") -> LiveState:
        name = "PJSIP/l1"
        news = [channel(name, number, states[0], Event="Newchannel")]
        news += [channel(name, number, at) for at in states[1:]]
        return folded(
            *news,
            channel(name, number, end, Event="Hangup", TechCause=status),
            state=state,
        )

    state = folded(event("DeviceStateChange", Device="PJSIP/l1", State="NOT_INUSE"))
    fine = {"reachable": True, "registered": None, "calls": 0}
    came: list[int] = []
    for wanted, before, end, status in (
        (None, ("0",), "0", "488"),
        (488, ("0",), "0", "486"),  # busy
        (488, ("4",), "4", "503"),  # a call in
        (488, ("0", "5"), "5", "603"),  # it rang
        (488, ("0",), "0", ""),
        (488, ("0",), "0", "503"),
        (503, ("0", "6"), "6", ""),
        (None, ("0",), "0", "486"),
    ):
        row = state.now.row(("line", "l1")) or {}
        came += [row.pop("came")] if "came" in row else []
        assert row == fine | ({"refused": wanted} if wanted else {})
        call(1, *before, end=end, status=status)
    # The one call in.
    assert len(came) == 5 and len(set(came)) == 1 and came[0] > 0


def test_what_does_not_change_is_not_written() -> None:
    state = folded(event("DeviceStateChange", Device="PJSIP/a1", State="NOT_INUSE"))
    written(state)
    folded(event("DeviceStateChange", Device="PJSIP/a1", State="INUSE"), state=state)
    assert state.dirty == 1
    assert written(state) == {}
    assert state.dirty == 0


def test_changes_that_could_not_be_saved_come_again() -> None:
    state = folded(join(1, 1))
    assert state.changes() == state.changes() != {}


def test_many_changes_are_written_in_parts() -> None:
    state = folded(*(join(n, n) for n in range(1, 301)))
    first = state.changes(200)
    assert len(first) == 200
    state.confirm(first)
    assert len(state.changes(200)) == 100


def test_asterisk_comes_and_goes() -> None:
    state = LiveState()
    state.set_up(False, T)
    state.set_up(False, T + 1)
    assert written(state) == {"pbx/state": {"up": False, "since": T}}
    state.set_up(True, T + 2)
    assert written(state) == {"pbx/state": {"up": True, "since": T + 2}}


def test_a_listing_drops_what_it_does_not_name() -> None:
    state = folded(
        join(1, 1),
        join(2, 2),
        channel("PJSIP/a1", 1, "6"),
        event("DeviceStateChange", Device="PJSIP/a2", State="INUSE"),
        event("QueueMemberAdded", Queue="q1", Interface="PJSIP/a1", Paused="0"),
        event("OutboundRegistrationDetail", ObjectName="l1", Status="Registered"),
    )
    written(state)
    state.begin_listing()
    assert not state.is_complete
    # Somebody comes while the lists are on their way, and is in none of them.
    folded(join(2, 1, name="QueueEntry"), join(3, 2), state=state)
    for end in LISTS.values():
        folded(event(end), state=state)
    assert state.is_complete
    rows = state.everything()
    assert {name: row["position"] for name, row in rows["caller"].items()} == {"call-2": 1, "call-3": 2}
    assert rows["agent"] == {}
    assert rows["line"] == {}


def test_a_list_that_is_refused_is_empty() -> None:
    state = folded(event("OutboundRegistrationDetail", ObjectName="l1", Status="Registered"))
    state.begin_listing()
    for end in LISTS.values():
        state.complete(end)
    assert state.is_complete
    assert state.everything()["line"] == {}


def test_a_listing_names_the_call_and_the_time_of_who_waits_and_talks() -> None:
    state = listed(
        LiveState(),
        channel("PJSIP/l1", 1, "6", Event="CoreShowChannel", Duration="00:01:40"),
        channel("PJSIP/a1", 2, "6", Event="CoreShowChannel", Duration="01:00:00", ConnectedLineNum="0901"),
        event(
            "QueueEntry",
            Queue="q1",
            Uniqueid=f"{T // 1000}.1",
            Position="1",
            Wait="90",
            CallerIDNum="0901",
            CallerIDName="unknown",
        ),
    )
    rows = state.everything()
    assert rows["caller"] == {
        CALL: {"queue": "q1", "position": 1, "since": T - 90_000, "number": "0901", "name": ""}
    }
    assert (rows["agent"]["a1"]["state"], rows["agent"]["a1"]["since"]) == ("talking", T - 3_600_000)


def test_a_listing_again_keeps_the_better_times() -> None:
    state = folded(join(1, 1, at=T - 5_123))
    listed(state, join(1, 1, name="QueueEntry"))
    assert state.everything()["caller"]["call-1"]["since"] == T - 5_123


def test_whatever_was_missed_a_listing_makes_two_states_agree() -> None:
    chance = random.Random(7)
    story: list[Message] = []
    for n in range(1, 40):
        story += [
            channel(f"PJSIP/a{n % 4 + 1}", n, "5"),
            channel(f"PJSIP/a{n % 4 + 1}", n, "6"),
            join(n, 1, f"q{n % 2 + 1}"),
            event(
                "DeviceStateChange",
                Device=f"PJSIP/a{n % 4 + 1}d",
                State=chance.choice(["INUSE", "UNAVAILABLE"]),
            ),
        ]
        story += [leave(n, f"q{n % 2 + 1}"), channel(f"PJSIP/a{n % 4 + 1}", n, Event="Hangup")][
            : chance.randint(0, 2)
        ]
    listing = (join(100, 1, name="QueueEntry"), channel("PJSIP/a1", 100, "6", Event="CoreShowChannel"))
    whole = listed(folded(*story), *listing)
    holey = listed(folded(*(message for message in story if chance.random() < 0.5)), *listing)
    assert whole.everything()["caller"] == holey.everything()["caller"]
    assert whole.everything()["agent"] == holey.everything()["agent"]


def test_the_changes_written_one_by_one_are_the_whole() -> None:
    chance = random.Random(3)
    state, table = LiveState(), dict[tuple[str, str], Row]()
    for n in range(1, 200):
        folded(
            chance.choice(
                [
                    join(n, chance.randint(1, 3)),
                    leave(chance.randint(1, n)),
                    channel(f"PJSIP/a{n % 5 + 1}", n, chance.choice("056")),
                    channel(f"PJSIP/a{n % 5 + 1}", chance.randint(1, n), Event="Hangup"),
                    event(
                        "DeviceStateChange",
                        Device=f"PJSIP/a{n % 5 + 1}",
                        State=chance.choice(["INUSE", "INVALID"]),
                    ),
                ]
            ),
            state=state,
        )
        if chance.random() < 0.3:
            changes = state.changes(3)
            state.confirm(changes)
            for key, row in changes.items():
                if row is None:
                    del table[key]
                else:
                    table[key] = row
    while changes := state.changes():
        state.confirm(changes)
        for key, row in changes.items():
            if row is None:
                table.pop(key)
            else:
                table[key] = row
    callers = {name: row for (kind, name), row in table.items() if kind == "caller"}
    assert callers == state.everything()["caller"]
    for (kind, name), row in table.items():
        assert state.now.row((kind, name)) == row
