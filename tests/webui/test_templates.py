"""Every template compiles, escapes what it prints, and has no script or style of its own."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import jinja2.nodes
import pytest
from bottle import Bottle
from jinja2 import Environment

from appliance.settings import Settings
from appliance.store import Store
from appliance.webui.i18n import Languages
from appliance.webui.rendering import TEMPLATE_ROOT
from appliance.webui.web import Web

TEMPLATES = sorted(TEMPLATE_ROOT.glob("*.html"))
each = pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)


@pytest.fixture
def templates(settings: Settings, store: Store, locale_root: Path) -> Environment:
    """The environment that the pages use."""
    return Web(Bottle(), settings, store, Languages.load(locale_root)).templates


@each
def test_it_compiles_and_escapes(templates: Environment, path: Path) -> None:
    assert templates.get_template(path.name).name == path.name
    assert templates.autoescape is True
    tree = templates.parse(path.read_text("utf-8"))
    switches = [*tree.find_all(jinja2.nodes.ScopedEvalContextModifier)]
    assert [node.lineno for node in switches] == [], f"{path.name} turns the escaping off or on"


class Inline(HTMLParser):
    """Finds what the content policy would not let run or show."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        if tag == "style" or (tag == "script" and "src" not in names):
            self.found.append(f"line {self.getpos()[0]}: <{tag}>")
        self.found += [
            f"line {self.getpos()[0]}: {name}" for name in names if name == "style" or name.startswith("on")
        ]


def inline(text: str) -> list[str]:
    parser = Inline()
    parser.feed(text)
    parser.close()
    return parser.found


@each
def test_scripts_and_styles_are_files(path: Path) -> None:
    assert inline(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("text", "is_wrong"),
    [
        ("<script src='/static/x.js' defer></script>", False),
        ("<link rel='stylesheet' href='x.css'>", False),
        ("<p class='{{ a }}' data-on='x'>", False),
        ("<script>run()</script>", True),
        ("<script type='module'>run()</script>", True),
        ("<style>p { color: red }</style>", True),
        ("<p style='color: red'>", True),
        ("<p onclick='run()'>", True),
        ("<p\n  onclick=run()>", True),
    ],
)
def test_the_check_itself(text: str, is_wrong: bool) -> None:
    assert bool(inline(text)) is is_wrong
