"""Checks a rendering before anything runs with it: that its files refer only to what they define. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from appliance.apply import objects
from appliance.errors import RejectedError
from appliance.pbx.conf import cli_conf, pjsip_conf, queues_conf
from appliance.store.sitemodel import Site

# Where steps lead: Gosub(context,s,1(...)), Goto(context,s,1), and the subroutine on the other leg,
# b(context^s^1).
_LEADS = re.compile(
    r"(?:Gosub|Goto)\(([a-z][\w-]*),s,1|\?([a-z][\w-]*),s,1|b\(([a-z][\w-]*)\^s\^1\)", re.ASCII
)
_GOES_ON = re.compile(r"^Goto\(([a-z][\w-]*),([\w*#]+),1\)$", re.ASCII)
_QUEUE = re.compile(r"^Gosub\(foyer-queue,s,1\((\w+),", re.ASCII)
_LINE = re.compile(
    rf"(?:{re.escape(cli_conf.COMMAND)} = yes|"
    r";[^\x00-\x1f]*|\[[A-Za-z0-9/._-]+\]|#include [\w-]+\.conf| ?[A-Za-z0-9_()-]+ =(?: [^\x00-\x1f]*)?)?"
)
_MAX_LINE_BYTES = 4000


def check(site: Site, tree: Mapping[str, str]) -> None:
    """RejectedError names the first reference that leads nowhere, or the first object that is missing."""
    found = objects.expected(tree)
    for problem in (
        *_lines(tree),
        *_phones(site, found),
        *_twice(tree),
        *_sip_references(tree, found),
        *_queue_references(tree, found),
        *_dialplan_references(found),
    ):
        raise RejectedError("The settings do not fit together: {what}.", what=problem)


def _lines(tree: Mapping[str, str]) -> Iterator[str]:
    """A file with one line that Asterisk cannot read is kept in its old form as a whole, without a
    word on the console.
    """
    for file, text in tree.items():
        for count, line in enumerate(text.split("\n"), 1):
            if not _LINE.fullmatch(line) or len(line.encode()) > _MAX_LINE_BYTES:
                yield f"{file}, line {count}"


def _phones(site: Site, found: objects.Objects) -> Iterator[str]:
    wanted = {agent.id for agent in site.agents} | {f"{agent.id}d" for agent in site.agents}
    wanted |= {line.id for line in site.lines_of("sip")} | {"sim", "sim-out", pjsip_conf.REFUSED}
    for name in sorted(wanted ^ found.sip["endpoint"]):
        yield f"phone or line {name}"
    for name in sorted({queue.id for queue in site.queues} ^ found.queues.keys()):
        yield f"queue {name}"


def _twice(tree: Mapping[str, str]) -> Iterator[str]:
    """Of a file that has an object twice, res_sorcery_config loads nothing of that kind."""
    counted = Counter(
        (dict(settings)["type"], name) for name, settings in objects.sections(tree[pjsip_conf.FILE])
    )
    for (kind, name), count in counted.items():
        if count > 1:
            yield f"{kind} {name} is there twice"


def _queue_references(tree: Mapping[str, str], found: objects.Objects) -> Iterator[str]:
    """Asterisk says nothing of music that is not there until somebody waits."""
    known: Mapping[str, Collection[str]] = {
        "musicclass": found.music,
        "defaultrule": found.rules,
        "context": found.contexts,
    }
    for name, settings in objects.sections(tree[queues_conf.FILE]):
        for option, value in settings:
            if option in known and value not in known[option]:
                yield f"queue {name} needs {option} {value}"


def _sip_references(tree: Mapping[str, str], found: objects.Objects) -> Iterator[str]:
    kinds = {"aors": "aor", "auth": "auth", "outbound_auth": "auth", "endpoint": "endpoint"}
    for name, settings in objects.sections(tree[pjsip_conf.FILE]):
        for option, value in settings:
            if option in kinds and value not in found.sip[kinds[option]]:
                yield f"{name} needs {option} {value}"
            if option == "context" and value not in found.contexts:
                yield f"{name} needs the context {value}"


def _dialplan_references(found: objects.Objects) -> Iterator[str]:
    for name, context in found.contexts.items():
        for included in context.includes:
            if included not in found.contexts:
                yield f"{name} includes {included}"
        for steps in context.extensions.values():
            for step in steps:
                for leads in _LEADS.findall(step):
                    target = next(filter(None, leads))
                    if target not in found.contexts:
                        yield f"{name} leads to {target}"
                goes_on = _GOES_ON.match(step)
                if goes_on and not _has(found, goes_on.group(1), goes_on.group(2)):
                    yield f"{name} leads to {goes_on.group(2)} of {goes_on.group(1)}"
                queue = _QUEUE.match(step)
                if queue and queue.group(1) not in found.queues:
                    yield f"{name} needs the queue {queue.group(1)}"


def _has(found: objects.Objects, context: str, extension: str) -> bool:
    """Whether this extension is written there; a number of the outside matches the pattern of all numbers."""
    there = found.contexts.get(context)
    return there is not None and (extension in there.extensions or any(n[0] == "_" for n in there.extensions))
