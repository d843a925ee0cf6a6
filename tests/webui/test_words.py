"""Translations: every word collected, every word translated, placeholders intact, no run-time text taken
for markup.
"""

from __future__ import annotations

import datetime
import re
import string
import zoneinfo
from pathlib import Path

import jinja2.nodes
import pytest
from babel.messages.catalog import Catalog, Message
from jinja2 import Environment

from appliance.webui import catalogue
from appliance.webui.i18n import Languages, duration, zone_of
from appliance.webui.rendering import TEMPLATE_ROOT

NAMED = re.compile(r"%\([a-z_]+\)[sd]")


def ids(messages: Catalog) -> set[str]:
    return {str(message.id) for message in messages if message.id}


def test_the_template_is_fresh() -> None:
    """If not: python3 -m appliance.webui.catalogue"""
    assert ids(catalogue.read(catalogue.TEMPLATE)) == ids(catalogue.extract())


def test_every_word_is_translated() -> None:
    words = catalogue.read(catalogue.translation("vi"))
    assert ids(words) == ids(catalogue.extract())
    missing = [message.id for message in words if message.id and not all(_strings(message))]
    assert missing == []
    assert [message.id for message in words if message.fuzzy and message.id] == []


def test_placeholders_survive_translation() -> None:
    for message in catalogue.read(catalogue.translation("vi")):
        if not message.id:
            continue
        source = str(message.id[-1] if isinstance(message.id, tuple) else message.id)
        for text in _strings(message):
            assert sorted(NAMED.findall(text)) == sorted(NAMED.findall(source)), source
            assert _fields(text) == _fields(source), source
            assert text.strip() == text or source.strip() != source


def _strings(message: Message) -> tuple[str, ...]:
    found = message.string
    return tuple(map(str, found)) if isinstance(found, (tuple, list)) else (str(found),)


def _fields(text: str) -> set[str]:
    if "%(" in text:
        return set()
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("path", sorted(TEMPLATE_ROOT.glob("*.html")), ids=lambda path: path.name)
def test_templates_translate_literals_only(path: Path) -> None:
    """`_(x)` counts as markup: with a text known only at run time, what somebody typed could become a tag."""
    tree = Environment(
        autoescape=True, extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"]
    ).parse(path.read_text("utf-8"))
    for call in tree.find_all(jinja2.nodes.Call):
        if isinstance(call.node, jinja2.nodes.Name) and call.node.name in ("_", "gettext", "ngettext"):
            assert isinstance(call.args[0], jinja2.nodes.Const), f"{path.name}:{call.lineno}"
    for used in tree.find_all(jinja2.nodes.Filter):
        assert used.name not in ("safe", "markup"), f"{path.name}:{used.lineno}"


def test_the_best_language_of_a_browser(locale_root: Path) -> None:
    languages = Languages.load(locale_root)
    cases = {
        "vi-VN,vi;q=0.9,en;q=0.5": "vi",
        "en-US,en;q=0.9,vi;q=0.8": "en",
        "de, vi;q=0.3, en;q=0.7": "en",
        "de": None,
        "": None,
        "*": None,
        "vi;q=0, en;q=0": None,
        "vi;q=x": None,
        ",;q=,;;": None,
    }
    for header, code in cases.items():
        found = languages.accepted(header)
        assert (found.code if found else None) == code, header


def test_moments_are_shown_on_the_sites_clock(locale_root: Path) -> None:
    languages = Languages.load(locale_root)
    moment = int(datetime.datetime(2026, 11, 21, 20, 30, tzinfo=datetime.UTC).timestamp() * 1000)
    zone = zoneinfo.ZoneInfo("Asia/Ho_Chi_Minh")
    english, vietnamese = languages.choose("en"), languages.choose("vi")
    assert english.date(moment, zone) == "November 22, 2026"
    assert english.time(moment, zone) == "3:30\u202fAM"
    assert vietnamese.time(moment, zone) == "03:30"
    assert "tháng 11" in vietnamese.date(moment, zone)
    assert english.number(1234.5) == "1,234.5" and vietnamese.number(1234.5) == "1.234,5"
    assert str(zone_of("Mars/Olympus")) == "UTC"


@pytest.mark.parametrize(
    ("ms", "text"),
    [(None, "–"), (0, "0:00"), (7_999, "0:07"), (750_000, "12:30"), (3_723_000, "1:02:03"), (-5, "0:00")],
)
def test_durations(ms: int | None, text: str) -> None:
    assert duration(ms) == text


def test_a_language_without_a_catalogue_speaks_english(tmp_path: Path) -> None:
    languages = Languages.load(tmp_path, ("en", "fa"))
    persian = languages.choose("fa")
    assert persian.direction == "rtl" and persian.gettext("Settings") == "Settings"
