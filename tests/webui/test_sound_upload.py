"""Uploading sounds in a real browser: what the box takes, what only the browser can read, and what neither
can; several pieces of music at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from appliance.settings import Settings
from appliance.store import Store
from appliance.store import site as sites
from appliance.store.sitemodel import Site
from appliance.webui.app import make_app
from appliance.webui.i18n import Languages
from tests.asterisk import sound
from tests.browser.browser import Browser
from tests.sound.serving import serving
from tests.sound.test_convert import SAMPLES
from tests.until import until
from tests.webui.real_browser import PHONE, served, signed_in

pytestmark = pytest.mark.browser

TAKEN = "Taken over. Save to use it."
TITLES = "return Array.from(document.querySelectorAll('[name=titles]'), one => one.value)"
# Ends with the seconds that the player has.
LENGTH = """
const [css, done] = arguments;
const player = document.querySelector(css);
player.addEventListener("loadedmetadata", () => done(player.duration));
player.addEventListener("error", () => done(-1));
player.preload = "metadata";
player.load();
"""
# Records a tone of a second as the browser does it (WebM), which the box itself does not read.
RECORD = """
const [css, done] = arguments;
const context = new AudioContext();
const tone = context.createOscillator();
const sink = context.createMediaStreamDestination();
tone.connect(sink);
tone.start();
const recorder = new MediaRecorder(sink.stream, { mimeType: "audio/webm" });
recorder.addEventListener("dataavailable", async (event) => {
  const chosen = new DataTransfer();
  chosen.items.add(new File([event.data], "memo.webm"));
  const field = document.querySelector(css);
  field.files = chosen.files;
  field.dispatchEvent(new Event("change", { bubbles: true }));
  done([event.data.size, (performance.now() - began) / 1000]);
});
const began = performance.now();
recorder.start();
setTimeout(() => recorder.stop(), 1000);
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """As conftest's, with foyer-sound at a place of its own."""
    made = Settings(data=tmp_path / "data", run=tmp_path / "run", sound_socket=tmp_path / "sound.sock")
    for folder in (made.db.parent, made.secrets, made.run, made.prompts):
        folder.mkdir(parents=True)
    (made.secrets / "session").write_text("0123456789abcdef0123456789abcdef\n")
    return made


@pytest.fixture
def address(settings: Settings, store: Store, box: dict[str, str], locale_root: Path) -> Iterator[str]:
    """The address of the pages, with foyer-sound behind them."""
    assert box
    with (
        serving(settings.sound_socket),
        served(make_app(settings, store, Languages.load(locale_root))) as pages,
    ):
        yield pages


def head(store: Store) -> Site:
    with store.read() as db:
        return sites.head(db)[1]


def tone(folder: Path, name: str, hz: int, seconds: float) -> Path:
    return sound.write_wav(folder / name, sound.tone(hz, seconds, 44_100), 44_100)


def choose(browser: Browser, css: str, *files: Path) -> None:
    """Chooses files, as in the browser's own window."""
    (field,) = browser.all(css)
    field.send_keys("\n".join(map(str, files)))


def save(browser: Browser) -> None:
    """Looks at the changes, and saves."""
    browser.click(".form-actions .button-main")
    browser.sees("Save these changes?")
    browser.click("button[value=save]")
    until(lambda: browser.path.startswith("/settings/saved/"), 10, "the saved page")


def test_a_prompt_is_uploaded_heard_and_saved(address: str, store: Store, tmp_path: Path) -> None:
    field = "[data-upload=prompt]"
    with signed_in(address, tmp_path / "browser") as browser:
        browser.open("/settings/prompts/new")
        browser.fill("#name", "Welcome")
        letter = tmp_path / "letter.wav"
        letter.write_text("Dear Sir or Madam\n" * 50)
        choose(browser, field, letter)
        browser.sees("This is not a file of sound that the box can read.", "[data-state]")
        film = tmp_path / "film.wav"
        with film.open("wb") as file:
            file.truncate(300 * 1024 * 1024)
        choose(browser, field, film)
        browser.sees("at most 64 MB", "[data-state]")
        assert not browser.has("audio.player")
        choose(browser, field, tone(tmp_path, "tone.wav", 440, 2.0))
        browser.sees(TAKEN, "[data-state]")
        assert browser.find("[data-noted]").is_displayed() and not browser.has("[data-listen]")
        assert 1.8 < float(str(browser.async_script(LENGTH, "audio.player"))) < 2.3
        first = browser.script("return document.querySelector('[data-sound]').value")
        size, lasted_s = cast("list[float]", browser.async_script(RECORD, field))
        assert size > 1000
        until(
            lambda: browser.script("return document.querySelector('[data-sound]').value") != first,
            20,
            "what the browser has read",
        )
        assert 0.5 < float(str(browser.async_script(LENGTH, "audio.player"))) < lasted_s + 0.5
        recorded = browser.script("return document.querySelector('[data-sound]').value")
        # A phone's voice memo (AAC): see tests/sound/test_convert.py.
        choose(browser, field, SAMPLES / "memo.m4a")
        until(
            lambda: browser.script("return document.querySelector('[data-sound]').value") != recorded,
            20,
            "the voice memo",
        )
        wanted = str(browser.script("return document.querySelector('[data-sound]').value"))
        memo = sound.read_wav(tmp_path / "data" / "prompts" / f"{wanted}.wav")
        assert sound.tone_seconds(memo, 440) > 1.3 and sound.seconds(memo) < 2
        save(browser)
    (prompt,) = head(store).prompts
    assert prompt.voices[0].sound == wanted


def test_pieces_of_music_are_uploaded_together_and_put_in_order(
    address: str, store: Store, tmp_path: Path
) -> None:
    files = [tone(tmp_path, name, hz, 1.0) for name, hz in (("Spring.wav", 440), ("Summer.2.wav", 550))]
    with signed_in(address, tmp_path / "browser", PHONE) as browser:
        browser.open("/settings/music/new")
        browser.fill("#name", "Seasons")
        choose(browser, "[data-add] input", *files)
        # One after the other, and each is said to be taken over.
        until(lambda: browser.script(TITLES) == ["Spring", "Summer.2"], 20, "both pieces")
        browser.sees(TAKEN, "#add-state")
        choose(browser, ".piece:first-child [data-upload]", tone(tmp_path, "x.wav", 660, 2.0))
        browser.sees(TAKEN, ".piece:first-child [data-state]")
        assert browser.script("return document.documentElement.scrollWidth <= innerWidth")
        browser.click("[value='down:0']")
        until(lambda: browser.has("#title-1[value=Spring]"), 10, "another order")
        save(browser)
    (made,) = head(store).music
    assert [piece.name for piece in made.pieces] == ["Summer.2", "Spring"]
