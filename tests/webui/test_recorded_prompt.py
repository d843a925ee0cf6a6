"""A prompt spoken into a phone, from the button on the page to the ear of a caller: the pages, foyer-pbx,
foyer-sound and Asterisk are the real ones.
"""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.apply.sounds import make_missing
from appliance.pbx.conf.tree import render_tree
from appliance.settings import Settings
from appliance.sound.speech import speak
from appliance.store import site as sites
from appliance.store import users
from appliance.webui.app import make_app
from appliance.webui.i18n import Languages
from tests.asterisk import sound
from tests.asterisk.phone import Phone
from tests.pbx.box import NUMBER, Box
from tests.sound.serving import serving
from tests.until import until
from tests.webui.browser import Browser, Page
from tests.webui.conftest import PASSWORD

pytestmark = pytest.mark.asterisk

TAKES, NEW = "/settings/sounds/takes", "/settings/prompts/new"
SPOKEN_HZ = 600


@pytest.fixture
def box() -> Iterator[Box]:
    """With foyer-pbx, and an administrator."""
    with tempfile.TemporaryDirectory(prefix="pbx-", dir="/tmp") as folder, Box(Path(folder)) as made:
        made.settings.prompts.mkdir()
        with made.store.change() as change:
            users.create(change, "boss", "Mai", "administrator", PASSWORD, language="en")
        made.start()
        yield made


@pytest.fixture
def browser(box: Box, tmp_path: Path, locale_root: Path) -> Iterator[Browser]:
    """The administrator's, at pages on the same data."""
    settings: Settings = dataclasses.replace(
        box.settings, run=tmp_path / "run", sound_socket=tmp_path / "sound.sock"
    )
    settings.run.mkdir()
    (settings.secrets / "session").write_text("0123456789abcdef0123456789abcdef\n")
    with serving(settings.sound_socket):
        made = Browser(make_app(settings, box.store, Languages.load(locale_root)))
        page = made.submit(made.get("/login"), "/login", follow=False, login="boss", password=PASSWORD)
        assert page.status == 303, page.words
        yield made


def sent(browser: Browser, path: str, body: str = "") -> Page:
    """A POST as the page's script sends it."""
    csrf = dict(browser.get("/account").form("/logout").fields)["csrf"]
    kind = "application/x-www-form-urlencoded"
    headers = {"X-CSRF": csrf, "HX-Request": "true", "Content-Type": kind}
    return browser.request("POST", path, body.encode(), headers=headers)


def speak_into(phone: Phone, file: Path, seconds: float) -> None:
    """Answers, speaks until so much was recorded, and hangs up."""
    phone.wait_ring().answer()
    leg = phone.wait_call()
    until(lambda: file.exists() and file.stat().st_size > seconds * 16_000, 30, "the prompt to be spoken")
    leg.hang_up()


def test_spoken_fetched_saved_and_heard(box: Box, browser: Browser) -> None:
    with box.desk("a1") as phone:
        phone.register()
        box.agent("a1", "available")
        box.wait_row("agent", "a1", "the phone", desk=True)
        told = json.loads(sent(browser, TAKES, "agent=a1").text)
        assert told["take"] and told["words"] == "The phone rings. Speak after the tone."
        place = f"{TAKES}/{told['take']}"
        assert json.loads(browser.get(place).text) == {"mark": 0}
        speak_into(phone, box.settings.takes / f"{told['take']}.wav", 2)
        until(lambda: json.loads(browser.get(place).text)["mark"], 10, "the recording")
        kept = json.loads(sent(browser, place).text)
    assert kept["seconds"] > 1
    recorded = sound.read_wav(box.settings.prompts / f"{kept['sound']}.wav")
    assert sound.tone_seconds(recorded, SPOKEN_HZ) > 0.9 * kept["seconds"] - 0.3
    page = browser.submit(browser.get(NEW), NEW, name="Welcome", **{"vi-sound": kept["sound"]})
    assert "Save these changes?" in page.words, page.words
    assert browser.submit(page, NEW, button="save").path.startswith("/settings/saved/")
    greeted = browser.submit(
        browser.get("/settings/queues/q1"), "/settings/queues/q1", greeting_id="p1", greeting_text=""
    )
    assert browser.submit(greeted, "/settings/queues/q1", button="save").path.startswith("/settings/saved/")
    go_live(box)
    with box.outside() as outside:
        outside.tone_hz = 0
        caller = outside.call(NUMBER).wait_answer()
        until(lambda: sound.tone_seconds(caller.heard(), SPOKEN_HZ) > 1, 15, "the prompt to be heard")
        caller.hang_up()


def go_live(box: Box) -> None:
    """As foyer-apply does: the sounds, then the files."""
    with box.store.read() as db:
        _, box.site = sites.head(db)
    make_missing(box.site, box.settings.sounds, box.settings.prompts, speak)
    box.asterisk.write(render_tree(box.site, box._env()))
    for command in ("queue reload all", "dialplan reload"):
        box.asterisk.cli(command)
