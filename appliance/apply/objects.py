"""What Asterisk must show once it has loaded a rendering, and what it shows: pure functions over texts.

Asterisk says "reloaded successfully" of files that it refused; so the proof that settings are live is that
its console shows exactly the objects of the rendered files. Used by asterisk.py, and by tests.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from appliance.pbx.conf import extensions_conf, pjsip_conf, queues_conf

# Console commands, and the kind of pjsip.conf's section that each one lists.
LISTS = {
    "endpoint": "pjsip show endpoints",
    "aor": "pjsip show aors",
    "auth": "pjsip show auths",
    "identify": "pjsip show identifies",
    "registration": "pjsip show registrations",
}
QUEUES = "queue show"
DIALPLAN = "dialplan show"
GLOBALS = "dialplan show globals"
COMMANDS = (*LISTS.values(), QUEUES, DIALPLAN, GLOBALS)

_TITLES = {"endpoint": "Endpoint", "aor": "Aor", "auth": "Auth", "identify": "Identify"}
# What ast_strip() drops; to Python, other characters of Unicode are blanks, too.
_BLANKS = "".join(map(chr, range(0x21)))
_QUEUE = re.compile(r"^(\S+) has \d+ calls .* in '(\w+)' strategy", re.MULTILINE)
_CONTEXT = re.compile(r"^\[ Context '([^']+)' created by '[^']+' \]$")
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
class Objects:
    """`sip` maps a kind of section to the names of its objects; `queues` names to strategies."""

    sip: Mapping[str, frozenset[str]]
    queues: Mapping[str, str]
    contexts: Mapping[str, Context]
    sip_stamp: str
    dialplan_stamp: str


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
            name: dict(settings)["strategy"]
            for name, settings in sections(tree[queues_conf.FILE])
            if name != "general"
        },
        contexts=_written(tree),
        sip_stamp=stamp,
        dialplan_stamp=globals_[extensions_conf.STAMP],
    )


def shown(answers: Mapping[str, str]) -> Objects:
    """What the answers to `COMMANDS` say."""
    sip = {kind: frozenset(_listed(kind, answers[command])) for kind, command in LISTS.items()}
    stamp = re.search(rf"^ +Auth:  {pjsip_conf.STAMP}/(\S+)", answers[LISTS["auth"]], re.MULTILINE)
    text = re.search(rf"^\s*{extensions_conf.STAMP}=(\S+)", answers[GLOBALS], re.MULTILINE)
    return Objects(
        sip=sip,
        queues=dict(_QUEUE.findall(answers[QUEUES])),
        contexts=_loaded(answers[DIALPLAN]),
        sip_stamp=stamp.group(1) if stamp else "",
        dialplan_stamp=text.group(1) if text else "",
    )


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
    for name in sorted(wanted.queues.keys() | found.queues.keys()):
        if wanted.queues.get(name) != found.queues.get(name):
            result.append(Difference("queues", name))
    for name in sorted(wanted.contexts.keys() | found.contexts.keys()):
        if wanted.contexts.get(name) != found.contexts.get(name):
            result.append(Difference("calls", name))
    if wanted.sip_stamp != found.sip_stamp:
        result.append(Difference("phones", pjsip_conf.FILE))
    if wanted.dialplan_stamp != found.dialplan_stamp:
        result.append(Difference("calls", extensions_conf.FILE))
    return result


def _part(name: str) -> str:
    return "lines" if name.startswith("l") else "phones" if name.startswith("a") else "asterisk"
