"""The editor of a flow: a form that holds all of its steps, in the order in which a call comes to them. Pure.

What is typed goes to and fro as a draft in which something may be missing; `Site.from_dict` says what, when
it is to be saved. Every choice of where a step leads offers the steps that there are, and new ones:
"new:menu", "new:queue:q1". A new step in the place of another leads on to that one, so that a step is put
between two others by one choice.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from appliance.store import sitemodel
from appliance.store.flows import KEYS, STEPS_MAX, Flow, MenuStep, MessageStep, PersonStep
from appliance.store.sitemodel import Site
from appliance.webui import flow_words, site_forms
from appliance.webui.flow_words import TARGETS, Say
from appliance.webui.forms import Form
from appliance.webui.i18n import N_

Document = dict[str, Any]
Step = dict[str, Any]

NEW = "new:"
_REMOVE = "remove:"
# How a key is called in the name of a field.
KEY_NAMES = {**{key: key for key in KEYS}, "*": "star", "#": "hash"}
_WAYS = {"hours": ("open", "closed"), "menu": ("otherwise",), "say": ("next",), "person": ("next",)}


@dataclass
class Draft:
    """A flow as the form has it: `first` is the step at which calls begin, "" for none yet. `fresh` are the
    steps that were chosen a moment ago.
    """

    name: str = ""
    first: str = ""
    steps: list[Step] = field(default_factory=list)
    fresh: list[str] = field(default_factory=list)

    def step(self, step_id: str) -> Step | None:
        """The step of that id."""
        return next((step for step in self.steps if step["id"] == step_id), None)


@dataclass(frozen=True)
class Row:
    """A step as the page shows it: its number, what it is about (`name`), and what leads to it, as (number of
    the step before, words) or None for the first step and those that nothing leads to.
    """

    step: Step
    number: int
    name: str
    title: str
    way: tuple[int, str] | None
    is_reached: bool
    is_fresh: bool


def draft_of(flow: Flow) -> Draft:
    """The flow as it is saved."""
    return Draft(flow.name, flow.steps[0].id, sitemodel.plain(dataclasses.asdict(flow))["steps"])


def read(form: Form, saved: Flow | None) -> Draft:
    """The flow as it was typed. `saved` is what it was before, whose ids mean something already."""
    draft = Draft(form.text("name"))
    removed = form.text("stage").removeprefix(_REMOVE) if form.text("stage").startswith(_REMOVE) else ""
    for step_id in form.all("steps")[:STEPS_MAX]:
        kind = form.text(f"{step_id}-kind")
        if kind in flow_words.KINDS and draft.step(step_id) is None:
            draft.steps.append(_READ[kind](form, step_id) if kind in _READ else _plain(form, step_id, kind))
    known = [int(step["id"][1:]) for step in draft.steps if step["id"][1:].isdecimal()]
    known += [int(step.id[1:]) for step in saved.steps] if saved else []
    maker = _Maker(form, draft, max(known, default=0) + 1)
    draft.first = maker.target("first", form.text("first"))
    for step in list(draft.steps):
        maker.resolve(step)
    if removed:
        _remove(draft, removed)
    draft.steps = [step for step, _ in _in_order(draft)]
    return draft


def write(document: Document, draft: Draft, flow_id: str) -> None:
    """Puts the draft into the document; without a beginning, it has no steps yet."""
    steps = draft.steps if draft.first else []
    site_forms.put(document, "flows", {"id": flow_id, "name": draft.name, "steps": steps})


def field_of(draft: Draft, path: str) -> str:
    """The form's field for a refused path below the flow, such as "steps.2.keys.0.next"."""
    parts = path.split(".")
    if parts[0] != "steps" or len(parts) == 1:
        return "first" if parts[0] == "steps" else parts[0]
    step = draft.steps[int(parts[1])]
    name = parts[2] if len(parts) > 2 else "step"
    if name == "keys":
        key = step["keys"][int(parts[3])]["key"] if len(parts) > 3 else ""
        name = f"key-{KEY_NAMES.get(key, key)}" if key else "newkey"
    elif name == "texts":
        texts = step["texts"]
        at = int(parts[3]) if len(parts) > 3 else 0
        name = f"text-{texts[at]['language']}" if at < len(texts) else "text"
    return f"{step['id']}-{name}"


def rows(draft: Draft, site: Site, say: Say) -> list[Row]:
    """The steps in order, with what is said of them."""
    ordered = list(_in_order(draft))
    numbers = {step["id"]: at for at, (step, _) in enumerate(ordered, 1)}
    return [
        Row(
            step,
            numbers[step["id"]],
            about(step, site),
            flow_words.title(step["kind"], about(step, site), say),
            (numbers[before[0]], way_words(before[1], say)) if before else None,
            before is not None or step["id"] == draft.first,
            step["id"] in draft.fresh,
        )
        for step, before in ordered
    ]


def about(step: Step, site: Site) -> str:
    """What a step of a draft says, or the name of what it is about; "" where that is not chosen yet."""
    kind = step["kind"]
    if kind in ("menu", "say"):
        prompt = site.prompt(step["prompt_id"])
        return prompt.name if prompt else flow_words.excerpt(texts_of(step).get(site.language, ""))
    return flow_words.name_of(site, kind, str(step.get(TARGETS.get(kind, ""), "")))


def new_steps(site: Site, flow_id: str, say: Say) -> list[tuple[str, str]]:
    """The new steps that a step can lead to: value and words."""
    found = [(f"{NEW}{kind}", say(flow_words.KINDS[kind])) for kind in ("menu", "say", "message", "hours")]
    for kind, items in (("queue", site.queues), ("person", site.agents), ("flow", site.flows)):
        found += [
            (f"{NEW}{kind}:{item.id}", flow_words.title(kind, item.name, say))
            for item in items
            if item.id != flow_id
        ]
    return found + [(f"{NEW}{kind}", say(flow_words.KINDS[kind])) for kind in ("outside", "end")]


def _plain(form: Form, step_id: str, kind: str) -> Step:
    """A step that only leads to something."""
    step: Step = {"id": step_id, "kind": kind}
    if kind in TARGETS:
        step[TARGETS[kind]] = form.text(f"{step_id}-{TARGETS[kind]}")
    return step


def _hours(form: Form, step_id: str) -> Step:
    leads = {name: form.text(f"{step_id}-{name}") for name in _WAYS["hours"]}
    return {**_plain(form, step_id, "hours"), **leads}


def _person(form: Form, step_id: str) -> Step:
    seconds = form.number(f"{step_id}-ring_seconds", 5, 120, PersonStep.ring_seconds)
    return {
        **_plain(form, step_id, "person"),
        "ring_seconds": seconds,
        "next": form.text(f"{step_id}-next"),
    }


def _message(form: Form, step_id: str) -> Step:
    return {
        **_plain(form, step_id, "message"),
        "texts": _texts(form, step_id),
        "max_seconds": form.number(f"{step_id}-max_seconds", 10, 600, MessageStep.max_seconds),
        "prompt_id": form.text(f"{step_id}-prompt_id"),
    }


def _say(form: Form, step_id: str) -> Step:
    return {
        **_plain(form, step_id, "say"),
        "texts": _texts(form, step_id),
        "next": form.text(f"{step_id}-next"),
        "prompt_id": form.text(f"{step_id}-prompt_id"),
    }


def _menu(form: Form, step_id: str) -> Step:
    keys = [
        {"key": key, "next": target}
        for key in KEYS
        if (target := form.text(f"{step_id}-key-{KEY_NAMES[key]}"))
    ]
    key, target = form.text(f"{step_id}-newkey"), form.text(f"{step_id}-newkey-next")
    if key in KEYS and target and all(one["key"] != key for one in keys):
        keys.append({"key": key, "next": target})
    keys.sort(key=lambda one: KEYS.index(one["key"]))
    return {
        **_plain(form, step_id, "menu"),
        "texts": _texts(form, step_id),
        "keys": keys,
        "otherwise": form.text(f"{step_id}-otherwise"),
        "timeout_seconds": form.number(f"{step_id}-timeout_seconds", 1, 30, MenuStep.timeout_seconds),
        "tries": form.number(f"{step_id}-tries", 1, 5, MenuStep.tries),
        "dials_people": form.has(f"{step_id}-dials_people"),
        "prompt_id": form.text(f"{step_id}-prompt_id"),
    }


def _texts(form: Form, step_id: str) -> list[dict[str, str]]:
    """What is said in each language; a language that is left empty is none."""
    prefix = f"{step_id}-text-"
    languages = [name.removeprefix(prefix) for name in form.fields if name.startswith(prefix)]
    texts = ((language, form.text(f"{prefix}{language}")) for language in languages)
    return [{"language": language, "text": text} for language, text in texts if text]


_READ = {"hours": _hours, "person": _person, "say": _say, "menu": _menu, "message": _message}


def ways(step: Step) -> Iterator[tuple[str, str]]:
    """Where a step leads: field or key, and the step's id; "" for what is not chosen yet."""
    if step["kind"] == "menu":
        yield from ((f"key-{key['key']}", key["next"]) for key in step["keys"])
    yield from ((name, step[name]) for name in _WAYS.get(step["kind"], ()))


class _Maker:
    """Makes the new steps of one form, with ids that are not used."""

    def __init__(self, form: Form, draft: Draft, free: int) -> None:
        self._form, self._draft, self._free = form, draft, free

    def resolve(self, step: Step) -> None:
        """Puts the ids of new steps where these were chosen."""
        step_id = step["id"]
        for key in step.get("keys", ()):
            key["next"] = self.target(f"{step_id}-key-{KEY_NAMES[key['key']]}", key["next"])
        for name in _WAYS.get(step["kind"], ()):
            step[name] = self.target(f"{step_id}-{name}", step[name])

    def target(self, name: str, value: str) -> str:
        """The id of the step that was chosen in this field; a new one is made."""
        if not value.startswith(NEW) or len(self._draft.steps) >= STEPS_MAX:
            return "" if value.startswith(NEW) else value
        kind, _, about = value.removeprefix(NEW).partition(":")
        if kind not in flow_words.KINDS:
            return ""
        step: Step = {"id": f"t{self._free}", "kind": kind}
        self._free += 1
        if kind in TARGETS:
            step[TARGETS[kind]] = about
        leads = dict.fromkeys(_WAYS.get(kind, ()), "")
        before = self._form.text(f"{name}-was")
        if leads and self._draft.step(before):
            leads[next(iter(leads))] = before
        step |= leads
        if kind in ("menu", "say", "message"):
            step |= {"texts": [], "prompt_id": ""}
        if kind == "menu":
            limits = {"timeout_seconds": MenuStep.timeout_seconds, "tries": MenuStep.tries}
            step |= {"keys": [], **limits, "dials_people": MenuStep.dials_people}
        if kind == "message":
            step["max_seconds"] = MessageStep.max_seconds
        if kind == "person":
            step["ring_seconds"] = PersonStep.ring_seconds
        self._draft.steps.append(step)
        self._draft.fresh.append(step["id"])
        return str(step["id"])


def _remove(draft: Draft, step_id: str) -> None:
    """Takes a step out, and those that only it led to. What led to it leads to the one step after it, if
    there is one.
    """
    gone = draft.step(step_id)
    if gone is None:
        return
    were_reached = {step["id"] for step, before in _in_order(draft) if before or step["id"] == draft.first}
    after = [target for _, target in ways(gone) if target not in ("", step_id)]
    then = after[0] if len(set(after)) == 1 else ""
    draft.steps = [step for step in draft.steps if step is not gone]
    draft.first = then if draft.first == step_id else draft.first
    for step in draft.steps:
        for name in _WAYS.get(step["kind"], ()):
            step[name] = then if step[name] == step_id else step[name]
        if "keys" in step:
            for key in step["keys"]:
                key["next"] = then if key["next"] == step_id else key["next"]
            step["keys"] = [key for key in step["keys"] if key["next"]]
    reached = {step["id"] for step, before in _in_order(draft) if before or step["id"] == draft.first}
    draft.steps = [step for step in draft.steps if step["id"] in reached or step["id"] not in were_reached]


def _in_order(draft: Draft) -> Iterator[tuple[Step, tuple[str, str] | None]]:
    """The steps as a call comes to them, each with what leads to it first; then the rest."""
    known = {step["id"]: step for step in draft.steps}
    seen: set[str] = set()
    waiting: list[tuple[str, tuple[str, str] | None]] = [(draft.first, None)]
    while waiting:
        step_id, before = waiting.pop()
        if step_id in known and step_id not in seen:
            seen.add(step_id)
            step = known[step_id]
            yield step, before
            waiting += [(target, (step_id, name)) for name, target in reversed(list(ways(step)))]
    yield from ((step, None) for step in draft.steps if step["id"] not in seen)


def way_words(name: str, say: Say) -> str:
    """One of `ways` in words: "while open"."""
    if name.startswith("key-"):
        return say(N_("key %(key)s")) % {"key": name.removeprefix("key-")}
    return say(_WAY_WORDS[name])


_WAY_WORDS = {
    "open": N_("while open"),
    "closed": N_("while closed"),
    "otherwise": N_("nothing pressed"),
    "next": N_("then"),
}


def texts_of(step: Step) -> dict[str, str]:
    """What is said, by language."""
    return {text["language"]: text["text"] for text in step["texts"]}


def spare_keys(step: Step) -> Sequence[str]:
    """The keys of a menu that lead nowhere yet."""
    used = {key["key"] for key in step["keys"]}
    return [key for key in KEYS if key not in used]
