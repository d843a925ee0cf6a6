"""The site document: everything an administrator decides about this box, as one value. Saved as revisions
by site.py.

`Site.from_dict` is the only way in for anything typed, uploaded or stored: what it returns is clean and
consistent. People, users, passwords and the credentials of lines and phones are not part of it, so that
undo never restores one.
"""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from typing import Any

from appliance.errors import RejectedError
from appliance.store import (
    flowcheck,
    flows,
    music,
    prompts,
    schedules,
    site_inside,
    site_outbound,
    site_ports,
    site_queues,
    site_spans,
)
from appliance.store.flows import Flow
from appliance.store.music import CALM, SETS_MAX, MusicSet
from appliance.store.prompts import PROMPTS_MAX, Prompt
from appliance.store.schedules import Schedule
from appliance.store.site_inside import PAGINGS_MAX, ROOMS_MAX, Paging, Room
from appliance.store.site_outbound import Outbound
from appliance.store.site_ports import AnalogPort
from appliance.store.site_queues import Queue
from appliance.store.site_spans import Span
from appliance.store.sitecheck import Fields, field_names, refuse_twice

CODECS = ("alaw", "ulaw", "g722", "opus", "gsm")
# How a line writes the numbers that it calls: 0901234567, +84901234567 or 84901234567.
NUMBER_FORMATS = ("national", "plus", "digits")
# Over the network, or over telephone cards.
LINE_KINDS = ("sip", "card")
NUMBER_PRIORITIES = ("normal", "high")
# A break begun on the phone itself has this reason in the queue's log.
RESERVED_BREAKS = ("phone",)


@dataclass(frozen=True)
class Agent:
    """Who answers, under a short internal number; one who is in no queue is a colleague with a phone. With
    `takes_messages`, whoever dials the number and reaches nobody may leave a message.
    """

    id: str
    name: str
    extension: str
    takes_messages: bool = False


@dataclass(frozen=True)
class Line:
    """What brings calls in and takes calls out; `caller_number` is shown to whom we call, "" for the
    provider's own choice, and `number_format` (one of NUMBER_FORMATS) is how it wants the called number. A
    line over cards has `spans` and analog `ports`, in their order of use for calls out, and nothing that
    speaks of a network. Once `calls` are up on it, in and out, the next line is used for calls out; 0 for any
    number of them. So it is while the opening hours `schedule_id` are closed; "" for at any time.
    """

    id: str
    kind: str
    name: str
    host: str = ""
    port: int = 5060
    username: str = ""
    register: bool = False
    codecs: tuple[str, ...] = ("alaw", "ulaw")
    caller_number: str = ""
    number_format: str = NUMBER_FORMATS[0]
    spans: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    calls: int = 0
    schedule_id: str = ""


@dataclass(frozen=True)
class Number:
    """A number that people dial (E.164 or local digits): its line, and the queue or the flow it goes to; the
    other one is "". Callers of a number of high `priority` wait before others. Over one that `is_fax`, only
    faxes come in: they are messages for the queue.
    """

    id: str
    number: str
    line_id: str
    queue_id: str = ""
    flow_id: str = ""
    priority: str = NUMBER_PRIORITIES[0]
    is_fax: bool = False


@dataclass(frozen=True)
class Disposition:
    """How a conversation ended, in the business's own words."""

    code: str
    name: str


@dataclass(frozen=True)
class Break:
    """Why an agent is away."""

    code: str
    name: str


@dataclass(frozen=True)
class Site:
    """One box's whole configuration. `Site()` is the empty site of a box that nobody has set up."""

    country: str = "VN"
    language: str = "vi"
    time_zone: str = "Asia/Ho_Chi_Minh"
    business_name: str = ""
    queues: tuple[Queue, ...] = ()
    agents: tuple[Agent, ...] = ()
    rooms: tuple[Room, ...] = ()
    pagings: tuple[Paging, ...] = ()
    spans: tuple[Span, ...] = ()
    ports: tuple[AnalogPort, ...] = ()
    lines: tuple[Line, ...] = ()
    numbers: tuple[Number, ...] = ()
    dispositions: tuple[Disposition, ...] = ()
    breaks: tuple[Break, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    flows: tuple[Flow, ...] = ()
    prompts: tuple[Prompt, ...] = ()
    music: tuple[MusicSet, ...] = ()
    hold_music: str = CALM
    outbound: Outbound = dataclasses.field(default_factory=Outbound)

    @classmethod
    def from_dict(cls, data: object, *, strict: bool = True) -> Site:
        """Checks and normalises a document as JSON gives it.

        RejectedError names the first wrong field by its path, such as "queues.0.name". With `strict` false,
        fields that this release does not know are dropped: a newer release may have saved the document.
        """
        fields = Fields(data, "", field_names(cls), strict=strict)
        country = fields.country("country", cls.country)
        site = cls(
            country=country,
            language=fields.language("language", cls.language),
            time_zone=fields.time_zone("time_zone", cls.time_zone),
            business_name=fields.name("business_name", optional=True),
            queues=fields.items("queues", 200, site_queues.build),
            agents=fields.items("agents", 500, _agent),
            rooms=fields.items("rooms", ROOMS_MAX, site_inside.room),
            pagings=fields.items("pagings", PAGINGS_MAX, site_inside.paging),
            spans=fields.items("spans", site_spans.SPANS_MAX, site_spans.build),
            ports=fields.items("ports", site_ports.ALL_MAX, site_ports.build),
            lines=fields.items("lines", 100, functools.partial(_line, country)),
            numbers=fields.items("numbers", 500, functools.partial(_number, country)),
            dispositions=fields.items("dispositions", 100, _disposition),
            breaks=fields.items("breaks", 50, _break),
            schedules=fields.items("schedules", 100, schedules.build),
            flows=fields.items("flows", flows.FLOWS_MAX, functools.partial(flows.build, country)),
            prompts=fields.items("prompts", PROMPTS_MAX, prompts.build),
            music=fields.items("music", SETS_MAX, music.build),
            hold_music=fields.slug("hold_music", cls.hold_music),
            outbound=fields.part("outbound", site_outbound.outbound),
        )
        _refuse_doubles(site)
        _refuse_dangling(site)
        prompts.refuse_missing(site)
        music.refuse_missing(site)
        flowcheck.refuse_unfit(site)
        return site

    def to_dict(self) -> dict[str, Any]:
        """The document as JSON takes it; `Site.from_dict(site.to_dict()) == site` for every checked site."""
        return {name: plain(value) for name, value in dataclasses.asdict(self).items()}

    def queue(self, queue_id: str) -> Queue | None:
        """The queue of that id, None if there is none (any more)."""
        return next((queue for queue in self.queues if queue.id == queue_id), None)

    def agent(self, agent_id: str) -> Agent | None:
        """The agent of that id, None if there is none (any more)."""
        return next((agent for agent in self.agents if agent.id == agent_id), None)

    def line(self, line_id: str) -> Line | None:
        """The line of that id, None if there is none (any more)."""
        return next((line for line in self.lines if line.id == line_id), None)

    def lines_of(self, kind: str) -> tuple[Line, ...]:
        """The lines of one of `LINE_KINDS`."""
        return tuple(line for line in self.lines if line.kind == kind)

    def span(self, span_id: str) -> Span | None:
        """The span of that id, None if there is none (any more)."""
        return next((span for span in self.spans if span.id == span_id), None)

    def port(self, port_id: str) -> AnalogPort | None:
        """The analog port of that id, None if there is none (any more)."""
        return next((port for port in self.ports if port.id == port_id), None)

    @property
    def has_cards(self) -> bool:
        """Whether ports of telephone cards are set up."""
        return bool(self.spans or self.ports)

    def schedule(self, schedule_id: str) -> Schedule | None:
        """The opening hours of that id, None if there are none (any more)."""
        return next((schedule for schedule in self.schedules if schedule.id == schedule_id), None)

    def prompt(self, prompt_id: str) -> Prompt | None:
        """The prompt of that id, None if there is none (any more)."""
        return prompts.find(self, prompt_id)

    def music_set(self, set_id: str) -> MusicSet | None:
        """The set of music of that id, None if there is none (any more)."""
        return next((one for one in self.music if one.id == set_id), None)

    def flow(self, flow_id: str) -> Flow | None:
        """The flow of that id, None if there is none (any more)."""
        return next((flow for flow in self.flows if flow.id == flow_id), None)


def plain(value: Any) -> Any:
    """Tuples as the lists that JSON gives back, at any depth of dictionaries."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, tuple) else value


def _agent(data: object, path: str, strict: bool) -> Agent:
    fields = Fields(data, path, field_names(Agent), strict=strict)
    return Agent(
        fields.item_id("id", "a"),
        fields.name("name"),
        fields.extension("extension"),
        fields.flag("takes_messages", Agent.takes_messages),
    )


def _line(country: str, data: object, path: str, strict: bool) -> Line:
    fields = Fields(data, path, field_names(Line), strict=strict)
    kind = fields.choice("kind", LINE_KINDS[0], LINE_KINDS)
    line = Line(
        id=fields.item_id("id", "l"),
        kind=kind,
        name=fields.name("name"),
        host=fields.host("host") if kind == "sip" else "",
        port=fields.whole("port", Line.port, 1, 65535),
        username=fields.username("username"),
        register=fields.flag("register", Line.register),
        codecs=fields.texts("codecs", Line.codecs, len(CODECS)),
        caller_number=fields.number("caller_number", country, optional=True),
        number_format=fields.choice("number_format", Line.number_format, NUMBER_FORMATS),
        spans=fields.texts("spans", (), site_spans.SPANS_MAX),
        ports=fields.texts("ports", (), site_ports.ALL_MAX),
        calls=fields.whole("calls", Line.calls, 0, site_outbound.LINE_CALLS_MAX),
        schedule_id=fields.item_id("schedule_id", "s") if fields.text("schedule_id", "") else "",
    )
    if not line.codecs or not set(line.codecs) <= set(CODECS):
        raise RejectedError("This is not one of the choices.", field=fields.at("codecs"))
    if line.register and not line.username:
        raise RejectedError("Registering needs the user name.", field=fields.at("username"))
    if bool(line.spans or line.ports) != (kind == "card"):
        raise RejectedError("Choose one of these.", field=fields.at("spans"))
    return line


def _number(country: str, data: object, path: str, strict: bool) -> Number:
    fields = Fields(data, path, field_names(Number), strict=strict)
    number = Number(
        id=fields.item_id("id", "n"),
        number=fields.number("number", country),
        line_id=fields.item_id("line_id", "l"),
        queue_id=fields.item_id("queue_id", "q") if fields.text("queue_id", "") else "",
        flow_id=fields.item_id("flow_id", "f") if fields.text("flow_id", "") else "",
        priority=fields.choice("priority", Number.priority, NUMBER_PRIORITIES),
        is_fax=fields.flag("is_fax", Number.is_fax),
    )
    if number.is_fax and not number.queue_id:
        raise RejectedError("Faxes are for a queue.", field=fields.at("queue_id"))
    if bool(number.queue_id) == bool(number.flow_id):
        raise RejectedError("A number leads to a queue or to a flow.", field=fields.at("queue_id"))
    return number


def _disposition(data: object, path: str, strict: bool) -> Disposition:
    fields = Fields(data, path, field_names(Disposition), strict=strict)
    return Disposition(fields.slug("code"), fields.name("name"))


def _break(data: object, path: str, strict: bool) -> Break:
    fields = Fields(data, path, field_names(Break), strict=strict)
    code = fields.slug("code")
    if code in RESERVED_BREAKS:
        raise RejectedError("The box uses this code itself.", "Choose another code.", field=fields.at("code"))
    return Break(code, fields.name("name"))


def _refuse_doubles(site: Site) -> None:
    calls = ("queues", "spans", "ports", "lines", "numbers", "schedules", "flows", "prompts", "music")
    for path in (*site_inside.GROUPS, *calls):
        refuse_twice(getattr(site, path), path, "id", "Another one has this id.")
    for path in ("dispositions", "breaks"):
        refuse_twice(getattr(site, path), path, "code", "Another one has this code.")
    site_inside.refuse_twice(site)
    site_spans.refuse_doubles(site.spans)
    site_ports.refuse_doubles(site.ports, site.spans)
    refuse_twice(site.numbers, "numbers", "number", "This number stands here twice.")


def _refuse_dangling(site: Site) -> None:
    queues = {queue.id for queue in site.queues}
    agents = {agent.id for agent in site.agents}
    lines = {line.id for line in site.lines}
    schedules_known = {schedule.id for schedule in site.schedules}
    site_inside.refuse_dangling(site.pagings, agents)
    site_queues.refuse_dangling(site.queues, agents, schedules_known, {flow.id for flow in site.flows})
    site_spans.refuse_dangling(site.spans, [line.spans for line in site.lines])
    site_ports.refuse_dangling(site.ports, [line.ports for line in site.lines])
    for at, number in enumerate(site.numbers):
        if number.line_id not in lines:
            raise RejectedError("There is no such phone line.", field=f"numbers.{at}.line_id")
        if number.queue_id and number.queue_id not in queues:
            raise RejectedError("There is no such queue.", field=f"numbers.{at}.queue_id")
        if number.flow_id and site.flow(number.flow_id) is None:
            raise RejectedError("There is no such flow.", field=f"numbers.{at}.flow_id")
    site_outbound.refuse_dangling(site.outbound, agents, lines)
    for at, line in enumerate(site.lines):
        if line.schedule_id and line.schedule_id not in schedules_known:
            raise RejectedError(
                "The phone line “{line}” asks for opening hours that are no longer there.",
                "Choose another one.",
                f"lines.{at}.schedule_id",
                line=line.name,
            )
