"""The support file: what somebody far away needs to see why a box is not well, and nothing about people.

No conversation, note, recording or address book goes into it; what is there goes through `masking`.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from typing import Any

from sqlite_utils import Database

from appliance.health.checks import findings
from appliance.health.facts import Facts, to_plain
from appliance.health.query import Message
from appliance.store import site as sites
from appliance.store.sitemodel import Site
from appliance.webui.i18n import exact
from appliance.webui.masking import Mask

MESSAGES = 2000
_LEVELS = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
# What stays of the settings: how they are built. Every other text of them is somebody's.
_PLAIN_KEYS = (
    "id",
    "kind",
    "strategy",
    "music",
    "country",
    "language",
    "time_zone",
    "line_id",
    "queue_id",
    "code",
)
_README = """\
Support file of a Foyer box, for whoever helps with it. It has no secrets, conversations, recordings or
people: names, numbers and addresses are replaced by (name), (number) and (address).

doctor.json     what the box itself finds wrong
machine.json    versions, disks, memory, clock, services, network cards
messages.txt    the newest messages of the box's services
settings.json   how the settings are built, without names and numbers
revisions.json  which settings are in use, and how far each part of them is
counts.json     how much the database holds
"""


def build(facts: Facts, messages: list[Message], db: Database, mask: Mask, made_ms: int) -> bytes:
    """The file, a .tar.gz. Each part is masked on its own, as text."""
    wanted, (number, site) = sites.desired(db), sites.head(db)
    told = [finding.sentences(str) for finding in findings(facts)]
    machine: Mapping[str, Any] = to_plain(facts.machine) if facts.machine else {}
    parts: dict[str, str] = {
        "README.txt": _README,
        "doctor.json": _json([[mask.hide(text) for text in pair] for pair in told]),
        "machine.json": _json(_hidden(machine, mask)),
        "messages.txt": "".join(_line(message, mask) for message in reversed(messages)),
        "settings.json": _json(_bare(site)),
        "revisions.json": _json(
            {
                "wanted": wanted,
                "newest": number,
                "parts": [
                    [part.part, part.state, mask.hide(part.sentence.text())]
                    for part in sites.apply_report(db, number)
                ],
            }
        ),
        "counts.json": _json(_counts(db)),
    }
    return _packed(parts, made_ms)


def _line(message: Message, mask: Mask) -> str:
    text = mask.hide(message.text).replace("\n", "\n    ")
    return f"{exact(message.at)} {_LEVELS[message.level & 7]} {mask.hide(message.who)}: {text}\n"


def _hidden(plain: object, mask: Mask) -> object:
    """A fact is a number, a flag, or a text that a maker or a kernel wrote; only texts can hold a name."""
    match plain:
        case str(text):
            return mask.secretless(text)
        case list(parts) | tuple(parts):
            return [_hidden(part, mask) for part in parts]
        case dict(pairs):
            return {name: _hidden(part, mask) for name, part in pairs.items()}
    return plain


def _bare(site: Site) -> object:
    def bare(value: object, key: str) -> object:
        match value:
            case str(text):
                return text if key in _PLAIN_KEYS or not text else f"(text, {len(text)})"
            case list(parts):
                # Ids of agents, codecs.
                return [bare(part, "id" if key in ("agents", "codecs") else key) for part in parts]
            case dict(pairs):
                return {name: bare(part, name) for name, part in pairs.items()}
        return value

    return bare(site.to_dict(), "")


def _counts(db: Database) -> dict[str, int]:
    return {name: db.table(name).count for name in sorted(db.table_names())}


def _json(plain: object) -> str:
    return json.dumps(plain, indent=1, ensure_ascii=False) + "\n"


def _packed(parts: Mapping[str, str], made_ms: int) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in parts.items():
            entry = tarfile.TarInfo(f"foyer-support/{name}")
            content = text.encode("utf-8", "replace")
            entry.size, entry.mtime, entry.mode = len(content), made_ms // 1000, 0o644
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()
