"""What Asterisk must show once it has loaded a rendering, and what it shows: pure functions over texts.

Asterisk says "reloaded successfully" of files that it refused; so the proof that settings are live is that
its console shows exactly the objects of the rendered files. Used by asterisk.py, and by tests.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from appliance.pbx.conf import (
    extensions_conf,
    indications_conf,
    musiconhold_conf,
    pjsip_conf,
    queuerules_conf,
    queues_conf,
)

# Console commands, and the kind of pjsip.conf's section that each one lists.
LISTS = {
    "endpoint": "pjsip show endpoints",
    "aor": "pjsip show aors",
    "auth": "pjsip show auths",
    "identify": "pjsip show identifies",
    "registration": "pjsip show registrations",
}
QUEUES = "queue show"
RULES = "queue show rules"
ZONES = "indication show"
DIALPLAN = "dialplan show"
GLOBALS = "dialplan show globals"
MUSIC = "moh show files"
COMMANDS = (*LISTS.values(), QUEUES, RULES, ZONES, DIALPLAN, GLOBALS, MUSIC)

_TITLES = {"endpoint": "Endpoint", "aor": "Aor", "auth": "Auth", "identify": "Identify"}
# The kind of object, among those that Asterisk refuses, that is no section of pjsip.conf.
QUEUE_KIND = "queue"
# app_queue tells of a queue no more than `_QUEUE` reads, here and by its manager interface. How long it
# rings, wrap-up, announcements, music and who may come in it never tells: that they are in force is known
# from its having read the file to its end (queues_conf.STAMP) without refusing one of them.
_QUEUE_WARNING = re.compile(
    r"app_queue\.c: (?:Unknown keyword in queue '(?P<keyword>[\w-]+)'"
    r"|'.*' isn't a valid .* for queue '(?P<value>[\w-]+)'"
    r"|Unknown option .* for '(?:join|leavewhen)empty')"
)
# res_sorcery_config: the object stays as it was before, and nothing but the log says so.
_REFUSED = re.compile(r"Could not create an object of type '(\w+)' with id '([\w-]+)'")
# main/config.c: nothing of such a file is taken.
_UNREADABLE = re.compile(r"parse error: .* line \d+ of (\S+)")
# What ast_strip() drops; to Python, other characters of Unicode are blanks, too.
_BLANKS = "".join(map(chr, range(0x21)))
_QUEUE = re.compile(
    r"^(\S+) has \d+ calls \(max (\w+)\) in '(\w+)' strategy .*, W:(-?\d+), .* within (-?\d+)s$", re.MULTILINE
)
_NO_LIMIT = "unlimited"
_RULE = re.compile(r"^Rule: (\S+)$")
_CHANGE = re.compile(r"^\tAfter (\d+) seconds, adjust QUEUE_MAX_PENALTY to (\d+), ")
_ZONE = re.compile(r"^Default tone zone: (\S+)$", re.MULTILINE)
_TONE = re.compile(r"^(\S+) +(\S+) +(\S+)$", re.MULTILINE)
# Those that Asterisk's own modules make (parking) are none of the files'.
_CONTEXT = re.compile(r"^\[ Context '([^']+)' created by 'pbx_config' \]$")
_OTHER_CONTEXT = re.compile(r"^\[ Context '")
_INCLUDED = re.compile(r"^  Include =>\s+'([^']+)'\s+\[\S+\]$")
_STEP = re.compile(r"^(?:  '([^']+)' =>)?\s*(?:\[[^\]]+\])?\s*(\d+)\. (.*?)\s+\[[^\]\s]+:\d+\]$")
_WRITTEN_STEP = re.compile(r"^(?:exten = ([^,]+),1| same = n(?:\(\w+\))?),(.*)$")

type Steps = tuple[str, ...]


@dataclass(frozen=True)
class Context:
    """One context: extension to its steps ("Answer()"), and the contexts that it includes."""

    extensions: Mapping[str, Steps] = field(default_factory=dict)
    includes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Queue:
    """What the console tells of a queue, as it is written: the most callers ("unlimited"), the weight, the
    seconds of its service level.
    """

    strategy: str
    limit: str
    weight: str
    level_s: str


@dataclass(frozen=True)
class Objects:
    """`sip` maps a kind of section to the names of its objects; `rules` those of queues to their seconds and
    penalties; `tones` the default country and a kind of tone to what is played; `music` names to the files
    that are played, none where the file gives only their folder.
    """

    sip: Mapping[str, frozenset[str]]
    queues: Mapping[str, Queue]
    rules: Mapping[str, tuple[tuple[str, str], ...]]
    tones: Mapping[tuple[str, str], str]
    contexts: Mapping[str, Context]
    sip_stamp: str
    queues_stamp: str
    dialplan_stamp: str
    music: Mapping[str, tuple[str, ...]]


def sections(text: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """The sections of a rendered file, in order; only what our own renderers write is understood."""
    found: list[tuple[str, list[tuple[str, str]]]] = []
    for line in text.splitlines():
        if line.startswith("["):
            found.append((line[1:-1], []))
        elif found and " = " in f"{line} ":
            name, _, value = line.partition("=")
            found[-1][1].append((name.strip(), value.strip(_BLANKS).replace("\\;", ";")))
    return found


def expected(tree: Mapping[str, str]) -> Objects:
    """What the files say."""
    sip: dict[str, set[str]] = {kind: set() for kind in LISTS}
    stamp = ""
    for name, settings in sections(tree[pjsip_conf.FILE]):
        kind = dict(settings).get("type", "")
        if name == pjsip_conf.STAMP:
            stamp = dict(settings)["username"]
        if kind in sip:
            sip[kind].add(name)
    globals_ = dict(dict(sections(tree[extensions_conf.FILE]))["globals"])
    return Objects(
        sip={kind: frozenset(names) for kind, names in sip.items()},
        queues={
            name: _queue(dict(settings))
            for name, settings in sections(tree[queues_conf.FILE])
            if name != "general" and not name.startswith(queues_conf.STAMP)
        },
        rules={
            name: tuple((value.partition(",")[0], value.partition(",")[2]) for _, value in settings)
            for name, settings in sections(tree[queuerules_conf.FILE])
        },
        tones=_tones(tree[indications_conf.FILE]),
        contexts=_written(tree),
        sip_stamp=stamp,
        queues_stamp=_stamp(name for name, _ in sections(tree[queues_conf.FILE])),
        dialplan_stamp=globals_[extensions_conf.STAMP],
        music={
            name: tuple(value for option, value in settings if option == "entry")
            for name, settings in sections(tree[musiconhold_conf.FILE])
            if name != "general"
        },
    )


def _queue(settings: Mapping[str, str]) -> Queue:
    limit = settings["maxlen"]
    return Queue(
        settings["strategy"],
        _NO_LIMIT if limit == "0" else limit,
        settings["weight"],
        settings["servicelevel"],
    )


def _tones(text: str) -> dict[tuple[str, str], str]:
    """Those of the default country."""
    written = {name: dict(settings) for name, settings in sections(text)}
    zone = written["general"]["country"]
    tones = written.get(zone, {}).items()
    return {(zone, kind): value for kind, value in tones if kind != "description" and value}


def tones_of(zones: str) -> str:
    """The command that shows the tones of the default country, which the answer to `ZONES` tells; "" if there
    is none.
    """
    zone = _ZONE.search(zones)
    return f"{ZONES} {zone.group(1)}" if zone else ""


def shown(answers: Mapping[str, str]) -> Objects:
    """What the answers to `COMMANDS` and to `tones_of` say."""
    sip = {kind: frozenset(_listed(kind, answers[command])) for kind, command in LISTS.items()}
    stamp = re.search(rf"^ +Auth:  {pjsip_conf.STAMP}/(\S+)", answers[LISTS["auth"]], re.MULTILINE)
    text = re.search(rf"^\s*{extensions_conf.STAMP}=(\S+)", answers[GLOBALS], re.MULTILINE)
    return Objects(
        sip=sip,
        queues=shown_queues(answers[QUEUES]),
        rules=_ruled(answers[RULES]),
        tones={
            (zone, kind.strip("<>")): value
            for zone, kind, value in _TONE.findall(answers.get(tones_of(answers[ZONES]), ""))
            if zone != "Country"
        },
        contexts=_loaded(answers[DIALPLAN]),
        sip_stamp=stamp.group(1) if stamp else "",
        queues_stamp=_stamp(row[0] for row in _QUEUE.findall(answers[QUEUES])),
        dialplan_stamp=text.group(1) if text else "",
        music=_played(answers[MUSIC]),
    )


def shown_queues(answer: str) -> dict[str, Queue]:
    """The queues in the answer to `QUEUES`, without the stamp."""
    return {
        name: Queue(strategy, limit, weight, level_s)
        for name, limit, strategy, weight, level_s in _QUEUE.findall(answer)
        if not name.startswith(queues_conf.STAMP)
    }


def _stamp(queues: Iterable[str]) -> str:
    """That of queues.conf, by the names of all queues; another text where there are several."""
    return " ".join(name for name in queues if name.startswith(queues_conf.STAMP))


@dataclass(frozen=True)
class Waiting:
    """A channel that is in a queue, and the context that has put it there."""

    channel: str
    context: str
    queue: str


def waiting(answer: str) -> list[Waiting]:
    """Those who wait in queues, from `core show channels concise`: name, context, extension, priority, state,
    application and its arguments first; the bridge before the last, as who talks with an agent is still in
    the application.
    """
    lines = (line.split("!") for line in answer.splitlines())
    return [
        Waiting(parts[0], parts[1], parts[6].partition(",")[0])
        for parts in lines
        if len(parts) >= 14 and parts[5] == "Queue" and not parts[-2]
    ]


def is_talking_or_gone(answer: str, channel: str) -> bool:
    """Whether a channel has ended, or is connected, by the same answer."""
    lines = (line.split("!") for line in answer.splitlines())
    return all(parts[0] != channel or (len(parts) >= 14 and bool(parts[-2])) for parts in lines)


def _ruled(answer: str) -> dict[str, tuple[tuple[str, str], ...]]:
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    name = ""
    for line in answer.splitlines():
        if match := _RULE.match(line):
            name = match.group(1)
            found[name] = ()
        elif match := _CHANGE.match(line):
            found[name] = (*found.get(name, ()), (match.group(1), match.group(2)))
    return found


def _played(answer: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    name = ""
    for line in answer.splitlines():
        kind, _, what = line.strip().partition(": ")
        if kind == "Class":
            name = what
            found[name] = ()
        elif kind == "File":
            found[name] = (*found.get(name, ()), what)
    return found


def _listed(kind: str, answer: str) -> Iterable[str]:
    title = _TITLES.get(kind)
    # Registrations have no title, only a name and an address.
    pattern = rf"^ +{title}:  ([^<\s/]+)" if title else r"^ ([^<\s/=]+)/sip:"
    return (match.group(1) for match in re.finditer(pattern, answer, re.MULTILINE))


def _loaded(answer: str) -> dict[str, Context]:
    contexts: dict[str, tuple[dict[str, list[str]], list[str]]] = {}
    extensions: dict[str, list[str]] = {}
    includes: list[str] = []
    number = ""
    for line in answer.splitlines():
        if match := _CONTEXT.match(line):
            extensions, includes = contexts.setdefault(match.group(1), ({}, []))
        elif _OTHER_CONTEXT.match(line):
            extensions, includes = {}, []
        elif match := _INCLUDED.match(line):
            includes.append(match.group(1))
        elif match := _STEP.match(line):
            number = match.group(1) or number
            extensions.setdefault(number, []).append(match.group(3))
    return {name: _context(*parts) for name, parts in contexts.items()}


def _written(tree: Mapping[str, str]) -> dict[str, Context]:
    contexts: dict[str, tuple[dict[str, list[str]], list[str]]] = {}
    for file in (extensions_conf.FILE, *extensions_conf.DIALPLAN):
        extensions: dict[str, list[str]] = {}
        includes: list[str] = []
        number = ""
        for line in tree[file].splitlines():
            if line.startswith("["):
                extensions, includes = contexts.setdefault(line[1:-1], ({}, []))
            elif line.startswith("include = "):
                includes.append(line.removeprefix("include = "))
            elif match := _WRITTEN_STEP.match(line):
                number = match.group(1) or number
                extensions.setdefault(number, []).append(match.group(2))
    return {name: _context(*parts) for name, parts in contexts.items() if name not in ("general", "globals")}


def _context(extensions: Mapping[str, list[str]], includes: list[str]) -> Context:
    return Context({number: tuple(steps) for number, steps in extensions.items()}, tuple(includes))


def refusals(log: str) -> set[tuple[str, str]]:
    """Kind and name of the objects of which these lines of Asterisk's log say that it has not taken them, or
    not whole: sections of pjsip.conf, queues (`QUEUE_KIND`), "" where a line does not say which, and files
    that it cannot read at all.
    """
    files = (("file", name) for name in _UNREADABLE.findall(log))
    queues = (match["keyword"] or match["value"] or "" for match in _QUEUE_WARNING.finditer(log))
    return {*files, *_REFUSED.findall(log), *((QUEUE_KIND, name) for name in queues)}


@dataclass(frozen=True)
class Difference:
    """One thing that Asterisk lacks, has too much or has otherwise. `part` is one of report.PARTS, `name` an
    id.

    `is_lookup`: only the address of a phone line is missing, because its name cannot be looked up just now.
    """

    part: str
    name: str
    is_lookup: bool = False


def differences(
    wanted: Objects, found: Objects, refused: Collection[tuple[str, str]] = ()
) -> list[Difference]:
    """Everything in which the two differ; empty if Asterisk has loaded exactly what is wanted.

    `refused` are kinds and names of objects that Asterisk keeps in their old form.
    """
    result: list[Difference] = []
    for kind, names in wanted.sip.items():
        kept_old = {name for refused_kind, name in refused if refused_kind == kind}
        for name in sorted((names ^ found.sip[kind]) | kept_old):
            result.append(Difference(_part(name), name, kind == "identify" and name in names))
    result += _in_queues(wanted, found, {name for kind, name in refused if kind == QUEUE_KIND})
    if wanted.tones != found.tones:
        result.append(Difference("calls", indications_conf.FILE))
    for name in sorted(wanted.music.keys() | found.music.keys()):
        files = wanted.music.get(name)
        if name not in found.music or files is None or (files and files != found.music[name]):
            result.append(Difference("sounds", name))
    for name in sorted(wanted.contexts.keys() | found.contexts.keys()):
        if wanted.contexts.get(name) != found.contexts.get(name):
            result.append(Difference("calls", name))
    if wanted.sip_stamp != found.sip_stamp:
        result.append(Difference("phones", pjsip_conf.FILE))
    if wanted.dialplan_stamp != found.dialplan_stamp:
        result.append(Difference("calls", extensions_conf.FILE))
    return result


def is_read(wanted: Objects, found: Objects) -> bool:
    """Whether Asterisk has read to their end those files that carry a stamp. In what it differs then, it has
    refused something, or still makes what it has read.
    """
    return (wanted.sip_stamp, wanted.queues_stamp, wanted.dialplan_stamp) == (
        found.sip_stamp,
        found.queues_stamp,
        found.dialplan_stamp,
    )


def _in_queues(wanted: Objects, found: Objects, refused: Collection[str]) -> Iterable[Difference]:
    """`refused` are the queues of which Asterisk has not taken a setting, "" where its log does not say
    which.
    """
    for name in sorted({*wanted.queues, *found.queues, *wanted.rules, *found.rules, *refused}):
        is_same = wanted.queues.get(name) == found.queues.get(name)
        if not is_same or wanted.rules.get(name) != found.rules.get(name) or name in refused:
            yield Difference("queues", name or queues_conf.FILE)
    if wanted.queues_stamp != found.queues_stamp:
        yield Difference("queues", queues_conf.FILE)


def _part(name: str) -> str:
    return "lines" if name.startswith("l") else "phones" if name.startswith("a") else "asterisk"
