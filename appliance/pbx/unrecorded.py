"""Ends the recording of a customer who was called back and handed on to a queue that records nothing.

Used by `callbacks.py`. Such a call is recorded at the half of the box's own leg that has called the customer
(dialplan/foyer-back.conf); the other half, which goes from queue to queue, cannot end that. Any other call
ends its recording itself (foyer-record-not).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from appliance.errors import RejectedError
from appliance.pbx.ami import Ami
from appliance.pbx.ami_parser import Message
from appliance.pbx.queue_places import leg_of
from appliance.pbx.rows import OTHER_HALF
from appliance.store.callbacks import Callback
from appliance.store.sitemodel import Site


def end_recordings(ami: Ami, site: Site, known: Iterable[Callback], channels: Iterable[Message]) -> None:
    """Looks at all that are `known`; `channels` are those that are up. Raises `DeviceGone` or
    `TransientError`.
    """
    up = {item.get("Uniqueid"): item for item in channels}
    for one in known:
        leg = leg_of(one.try_uuid, one.placed_at) if one.try_uuid and one.placed_at else ""
        queued, dialling = up.get(f"{leg}{OTHER_HALF}"), up.get(leg)
        if queued is None or dialling is None:
            continue
        queue = site.queue(queued.variables().get("FOYER_QUEUE", ""))
        if queue is not None and queue.id != one.queue_id and not queue.record:
            # Where it is gone, or was not recorded as the disk is full, there is nothing to end.
            with contextlib.suppress(RejectedError):
                _end(ami, queued.get("Channel"), dialling.get("Channel"))


def _end(ami: Ami, queued: str, dialling: str) -> None:
    """Ends it once, and for good (foyer-other-end). The next queue that records may begin another."""
    recorded = {"Channel": queued, "Variable": "FOYER_RECORDED"}
    if ami.ask("Getvar", recorded).get("Value") != "yes":
        return
    ami.ask("Setvar", {"Channel": dialling, "Variable": "FOYER_RECORD_AGAIN", "Value": ""})
    # Asterisk may be about to begin it anew, and have none to stop now.
    with contextlib.suppress(RejectedError):
        ami.ask("StopMixMonitor", {"Channel": dialling})
    ami.ask("Setvar", {**recorded, "Value": ""})
