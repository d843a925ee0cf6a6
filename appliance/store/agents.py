"""Whether agents are there: intervals of offline, available and break, of which the last one runs.

The intervals are what reports count, and the running one is what foyer-pbx makes Asterisk's queues agree
with.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlite_utils import Database

from appliance.errors import RejectedError
from appliance.store import wrap_ups
from appliance.store.db import Change
from appliance.store.ids import new_id
from appliance.store.sitemodel import Site

STATES = ("offline", "available", "break")
DEVICES = ("browser", "desk")
DECLINED = "declined"  # the reason of an available agent who wants others to come first
SOON_MS = 1000
"""By so much, what was committed just now may be later than the moment at which somebody began to look."""

_CURRENT = "SELECT agent_id, state, reason, device, started, by FROM agent_state WHERE ended IS NULL"


@dataclass(frozen=True)
class AgentState:
    """A running interval: `reason` is a break's code or DECLINED, `device` browser or desk, `by` who set it,
    `started` ms UTC.
    """

    agent_id: str
    state: str = "offline"
    reason: str = ""
    device: str = "browser"
    started: int = 0
    by: str = ""


def set_state(
    change: Change,
    agent_id: str,
    state: str,
    reason: str = "",
    device: str | None = None,
    by: str = "",
    at: int | None = None,
) -> AgentState:
    """Ends the running interval and begins the next; the same state again changes nothing.

    `device` None keeps the one in use. `at` (ms, default now) is moved to the running interval's begin if
    it is earlier: news from a log can be late, but intervals never overlap. Who is not available has no
    wrap-up; whoever gives an `at` settles that once he has told all the news. Events: agent, and those of the
    wrap-up.
    """
    if state not in STATES or device not in (None, *DEVICES):
        raise RejectedError("This is not one of the choices.", field="state")
    old = current_of(change.db, agent_id)
    new = AgentState(
        agent_id,
        state,
        reason if state == "break" else "",
        device or old.device,
        max(change.now if at is None else at, old.started),
        by,
    )
    if (new.state, new.reason, new.device) == (old.state, old.reason, old.device):
        return old
    _begin(change, new)
    if at is None:
        wrap_ups.settle(change, agent_id, new.started)
    return new


def decline(change: Change, agent_id: str, by: str, at: int) -> None:
    """The agent's phone refused a call of a queue's at `at` (ms). He stays available, but others come first
    (`spared_until`); choosing "available" again ends that at once. Nothing happens to who is not available,
    or has said since that he is; the same refusal again changes nothing. Event: agent.
    """
    old = current_of(change.db, agent_id)
    if old.state == "available" and old.started < at:
        _begin(change, replace(old, reason=DECLINED, started=at, by=by))


def spared_until(site: Site, state: AgentState, now: int) -> int:
    """Until when (ms) no queue rings an agent who has declined a call: as long as a queue of his lets one
    phone ring. 0 if he has not, or did so by a clock that was ahead and is set back now (`now`, ms): he would
    be spared until it is that late again.
    """
    if state.state != "available" or state.reason != DECLINED or state.started > now + SOON_MS:
        return 0
    rings_s = [queue.ring_seconds for queue in site.queues if state.agent_id in queue.agents]
    return state.started + max(rings_s, default=0) * 1000


def _begin(change: Change, new: AgentState) -> None:
    change.db.execute(
        "UPDATE agent_state SET ended = ? WHERE agent_id = ? AND ended IS NULL", (new.started, new.agent_id)
    )
    change.db.execute(
        "INSERT INTO agent_state (id, agent_id, state, reason, device, started, by)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (new_id(), new.agent_id, new.state, new.reason, new.device, new.started, new.by),
    )
    change.event("agent", new.agent_id, agent=new.agent_id)


def current(db: Database) -> dict[str, AgentState]:
    """The running interval of every agent who ever was anything but offline, by agent id."""
    rows = db.execute(_CURRENT)
    return {row[0]: AgentState(*row) for row in rows}


def current_of(db: Database, agent_id: str) -> AgentState:
    """The running interval of one agent; offline since 0 if there never was any."""
    row = db.execute(_CURRENT + " AND agent_id = ?", (agent_id,)).fetchone()
    return AgentState(*row) if row else AgentState(agent_id)
