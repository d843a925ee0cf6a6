"""The part of the site that says where callers wait, who answers them and what else may become of them.
Checked like the rest of the site.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from appliance.errors import RejectedError
from appliance.store.music import OFFICE
from appliance.store.sitecheck import Fields, field_names

LINEAR = "linear"
"""The strategy that goes by the order of the agents in the queue's list."""
STRATEGIES = ("rrmemory", "leastrecent", "fewestcalls", "random", LINEAR, "ringall")
PRIORITIES = ("low", "normal", "high")
TEXT_MAX = 2000
# The fields that say what becomes of a caller whom the queue does not take, or no longer keeps.
EXITS = ("when_full", "when_empty", "when_late", "when_closed")
# One of them may be this in place of a flow or a queue: the caller may leave a number.
CALLBACK = "callback"
_NO_HOURS = "The queue “{queue}” asks for opening hours that are no longer there."
_NO_TARGET = "The queue “{queue}” leads to what is no longer there."
AT_ONCE, HELPS, LAST = 1, 2, 3
"""How soon an agent is called: at once, when a caller has waited, when he has waited for long. These are
app_queue's penalties.
"""


@dataclass(frozen=True)
class Queue:
    """Where callers wait. Times are whole seconds; `agents` are agent ids in order. The greeting and
    the message for those who wait are a prompt or a text each; with neither, there is none.

    `helpers` and `reserves` are those of the agents who are called only once somebody has waited for
    so long. `music` is the id of a set, or one of music.py's own. `priority` (one of PRIORITIES) decides
    which queue an agent of several gets a call from. A `max_callers` of 0 is no limit. `tells_agent`: who
    answers hears the queue's name and the last digits of the dialled number first. The fields of EXITS are
    the id of a flow or of another queue, CALLBACK, or "" for an apology. With `callback`, who waits may
    press 1 to leave a number; it is called up to `callback_tries` times, `callback_minutes` between.
    """

    id: str
    name: str
    greeting_text: str = ""
    strategy: str = "rrmemory"
    ring_seconds: int = 20
    wrap_up_seconds: int = 20
    max_wait_seconds: int = 600
    music: str = OFFICE
    record: bool = True
    service_level_seconds: int = 20
    agents: tuple[str, ...] = ()
    helpers: tuple[str, ...] = ()
    helpers_after_seconds: int = 30
    reserves: tuple[str, ...] = ()
    reserves_after_seconds: int = 90
    priority: str = "normal"
    announce_position: bool = True
    announce_wait: bool = False
    announce_every_seconds: int = 45
    message_text: str = ""
    message_every_seconds: int = 60
    tells_agent: bool = False
    max_callers: int = 0
    schedule_id: str = ""
    when_full: str = ""
    when_empty: str = ""
    when_late: str = ""
    when_closed: str = ""
    greeting_id: str = ""
    message_id: str = ""
    callback: bool = False
    callback_tries: int = 3
    callback_minutes: int = 10

    def level(self, agent_id: str) -> int:
        """How soon this agent is called: AT_ONCE, HELPS or LAST."""
        return LAST if agent_id in self.reserves else HELPS if agent_id in self.helpers else AT_ONCE

    @property
    def leads_at_once(self) -> tuple[str, ...]:
        """The flows and queues that a caller may be sent to without any wait."""
        found = (self.when_full, self.when_empty, self.when_closed)
        return tuple(target for target in found if target not in ("", CALLBACK))

    @property
    def leads(self) -> tuple[str, ...]:
        """The flows and queues that a caller may be sent to."""
        late = () if self.when_late in ("", CALLBACK) else (self.when_late,)
        return (*self.leads_at_once, *late)


# From and to.
RANGES = {
    "ring_seconds": (5, 120),
    "wrap_up_seconds": (0, 900),
    "max_wait_seconds": (10, 7200),
    "service_level_seconds": (1, 600),
    "helpers_after_seconds": (5, 3600),
    "reserves_after_seconds": (5, 3600),
    "announce_every_seconds": (15, 600),
    "message_every_seconds": (15, 3600),
    "max_callers": (0, 500),
    "callback_tries": (1, 10),
    "callback_minutes": (1, 240),
}
FLAGS = ("record", "announce_position", "announce_wait", "tells_agent", "callback")


def build(data: object, path: str, strict: bool) -> Queue:
    """A queue from JSON; RejectedError names the field."""
    fields = Fields(data, path, field_names(Queue), strict=strict)
    agents = fields.texts("agents", (), 500)
    several: dict[str, Any] = {
        **{
            name: tuple(agent for agent in agents if agent in fields.texts(name, (), 500))
            for name in ("helpers", "reserves")
        },
        **{name: fields.whole(name, getattr(Queue, name), low, high) for name, (low, high) in RANGES.items()},
        **{name: fields.flag(name, getattr(Queue, name)) for name in FLAGS},
        **{name: _exit(fields, name) for name in EXITS},
    }
    queue = Queue(
        id=fields.item_id("id", "q"),
        name=fields.name("name"),
        greeting_text=fields.prose("greeting_text", TEXT_MAX),
        strategy=fields.choice("strategy", Queue.strategy, STRATEGIES),
        priority=fields.choice("priority", Queue.priority, PRIORITIES),
        music=fields.slug("music", Queue.music),
        message_text=fields.prose("message_text", TEXT_MAX),
        schedule_id=fields.item_id("schedule_id", "s") if fields.text("schedule_id", "") else "",
        agents=agents,
        greeting_id=fields.item_id("greeting_id", "p") if fields.text("greeting_id", "") else "",
        message_id=fields.item_id("message_id", "p") if fields.text("message_id", "") else "",
        **several,
    )
    _refuse_nobody(queue, fields)
    return queue


def _exit(fields: Fields, name: str) -> str:
    """Where a caller is sent."""
    target = fields.text(name, "")
    if target == CALLBACK:
        if name == "when_closed":
            # Promises end at closing time.
            raise RejectedError("This is not one of the choices.", field=fields.at(name))
        return target
    return fields.item_id(name, target[0] if target[0] in "fq" else "q") if target else ""


def _refuse_nobody(queue: Queue, fields: Fields) -> None:
    if any(agent in queue.helpers for agent in queue.reserves):
        raise RejectedError("This stands here twice.", field=fields.at("reserves"))
    if queue.agents and all(queue.level(agent) != AT_ONCE for agent in queue.agents):
        raise RejectedError(
            "Nobody is called at once.", "Let one of the agents be called at once.", fields.at("helpers")
        )
    both = queue.helpers and queue.reserves
    if both and queue.reserves_after_seconds <= queue.helpers_after_seconds:
        raise RejectedError(
            "The last ones are called after those who help out.",
            "Make this longer than the time before it.",
            fields.at("reserves_after_seconds"),
        )


def refuse_dangling(
    queues: Collection[Queue], agents: Collection[str], schedules: Collection[str], flows: Collection[str]
) -> None:
    """RejectedError at the first agent, opening hours, queue or flow that the site does not have."""
    known = {queue.id for queue in queues} | set(flows)
    for at, queue in enumerate(queues):
        for place, agent_id in enumerate(queue.agents):
            if agent_id not in agents:
                raise RejectedError("There is no such agent.", field=f"queues.{at}.agents.{place}")
        if queue.schedule_id and queue.schedule_id not in schedules:
            raise _lost(_NO_HOURS, at, queue)
        for name in EXITS:
            if getattr(queue, name) not in ("", CALLBACK) and getattr(queue, name) not in known:
                raise _lost(_NO_TARGET, at, queue, name)


def _lost(message: str, at: int, queue: Queue, name: str = "schedule_id") -> RejectedError:
    return RejectedError(message, "Choose another one.", f"queues.{at}.{name}", queue=queue.name)
