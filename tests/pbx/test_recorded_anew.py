"""Recordings of calls back that begin anew, several in the same look."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, cast

from appliance.pbx.ami_parser import Message, message_of
from appliance.pbx.queue_places import leg_of
from appliance.pbx.recorded_anew import AgentEnds
from appliance.pbx.rows import OTHER_HALF
from appliance.store.callbacks import Callback

ONE, TWO = (f"Local/{name}@foyer-back-wait-1;1" for name in ("one", "two"))


class Exchange:
    """Asterisk's manager, and the session to it: writes down what is done to recordings."""

    def __init__(self) -> None:
        self.done: list[tuple[str, str]] = []

    def ami(self) -> Exchange:
        return self

    def ask(self, action: str, fields: Mapping[str, str]) -> Message:
        if action != "Getvar":
            self.done.append((action, fields["Channel"]))
        told = {"FOYER_RECORD_AGAIN": "yes", "MIXMONITOR_FILENAME": "/a.wav"}.get(
            fields.get("Variable", ""), ""
        )
        return message_of([("Response", "Success"), ("Value", told)])


def test_no_recording_waits_for_another_to_begin_anew() -> None:
    exchange = Exchange()
    known, up = [], []
    for at, channel in enumerate((ONE, TWO), 1):
        call, placed_at = str(uuid.UUID(int=at << 96)), at * 1000
        known.append(Callback("", "", "q1", "", 0, "placed", 1, 0, call, placed_at, placed_at, None, "", 0))
        leg = leg_of(call, placed_at)
        up += [
            {"Uniqueid": leg, "Channel": channel},
            {"Uniqueid": f"{leg}{OTHER_HALF}", "Channel": f"{channel[:-1]}2", "BridgeId": f"b{at}"},
            {"Uniqueid": f"agent-{at}", "Channel": f"PJSIP/a{at}-1", "BridgeId": f"b{at}"},
        ]
    channels = [message_of(list(item.items())) for item in up]
    AgentEnds(cast(Any, exchange)).follow(known, channels)
    both = ("StopMixMonitor", "MixMonitor")
    assert exchange.done == [(action, channel) for channel in (ONE, TWO) for action in both]
