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

from appliance.errors import RejectedError
from appliance.webui import catalogue
from appliance.webui.i18n import OFFERED, Languages, duration, zone_of
from appliance.webui.rendering import TEMPLATE_ROOT

TRANSLATED = tuple(code for code in OFFERED if code != "en")
NAMED = re.compile(r"%\([a-z_]+\)[sd]")


def ids(messages: Catalog) -> set[str]:
    return {str(message.id) for message in messages if message.id}


def test_the_template_is_fresh() -> None:
    """If not: python3 -m appliance.webui.catalogue"""
    assert ids(catalogue.read(catalogue.TEMPLATE)) == ids(catalogue.extract())


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_word_is_translated(code: str) -> None:
    words = catalogue.read(catalogue.translation(code))
    assert ids(words) == ids(catalogue.extract())
    missing = [message.id for message in words if message.id and not all(_strings(message))]
    assert missing == []
    assert [message.id for message in words if message.fuzzy and message.id] == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_placeholders_survive_translation(code: str) -> None:
    for message in catalogue.read(catalogue.translation(code)):
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


def test_a_glossary_on_top_of_a_translation_is_kept() -> None:
    words = catalogue.read(catalogue.translation("fa"))
    above = words.header_comment
    assert "queue: صف" in above
    assert catalogue.refreshed(words, catalogue.extract()).header_comment == above


def test_persian_is_written_as_iran_writes_it() -> None:
    """No letters of an Arabic keyboard, no Latin punctuation between Persian words, Persian quotes."""
    for message in catalogue.read(catalogue.translation("fa")):
        for text in _strings(message) if message.id else ():
            assert not re.search(r"[\u064a\u0643\u0660-\u0669]|[\u0600-\u06ff][,;?]|[“”]", text), text


def test_romanian_has_commas_below_and_three_plurals(locale_root: Path) -> None:
    """Not the cedillas of Turkish, which look alike in some fonts, and not the quotes of English."""
    for message in catalogue.read(catalogue.translation("ro")):
        for text in _strings(message) if message.id else ():
            assert not re.search("[şţŞŢ“]", text), text
    romanian = Languages.load(locale_root).choose("ro")
    counted = [romanian.ngettext("%(num)s call", "%(num)s calls", n) for n in (1, 2, 19, 20, 101)]
    assert counted == ["%(num)s apel", *["%(num)s apeluri"] * 2, "%(num)s de apeluri", "%(num)s apeluri"]


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


def test_persian_has_its_own_digits_and_calendar(locale_root: Path) -> None:
    persian = Languages.load(locale_root).choose("fa")
    moment = int(datetime.datetime(2026, 11, 22, 10, 35, 7, tzinfo=datetime.UTC).timestamp() * 1000)
    zone = zoneinfo.ZoneInfo("Asia/Tehran")
    assert persian.date(moment, zone) == "۱ آذر ۱۴۰۵"
    assert persian.date_time(moment, zone, "short") == "۱۴۰۵/۹/۱،\u200f ۱۴:۰۵"
    assert persian.time(moment, zone, "medium") == "۱۴:۰۵:۰۷"
    assert persian.number(1234.5) == "۱٬۲۳۴٫۵" and persian.duration(3_723_000) == "۱:۰۲:۰۳"
    assert persian.percent(0.254) == "۲۵٪"
    assert persian.size(1_500_000_000) == "۱٫۵ GB"


def test_what_fills_a_right_to_left_sentence_keeps_its_own_direction(locale_root: Path) -> None:
    languages = Languages.load(locale_root)
    english, persian = languages.choose("en"), languages.choose("fa")
    step, goes = "Step %(number)s of %(all)s", "All calls go to %(number)s."
    assert persian.gettext(step) % {"number": 2, "all": 9} == "مرحلهٔ ۲ از ۹"
    assert "\u2068+84 901 234567\u2069" in persian.gettext(goes) % {"number": "+84 901 234567"}
    assert english.gettext(goes) % {"number": "+84 901"} == "All calls go to +84 901."
    refused = RejectedError("Try again in {seconds} seconds.", seconds=12)
    assert refused.text(persian.gettext) == "۱۲ ثانیهٔ دیگر دوباره تلاش کنید."


def test_names_stand_in_the_order_of_the_alphabet(locale_root: Path) -> None:
    languages = Languages.load(locale_root)
    persian = {"HU": "هلند", "CN": "چین", "PE": "پرو", "DE": "آلمان", "GE": "گرجستان", "KW": "کویت"}
    ordered = [code for code, _ in languages.choose("fa").in_order(persian)]
    assert ordered == ["DE", "PE", "CN", "KW", "GE", "HU"]
    vietnamese = {"AU": "Úc", "VN": "Việt Nam", "AT": "Áo", "DE": "Đức"}
    assert [code for code, _ in languages.choose("vi").in_order(vietnamese)] == ["AT", "DE", "AU", "VN"]


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
