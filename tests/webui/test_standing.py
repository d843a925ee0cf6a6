"""The pages that Caddy shows from the disk: every language, whole words, no script, one for every fault."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from appliance.fault import FAULTS
from appliance.webui import standing
from appliance.webui.i18n import OFFERED
from tests.webui.test_templates import inline


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, locale_root: Path) -> Path:
    made = tmp_path_factory.mktemp("standing")
    standing.make(made, locale_root)
    return made


@pytest.mark.parametrize("name", [*FAULTS, "starting", "too-large"])
def test_a_page_in_every_language(folder: Path, name: str) -> None:
    text = html.unescape((folder / f"{name}.html").read_text("utf-8"))
    page = standing.PAGES[name]
    for words in (page.heading, *page.sentences):
        assert words in text
    assert re.findall(r'<section[^>]* lang="(\w+)"', text) == list(OFFERED)
    assert '<section class="card" lang="fa" dir="rtl">' in text
    translated = text[text.index(f'lang="{OFFERED[1]}"') :]
    assert not any(words in translated for words in (page.heading, *page.sentences))
    assert inline(text) == [] and "<script" not in text
    assert ('http-equiv="refresh"' in text) == bool(page.again_s)
    assert (folder / f"{name}.txt").read_text("utf-8").isascii()


def test_its_style_is_where_caddy_looks(folder: Path) -> None:
    """image/tree/etc/caddy/sites serves /static from the product's own folder."""
    text = (folder / "gone.html").read_text("utf-8")
    for path in re.findall(r'(?:href|src)="/static/([\w.-]+)', text):
        assert (Path(standing.__file__).parent / "static" / path).is_file()
