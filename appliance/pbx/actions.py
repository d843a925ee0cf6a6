"""What other processes may ask of foyer-pbx, each a function of checked arguments: test calls, calls, hanging
up, and whether every call so far is recorded.

Called by `worker.py` with a claimed request. Nothing in a request's arguments reaches Asterisk as it is:
numbers are digits, agents and calls are looked up.
"""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.errors import NotFoundError, RejectedError
from appliance.pbx import backlog, handing_on, line_tests
from appliance.pbx.ami import Ami
from appliance.pbx.ami_session import ActionSession
from appliance.pbx.ami_wire import Field
from appliance.pbx.closures import Closures
from appliance.pbx.conf import outbound
from appliance.pbx.diversions import Diversions
from appliance.pbx.guard import Guard
from appliance.pbx.handing_on import Look
from appliance.pbx.line_faults import LineFaults
from appliance.pbx.membership import interface_of
from appliance.pbx.orders import Orders
from appliance.pbx.rows import agent_of
from appliance.pbx.running import RunningSite
from appliance.store import Store, agents, calling, countries, feature_codes, live
from appliance.store.countries import Country
from appliance.store.diversions import Diversion
from appliance.store.requests import Request
from appliance.store.sitemodel import Agent

# Numbers that no telephone company gives out: 555-0100 to -0199 (ATIS-0300115), and Ofcom's numbers for
# drama.
CALLERS = ("+12025550143", "+12025550178", "+13125550126", "+442079460018", "+442079460951", "+441632960733")
RING_MS = 30_000

_NUMBER = re.compile(r"\+?[0-9*#]{1,30}")
_PUNCTUATION = re.compile(r"[\s().\-/]")
_UUID = re.compile(r"[0-9a-f-]{36}")
_CHANNEL = re.compile(r"[A-Za-z0-9.-]{3,60}")  # its unique id

type Result = dict[str, Any] | Look
"""What the page is told; a Look where Asterisk takes a while, after which the result is empty."""


@dataclass(frozen=True)
class Actions:
    """Everything that can be asked of foyer-pbx."""

    store: Store
    session: ActionSession
    site: RunningSite
    logs: Path
    guard: Guard
    closures: Closures
    faults: LineFaults
    diversions: Diversions
    orders: Orders
    countries: tuple[Country, ...] = field(default_factory=countries.load)

    def perform(self, request: Request) -> Result:
        """Does what is asked and returns the result for the page, or whoever can say when it is done.

        Raises `RejectedError` for a request that makes no sense or that Asterisk refuses, `NotFoundError` for
        something that is not (any more), `DeviceGone` or `TransientError` when Asterisk cannot be asked.
        """
        action = _KINDS.get(request.kind)
        if action is None:
            raise RejectedError("The telephone exchange cannot do this.", field="kind")
        return action(self, request.args)

    def test_call(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """The built-in caller calls `number`, by default the first of the site."""
        known = [number.number for number in self.site.get().numbers]
        number = str(args.get("number") or (known[0] if known else ""))
        if not known:
            raise NotFoundError("No number leads to a queue yet.", "Set one up first.")
        if number not in known:
            raise NotFoundError("This number is not one of this box.")
        caller = random.choice(CALLERS)  # noqa: S311 - nobody is harmed by guessing it
        fields: dict[str, Field] = {
            "Channel": f"PJSIP/{number}@sim-out",
            "Context": "foyer-sim-caller",
            "Exten": "s",
            "Priority": "1",
            "Timeout": RING_MS,
            "CallerID": f'"Test call" <{caller}>',
            "Async": "true",
        }
        self.session.ami().ask("Originate", fields)
        return {"number": number, "caller": caller}

    def originate(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Rings `agent`'s phone, and calls `number` for him once he answers; `call` is the id that the call
        is to have. The phone in a browser knows by a header that it is the agent's own call, and answers.
        """
        agent = self._agent(args)
        number = _PUNCTUATION.sub("", str(args.get("number", "")))
        if not _NUMBER.fullmatch(number):
            raise RejectedError("This is not a number that can be called.", field="number")
        call = str(args.get("call", ""))
        if not _UUID.fullmatch(call):
            raise RejectedError("This is not a call.", field="call")
        site = self.site.get()
        country = countries.find_or_generic(site.country, self.countries)
        calling.refuse_forbidden(site, country, agent.id, number)
        self._ring(agent, number, number, call)
        return {"number": number}

    def fetch_parked(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Rings `agent`'s phone, and connects him with who is parked at `place` once he answers."""
        agent, place = self._agent(args), str(args.get("place", ""))
        with self.store.read() as db:
            row = live.snapshot(db).rows["parked"].get(place)
        if row is None:
            raise NotFoundError("Nobody is parked there any more.")
        code = feature_codes.place_code(place)
        # The page knows whose call it is from the first ring on.
        call = row["call"] if _UUID.fullmatch(row["call"]) else str(uuid.uuid4())
        shown = row["number"] if _NUMBER.fullmatch(row["number"]) else code
        # He may be gone, and another be there, by the time that the phone is answered.
        there = self.session.ami().list_of("ParkedCalls")
        found = [one.get("ParkeeUniqueid") for one in there if one.get("ParkingSpace") == place]
        if not found or not _CHANNEL.fullmatch(found[0]):
            raise NotFoundError("Nobody is parked there any more.")
        self._ring(agent, code, shown, call, f"FOYER_PARKED={found[0]}")
        return {}

    def _ring(self, agent: Agent, dialled: str, shown: str, call: str, *variables: str) -> None:
        """Rings the agent's phone, which shows the number `shown`; once he answers it is as if he had dialled
        `dialled`, in the call of that id, with these variables.
        """
        fields: dict[str, Field] = {
            "Context": outbound.context_of(agent),
            "Exten": dialled,
            "CallerID": f"<{shown}>",
            "Variable": (
                *variables,
                f"FOYER_CALL={call}",
                f"PJSIP_HEADER(add,X-Foyer-Call)={call}",
                "PJSIP_HEADER(add,X-Foyer-Own)=1",
            ),
        }
        self._order(agent, fields)

    def record_take(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Rings `agent`'s phone, where somebody speaks a prompt into the file `take`."""
        agent = self._agent(args)
        take = str(args.get("take", ""))
        if not _UUID.fullmatch(take):
            raise RejectedError("This is not a recording.", field="take")
        fields: dict[str, Field] = {
            "Context": "foyer-take",
            "Exten": "s",
            "CallerID": f'"Foyer" <{agent.extension}>',
            "Variable": (f"FOYER_TAKE={take}", "PJSIP_HEADER(add,X-Foyer-Own)=1"),
        }
        self._order(agent, fields)
        return {}

    def _order(self, agent: Agent, fields: Mapping[str, Field]) -> None:
        """Rings the phone that the agent uses, for what `fields` say; RejectedError if it is not there, or
        busy.
        """
        device = self._free_device(agent.id)
        ami = self.session.ami()
        self._refuse_second(ami, agent.id)
        channel = interface_of(agent.id, device)
        common: dict[str, Field] = {"Channel": channel, "Priority": "1", "Timeout": RING_MS, "Async": "true"}
        self.orders.give(agent.id)
        try:
            ami.ask("Originate", {**common, **fields})
        except RejectedError:
            self.orders.drop(agent.id)
            raise

    def _free_device(self, agent_id: str) -> str:
        with self.store.read() as db:
            device = agents.current_of(db, agent_id).device
            phones = live.snapshot(db).rows["agent"].get(agent_id, {})
        # Asterisk takes the order for a phone that is not there as well, and nobody would hear of it.
        if not phones.get(device):
            raise RejectedError(
                "The phone is not connected.", "Open the desk in a browser, or look at the desk phone."
            )
        if phones.get("state", "idle") != "idle":
            raise _busy()
        return device

    def _refuse_second(self, ami: Ami, agent_id: str) -> None:
        """The live view knows of a call once the phone rings: a second click comes sooner."""
        # In this order: a channel that came in between is listed, unless it has ended.
        if self.orders.is_open(agent_id) or any(
            agent_of(item.get("Channel")) == agent_id for item in ami.list_of("CoreShowChannels")
        ):
            raise _busy()

    def hang_up(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Ends the call `call`, all its legs."""
        call = str(args.get("call", ""))
        if not _UUID.fullmatch(call):
            raise RejectedError("This is not a call.", field="call")
        ami = self.session.ami()
        channels = [
            item.get("Channel")
            for item in ami.list_of("CoreShowChannels")
            if call in (item.variables().get("FOYER_CALL"), item.get("AccountCode"))
        ]
        ended = 0
        for channel in channels:
            try:
                ami.ask("Hangup", {"Channel": channel})
            except RejectedError:
                continue  # It went with the leg before.
            ended += 1
        if not ended:
            raise NotFoundError("This call is over.")
        return {"legs": ended}

    def hand_on(self, args: Mapping[str, Any]) -> Result:
        """Hands whom `agent` talks to in `call` on: to the queue `queue`, else to `number`; with `ask` "1"
        after asking there.
        """
        site = self.site.get()
        agent, ami, call = self._agent(args), self.session.ami(), str(args.get("call", ""))
        if queue := str(args.get("queue", "")):
            handing_on.to_queue(ami, site, agent, call, queue)
            return {}
        country = countries.find_or_generic(site.country, self.countries)
        number = _PUNCTUATION.sub("", str(args.get("number", "")))
        ask = args.get("ask") == "1"
        return handing_on.to_number(ami, site, country, agent, call, number, ask=ask) or {}

    def take_back(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """`agent`, who asks somebody before handing `call` on, is with the caller again."""
        handing_on.take_back(self.session.ami(), self._agent(args), str(args.get("call", "")))
        return {}

    def _agent(self, args: Mapping[str, Any]) -> Agent:
        agent = self.site.get().agent(str(args.get("agent", "")))
        if agent is None:
            raise NotFoundError("There is no such agent.")
        return agent

    def close_hours(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Closes the opening hours `schedule` for the day; with `closed` "0", opens them again."""
        self.closures.close(str(args.get("schedule", "")), str(args.get("closed", "")) != "0")
        return {}

    def divert(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """What is to happen to calls to the internal number of `agent`: all fields of a Diversion."""
        self.diversions.set(str(args.get("agent", "")), Diversion.of(args))
        return {}

    def try_line(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Asks the provider of the phone line `line` at once whether it is there, and signs in anew."""
        self.faults.try_now(str(args.get("line", "")))
        return {}

    def test_line(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Calls `number` over the phone line `line`, over its port `port` if it has any, for `who`; what
        comes back stands in the line's history.
        """
        site = self.site.get()
        country = countries.find_or_generic(site.country, self.countries)
        asked = {name: str(value) for name, value in args.items()}
        asked["number"] = _PUNCTUATION.sub("", asked.get("number", ""))
        if not _NUMBER.fullmatch(asked["number"]):
            raise RejectedError("This is not a number that can be called.", field="number")
        line_tests.call_out(self.store, self.session.ami(), site, country, asked)
        return {}

    def recorded(self, _args: Mapping[str, Any]) -> dict[str, Any]:
        """Whether the store knows every call that Asterisk has logged so far."""
        return {"all": backlog.is_read(self.store, self.logs)}

    def release_expensive(self, _args: Mapping[str, Any]) -> dict[str, Any]:
        """Lets expensive calls be made again, which the guard against fraud had stopped."""
        self.guard.release()
        return {}


def _busy() -> RejectedError:
    return RejectedError("There is a call on the phone already.")


_KINDS: Mapping[str, Callable[[Actions, Mapping[str, Any]], Result]] = {
    "test_call": Actions.test_call,
    "originate": Actions.originate,
    "fetch_parked": Actions.fetch_parked,
    "record_take": Actions.record_take,
    "hangup": Actions.hang_up,
    "hand_on": Actions.hand_on,
    "take_back": Actions.take_back,
    "release_expensive": Actions.release_expensive,
    "recorded": Actions.recorded,
    "close_hours": Actions.close_hours,
    "divert": Actions.divert,
    "try_line": Actions.try_line,
    "test_line": Actions.test_line,
}
