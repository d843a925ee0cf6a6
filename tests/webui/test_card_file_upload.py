"""A file of a card's maker, chosen in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.settings import Settings
from appliance.store import Store
from appliance.webui.app import make_app
from appliance.webui.i18n import Languages
from tests.webui import card_file
from tests.webui.real_browser import PHONE, served, signed_in

pytestmark = pytest.mark.browser

STATE = "#card-file-state"


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """As conftest's, with root and what is handed to it at places of their own."""
    made = replace(settings, privileged_socket=tmp_path / "root.sock", card_file=tmp_path / "given/archive")
    made.card_file.parent.mkdir()
    return made


@pytest.fixture
def address(settings: Settings, store: Store, box: dict[str, str], locale_root: Path) -> Iterator[str]:
    assert box
    with served(make_app(settings, store, Languages.load(locale_root))) as pages:
        yield pages


def test_a_file_is_chosen(address: str, settings: Settings, store: Store, tmp_path: Path) -> None:
    files = {name: tmp_path / f"{name}.tar.gz" for name in ("right", "wrong", "large")}
    files["right"].write_bytes(b"the maker's")
    files["wrong"].write_bytes(b"another")
    with files["large"].open("wb") as large:
        large.truncate(5 * 1024 * 1024)
    card_file.wait_for(store, b"the maker's", tmp_path)
    with card_file.served(settings) as root, signed_in(address, tmp_path / "browser", PHONE) as browser:
        browser.open("/system/cards")
        for name, said in (
            ("large", "none that a card needs has more than 4 MB"),
            ("wrong", "or it is not as its maker made it"),
            ("right", "The box has the file."),
        ):
            browser.all("[data-card-file]")[0].send_keys(str(files[name]))
            browser.sees(said, STATE)
        assert browser.script("return document.documentElement.scrollWidth <= innerWidth")
    assert root.asked == ["load_firmware"] and root.found == b"the maker's"
