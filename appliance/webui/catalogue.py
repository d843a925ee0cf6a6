"""Collects every word that a reader may see into appliance/locale/foyer.pot, and brings the translations
up to date.

For whoever changes words: `python3 -m appliance.webui.catalogue`. Not used at run time. Words are: `_`
and its kin in templates, `N_` and gettext in Python, the messages and hints of known errors, and the
sentences that other processes leave in the store for the pages.
"""

from __future__ import annotations

import ast
import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from appliance.webui.i18n import DOMAIN, LOCALE_ROOT, OFFERED

ROOT = LOCALE_ROOT.parent.parent
TEMPLATE = LOCALE_ROOT / f"{DOMAIN}.pot"
_HEADER = "# The words of Foyer. Made by: python3 -m appliance.webui.catalogue"
_NO_DATE = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
_FUNCTIONS = {"_": 1, "N_": 1, "gettext": 1, "ngettext": 2}
# Not SetupError and DeviceGone: those are said in a process's log, never on a page.
_ERRORS = (
    "FoyerError",
    "Sentence",
    "TransientError",
    "RejectedError",
    "ConflictError",
    "NotFoundError",
    "ForbiddenError",
)
# What is wrong with the box, and the names in it (health/finding.py, fault.py).
_FINDINGS = ("bad", "warn", "Term", "Fault")
# Processes whose sentences reach the pages through the store (request.result, apply_state.message).
_SPEAKERS = ("apply", "pbx", "store")
# What speaks only to processes, and to people at the console.
_UNSEEN = ("console/", "privileged/", "pbx/ami", "pbx/listener", "webui/cli.py", "webui/catalogue.py")


@dataclass(frozen=True)
class Found:
    """A msgid (one text, or singular and plural) and the file that it stands in, relative to the
    repository.
    """

    message: str | tuple[str, str]
    place: str


def extract() -> Catalog:
    """The words of the whole product."""
    catalogue = _named(Catalog(charset="utf-8", fuzzy=False))
    for found in (*_from_templates(), *_from_python()):
        catalogue.add(found.message, locations=[(found.place, 0)])
    for message in catalogue:
        message.locations.sort()  # by which a file's lines are put in order
    return catalogue


def _named(catalogue: Catalog) -> Catalog:
    """The same header always: a date in it would make a difference of every run. What a translator wrote
    below its first line, such as a glossary, is kept.
    """
    catalogue.project, catalogue.version = "Foyer", "1"
    if not catalogue.header_comment.startswith(_HEADER):
        catalogue.header_comment = _HEADER
    catalogue.creation_date = catalogue.revision_date = _NO_DATE
    catalogue.msgid_bugs_address = catalogue.last_translator = catalogue.language_team = ""
    return catalogue


def translation(code: str) -> Path:
    """Where the translation to a language lies."""
    return LOCALE_ROOT / code / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(path: Path) -> Catalog:
    """A catalogue from its file."""
    with path.open("rb") as file:
        return read_po(file)


def write(catalogue: Catalog, path: Path) -> None:
    """A catalogue to its file, in an order that makes small differences, without line numbers that always
    change.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalogue, sort_by_file=True, include_lineno=False, ignore_obsolete=True, width=110)


def update() -> Iterator[str]:
    """Writes the template and every translation; yields what is left to translate."""
    template = extract()
    write(template, TEMPLATE)
    for code in OFFERED:
        if code == "en":
            continue
        path = translation(code)
        known = read(path) if path.exists() else Catalog(locale=code, domain=DOMAIN, fuzzy=False)
        write(refreshed(known, template), path)
        yield from (f"{code}: {message.id}" for message in known if message.id and not message.string)


def refreshed(known: Catalog, template: Catalog) -> Catalog:
    """A translation with the words of today: new ones empty, those that went away left out."""
    known.update(template, no_fuzzy_matching=True)
    return _named(known)


def _from_templates() -> Iterator[Found]:
    options = {"trimmed": "true", "trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
    for path in sorted((ROOT / "appliance" / "webui" / "templates").glob("*.html")):
        with path.open("rb") as file:
            for _, function, message, _ in babel_extract(file, tuple(_FUNCTIONS), (), options):
                if function == "ngettext" and isinstance(message, tuple):
                    yield Found((str(message[0]), str(message[1])), _place(path))
                else:
                    yield Found(str(message[0] if isinstance(message, tuple) else message), _place(path))


def _from_python() -> Iterator[Found]:
    for path in sorted((ROOT / "appliance").rglob("*.py")):
        if str(path.relative_to(ROOT / "appliance")).startswith(_UNSEEN):
            continue
        tree = ast.parse(path.read_text("utf-8"))
        for message in _messages(tree):
            yield Found(message, _place(path))
        if path.relative_to(ROOT / "appliance").parts[0] in _SPEAKERS:
            yield from (Found(sentence, _place(path)) for sentence in _sentences(tree))


def _messages(tree: ast.Module) -> Iterator[str | tuple[str, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        texts = [text for argument in node.args[:2] if (text := _text(argument))]
        if name in _FUNCTIONS:
            if texts and len(texts) >= _FUNCTIONS[name]:
                yield texts[0] if _FUNCTIONS[name] == 1 else (texts[0], texts[1])
        elif _raises(node, name):
            yield from texts
            yield from (text for word in node.keywords if word.arg == "hint" and (text := _text(word.value)))


def _raises(call: ast.Call, name: str) -> bool:
    """Whether the call makes a known error, by its class or in the class's own __init__, or a finding."""
    if name == "__init__":
        return isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Call)
    return name in _ERRORS + _FINDINGS


def _sentences(tree: ast.Module) -> Iterator[str]:
    """Sentences bound to constants of a module, and those under the key "error" of a result."""
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and (text := _text(statement.value)) and _is_sentence(text):
            yield text
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            yield from (
                text
                for key, value in zip(node.keys, node.values, strict=True)
                if key is not None and _text(key) in ("error", "hint") and (text := _text(value))
            )


def _is_sentence(text: str) -> bool:
    return text.endswith(".") and " " in text and text[:1].isupper() and "\n" not in text


def _text(node: ast.expr) -> str:
    """The text of a literal; "" for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _place(path: Path) -> str:
    return str(path.relative_to(ROOT))


def report(lines: Iterable[str]) -> int:
    """Prints what is left; returns how many."""
    left = list(lines)
    for line in left:
        print(line)
    print(f"{len(left)} without a translation.")
    return len(left)


if __name__ == "__main__":
    report(update())
