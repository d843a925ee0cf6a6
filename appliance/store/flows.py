"""Flows: what happens to a call between its number and whoever answers; a part of the site document
(sitemodel.py).

A flow is a list of steps; a call enters at the first. Each kind of step is a dataclass of its own, that says
where a call goes on from it: `silent` with nothing pressed, `ways` whatever is pressed. Whether flows fit
together, and lead out again, is looked at in flowcheck.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from appliance.errors import RejectedError
from appliance.store.sitecheck import Fields, field_names

TEXT_MAX = 2000
FLOWS_MAX = 200
STEPS_MAX = 60
KEYS = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "*", "#")
LANGUAGES_MAX = 10


@dataclass(frozen=True)
class Text:
    """What is said, in one language."""

    language: str
    text: str


@dataclass(frozen=True)
class Key:
    """A key of a menu, and the step that it leads to."""

    key: str
    next: str


@dataclass(frozen=True)
class HoursStep:
    """Goes on at one step while the schedule is open, else at the other."""

    id: str
    schedule_id: str
    open: str
    closed: str
    kind: str = "hours"

    @property
    def silent(self) -> tuple[str, ...]:
        """Either: it may be open, or closed, for longer than any caller waits."""
        return (self.open, self.closed)

    @property
    def ways(self) -> tuple[str, ...]:
        """Every step that it can lead to."""
        return self.silent


@dataclass(frozen=True)
class MenuStep:
    """Says what can be pressed: a prompt, or its own texts. After `tries` times without a key that leads
    anywhere, a call goes on at `otherwise`. With `dials_people`, an internal number may be dialled, too.
    """

    id: str
    texts: tuple[Text, ...]
    keys: tuple[Key, ...]
    otherwise: str
    timeout_seconds: int = 5
    tries: int = 2
    dials_people: bool = False
    prompt_id: str = ""
    kind: str = "menu"

    @property
    def silent(self) -> tuple[str, ...]:
        """Where a caller who presses nothing goes on."""
        return (self.otherwise,)

    @property
    def ways(self) -> tuple[str, ...]:
        """Every step that it can lead to."""
        return (*(key.next for key in self.keys), self.otherwise)


@dataclass(frozen=True)
class SayStep:
    """An announcement: a prompt, or its own texts."""

    id: str
    texts: tuple[Text, ...]
    next: str
    prompt_id: str = ""
    kind: str = "say"

    @property
    def silent(self) -> tuple[str, ...]:
        """The one step after it."""
        return (self.next,)

    ways = silent


@dataclass(frozen=True)
class QueueStep:
    """Waits in a queue, and ends there."""

    id: str
    queue_id: str
    kind: str = "queue"

    @property
    def silent(self) -> tuple[str, ...]:
        """None."""
        return ()

    ways = silent


@dataclass(frozen=True)
class PersonStep:
    """Rings an agent's phones. Who is not answered goes on at `next`, or hears that nobody is there."""

    id: str
    agent_id: str
    ring_seconds: int = 25
    next: str = ""
    kind: str = "person"

    @property
    def silent(self) -> tuple[str, ...]:
        """The step for callers who were not answered, if there is one."""
        return (self.next,) if self.next else ()

    ways = silent


@dataclass(frozen=True)
class MessageStep:
    """Takes a message for an agent or a queue (`for_id`) of at most so many seconds, and ends there. What it
    says first is a prompt, its own texts, or else the box's words.
    """

    id: str
    for_id: str
    texts: tuple[Text, ...] = ()
    max_seconds: int = 180
    prompt_id: str = ""
    kind: str = "message"

    @property
    def silent(self) -> tuple[str, ...]:
        """None."""
        return ()

    ways = silent


@dataclass(frozen=True)
class OutsideStep:
    """Calls a number of the outside, by the rules for all calls out, and ends there."""

    id: str
    number: str
    kind: str = "outside"

    @property
    def silent(self) -> tuple[str, ...]:
        """None."""
        return ()

    ways = silent


@dataclass(frozen=True)
class FlowStep:
    """Goes on at the beginning of another flow."""

    id: str
    flow_id: str
    kind: str = "flow"

    @property
    def silent(self) -> tuple[str, ...]:
        """None in this flow."""
        return ()

    ways = silent


@dataclass(frozen=True)
class EndStep:
    """Hangs up."""

    id: str
    kind: str = "end"

    @property
    def silent(self) -> tuple[str, ...]:
        """None."""
        return ()

    ways = silent


Speaking = MenuStep | SayStep | MessageStep
"""The steps that say something of the office's own."""

type Step = HoursStep | Speaking | QueueStep | PersonStep | OutsideStep | FlowStep | EndStep


@dataclass(frozen=True)
class Flow:
    """One flow; a call enters at its first step."""

    id: str
    name: str
    steps: tuple[Step, ...]

    def step(self, step_id: str) -> Step | None:
        """The step of that id, None if there is none."""
        return next((step for step in self.steps if step.id == step_id), None)


def said(texts: Sequence[Text], language: str) -> Text:
    """What callers hear in `language`; the first text where there is none in it."""
    return next((text for text in texts if text.language == language), texts[0])


def build(country: str, data: object, path: str, strict: bool) -> Flow:
    """A flow from JSON; RejectedError names the field. `country` is where typed numbers are dialled."""
    fields = Fields(data, path, field_names(Flow), strict=strict)
    flow = Flow(
        id=fields.item_id("id", "f"),
        name=fields.name("name"),
        steps=fields.items("steps", STEPS_MAX, lambda *step: _step(country, *step)),
    )
    if not flow.steps:
        raise RejectedError("A flow needs a step.", field=fields.at("steps"))
    return flow


def _step(country: str, data: object, path: str, strict: bool) -> Step:
    kind = data.get("kind") if isinstance(data, dict) else None
    found = _KINDS.get(kind) if isinstance(kind, str) else None
    if found is None:
        raise RejectedError("This is not one of the choices.", field=f"{path}.kind")
    model, make = found
    return make(Fields(data, path, field_names(model), strict=strict), country)


def _hours(fields: Fields, _country: str) -> Step:
    return HoursStep(
        id=fields.item_id("id", "t"),
        schedule_id=fields.item_id("schedule_id", "s"),
        open=fields.item_id("open", "t"),
        closed=fields.item_id("closed", "t"),
    )


def _menu(fields: Fields, _country: str) -> Step:
    menu = MenuStep(
        id=fields.item_id("id", "t"),
        texts=_texts(fields),
        keys=fields.items("keys", len(KEYS), _key),
        otherwise=fields.item_id("otherwise", "t"),
        timeout_seconds=fields.whole("timeout_seconds", MenuStep.timeout_seconds, 1, 30),
        tries=fields.whole("tries", MenuStep.tries, 1, 5),
        dials_people=fields.flag("dials_people", MenuStep.dials_people),
        prompt_id=_prompt_id(fields),
    )
    pressed = [key.key for key in menu.keys]
    for at, key in enumerate(pressed):
        if key in pressed[:at]:
            raise RejectedError(
                "The key {key} stands here twice.", field=f"{fields.at('keys')}.{at}.key", key=key
            )
    if not menu.keys and not menu.dials_people:
        raise RejectedError("A menu needs a key.", field=fields.at("keys"))
    return menu


def _say(fields: Fields, _country: str) -> Step:
    return SayStep(fields.item_id("id", "t"), _texts(fields), fields.item_id("next", "t"), _prompt_id(fields))


def _queue(fields: Fields, _country: str) -> Step:
    return QueueStep(fields.item_id("id", "t"), fields.item_id("queue_id", "q"))


def _person(fields: Fields, _country: str) -> Step:
    return PersonStep(
        id=fields.item_id("id", "t"),
        agent_id=fields.item_id("agent_id", "a"),
        ring_seconds=fields.whole("ring_seconds", PersonStep.ring_seconds, 5, 120),
        next=fields.item_id("next", "t") if fields.text("next", "") else "",
    )


def _message(fields: Fields, _country: str) -> Step:
    target = fields.text("for_id", "")
    return MessageStep(
        id=fields.item_id("id", "t"),
        for_id=fields.item_id("for_id", "q" if target.startswith("q") else "a"),
        texts=_texts(fields, is_optional=True),
        max_seconds=fields.whole("max_seconds", MessageStep.max_seconds, 10, 600),
        prompt_id=_prompt_id(fields),
    )


def _outside(fields: Fields, country: str) -> Step:
    return OutsideStep(fields.item_id("id", "t"), fields.number("number", country))


def _flow(fields: Fields, _country: str) -> Step:
    return FlowStep(fields.item_id("id", "t"), fields.item_id("flow_id", "f"))


def _end(fields: Fields, _country: str) -> Step:
    return EndStep(fields.item_id("id", "t"))


def _key(data: object, path: str, strict: bool) -> Key:
    fields = Fields(data, path, field_names(Key), strict=strict)
    return Key(fields.choice("key", "", KEYS), fields.item_id("next", "t"))


def _prompt_id(fields: Fields) -> str:
    return fields.item_id("prompt_id", "p") if fields.text("prompt_id", "") else ""


def _texts(fields: Fields, *, is_optional: bool = False) -> tuple[Text, ...]:
    texts = fields.items("texts", LANGUAGES_MAX, _text)
    if not texts and not is_optional and not _prompt_id(fields):
        raise RejectedError("This must be filled in.", field=fields.at("texts"))
    languages = [text.language for text in texts]
    for at, language in enumerate(languages):
        if language in languages[:at]:
            raise RejectedError("This stands here twice.", field=f"{fields.at('texts')}.{at}.language")
    return texts


def _text(data: object, path: str, strict: bool) -> Text:
    fields = Fields(data, path, field_names(Text), strict=strict)
    text = Text(fields.language("language", ""), fields.prose("text", TEXT_MAX))
    if not text.text:
        raise RejectedError("This must be filled in.", field=fields.at("text"))
    return text


_KINDS: Mapping[str, tuple[type[Step], Callable[[Fields, str], Step]]] = {
    HoursStep.kind: (HoursStep, _hours),
    MenuStep.kind: (MenuStep, _menu),
    SayStep.kind: (SayStep, _say),
    QueueStep.kind: (QueueStep, _queue),
    PersonStep.kind: (PersonStep, _person),
    MessageStep.kind: (MessageStep, _message),
    OutsideStep.kind: (OutsideStep, _outside),
    FlowStep.kind: (FlowStep, _flow),
    EndStep.kind: (EndStep, _end),
}
KINDS = tuple(_KINDS)
