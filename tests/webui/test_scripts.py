"""What the pages' scripts have in common with the rest of the box, and with the content policy."""

from __future__ import annotations

import json
import re
from pathlib import Path

import appliance
from appliance.webui import events
from appliance.webui.assets import STATIC_ROOT
from appliance.webui.rendering import TEMPLATE_ROOT
from tests.lint.source import product

DIALPLAN = Path(appliance.__file__).parent / "pbx" / "dialplan" / "foyer-phones.conf"
SCRIPTS = sorted(STATIC_ROOT.glob("*.js"))


def test_the_number_that_takes_a_call_back_is_in_the_dialplan() -> None:
    found = re.search(r'RESUME_NUMBER = "(\w+)"', (STATIC_ROOT / "phone.js").read_text("utf-8"))
    assert found is not None
    assert f"exten = {found[1]},1," in DIALPLAN.read_text("utf-8")


def test_every_kind_of_news_reaches_the_pages() -> None:
    """A kind that events.js does not know is dropped without a word."""
    script = (STATIC_ROOT / "events.js").read_text("utf-8")
    found = re.search(r"KINDS = new Set\((\[[^]]+\])\)", script)
    assert found is not None
    known = set(json.loads(found[1]))
    wanted: dict[str, set[str]] = {
        "events.py": {*events.EVERYBODY, *events.OF_AN_AGENT, *events.OF_A_CONVERSATION}
    }
    for template in TEMPLATE_ROOT.glob("*.html"):
        lists = re.findall(r'data-on="([^"]*)"', template.read_text("utf-8"))
        wanted[template.name] = {kind for kinds in lists for kind in kinds.split()}
    for source in product():
        told = re.findall(r'change\.event\(\s*"(\w+)"', source.text)
        wanted[source.module] = set(told)
    assert {kind for kinds in wanted.values() for kind in kinds} >= {"live", "callback", "user"}
    assert {place: kinds - known for place, kinds in wanted.items() if kinds - known} == {}


def test_scripts_import_what_there_is() -> None:
    for script in SCRIPTS:
        for name in re.findall(r'from "\./([\w.]+)"|import "\./([\w.]+)"', script.read_text("utf-8")):
            assert (STATIC_ROOT / (name[0] or name[1])).is_file(), f"{script.name} imports {name}"


def test_scripts_write_no_html_of_their_own() -> None:
    """Names and numbers of callers reach the page as text; HTML comes from the box's templates only."""
    for script in SCRIPTS:
        text = script.read_text("utf-8")
        for forbidden in ("insertAdjacentHTML", "document.write", "outerHTML", "eval(", "new Function"):
            assert forbidden not in text, f"{forbidden} in {script.name}"
        if script.name != "events.js":  # puts in the fragments that the box rendered
            assert "innerHTML" not in text, script.name
