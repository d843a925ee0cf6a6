"""An agent hands on whom he talks to, from a page instead of by keys: at once, or after talking there first.

Used by `actions.py`; `call` is the id of the call that the page shows. Asterisk does what it does for keys
(features_conf.py), on the leg of whichever phone the agent talks on, and sends the call through the same
steps (dialplan/foyer-phones.conf, foyer-hand-on): under the agent's own rules and limits, and back to him if
nobody is reached.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from appliance.errors import NotFoundError, RejectedError
from appliance.pbx.ami import Ami
from appliance.pbx.conf import outbound, queue_contexts
from appliance.pbx.rows import agent_of
from appliance.store import calling, number_plan
from appliance.store.countries import Country
from appliance.store.sitemodel import Agent, Site

# As many as the dialplan collects keys for: foyer-hands of outbound.py.
_NUMBER = re.compile(r"\+?[0-9]{2,30}")

# Less than the page waits for the answer (store/requests.py). Who is told too early that it was in vain tries
# again, and presses keys in the talk there.
ASKED_S = 4.0

type Look = Callable[[], bool]
"""Whether what Asterisk was told to do is done by now; RejectedError if it came to nothing."""


def to_number(
    ami: Ami, site: Site, country: Country, agent: Agent, call: str, number: str, *, ask: bool
) -> Look | None:
    """Hands on to an internal number, or to one outside. With `ask`, the agent talks there first, and
    connects both by hanging up, and the Look says whether his phone calls there. RejectedError: the number
    makes no sense or is forbidden, and the call stays where it is. So it does, with the Look's RejectedError,
    if Asterisk was busy with this call.
    """
    if not _NUMBER.fullmatch(number):
        raise RejectedError("This is not a number that can be called.", field="number")
    calling.refuse_forbidden(site, country, agent.id, number)
    channel = leg_of(ami, agent.id, call)
    if not ask:
        ami.ask("BlindTransfer", {"Channel": channel, "Context": outbound.HANDS, "Exten": number})
        return None
    prefix = number_plan.plan(country, site.outbound.countries).international_prefix
    if number.startswith("+") and not prefix:
        raise RejectedError("This is not a number that can be called.", field="number")
    # Asterisk presses these keys for the agent; "#" ends the number.
    keys = f"{number.replace('+', prefix)}#"
    before = _bridge_of(ami, channel)
    ami.ask("Atxfer", {"Channel": channel, "Context": outbound.HANDS, "Exten": keys})
    # Asterisk says yes at once, and forgets keys that come while it moves the phone from one call to another.
    until = time.monotonic() + ASKED_S

    def has_moved() -> bool:
        if _bridge_of(ami, channel) != before:
            return True
        if time.monotonic() > until:
            raise RejectedError("Your phone did not call there.", "Try again in a moment.")
        return False

    return has_moved


def to_queue(ami: Ami, site: Site, agent: Agent, call: str, queue_id: str) -> None:
    """Hands on to a queue, where the caller waits like any other."""
    queue = site.queue(queue_id)
    if queue is None:
        raise NotFoundError("There is no such queue.")
    fields = {"Channel": leg_of(ami, agent.id, call), "Context": queue_contexts.entry(queue.id), "Exten": "s"}
    ami.ask("BlindTransfer", fields)


def take_back(ami: Ami, agent: Agent, call: str) -> None:
    """Ends the talk with whom the agent asked first: he is with the caller again."""
    ami.ask("CancelAtxfer", {"Channel": leg_of(ami, agent.id, call)})


def leg_of(ami: Ami, agent_id: str, call: str) -> str:
    """The channel on which the agent talks; of several, as on a desk phone with somebody on hold, that of the
    call shown on the page. NotFoundError if there is none.
    """
    legs = [
        item.get("Channel")
        for item in ami.list_of("CoreShowChannels")
        if agent_of(item.get("Channel")) == agent_id and item.get("BridgeId")
    ]
    if len(legs) > 1:
        legs = [leg for leg in legs if _call_of(ami, leg) == call]
    if not legs:
        raise NotFoundError("You are not in a call.")
    return legs[0]


def _bridge_of(ami: Ami, channel: str) -> str:
    """Where this leg is in a call; "" between two, or if it is gone."""
    found = (one.get("BridgeId") for one in ami.list_of("CoreShowChannels") if one.get("Channel") == channel)
    return next(found, "")


def _call_of(ami: Ami, channel: str) -> str:
    """The id of its call, as foyer-call gave it."""
    return ami.ask("Getvar", {"Channel": channel, "Variable": "FOYER_CALL"}).get("Value")
