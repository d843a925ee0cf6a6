"""Sets of music: made of uploaded files, put in order, chosen, replaced, removed; and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.settings import Settings
from appliance.sound.speech import spoken
from appliance.store import Store
from appliance.store import site as sites
from appliance.store.music import MusicSet
from appliance.store.sitemodel import Site
from tests.asterisk import sound
from tests.sound.serving import serving
from tests.webui.browser import Browser, Page
from tests.webui.conftest import SignIn

NEW, ONE, QUEUE = "/settings/music/new", "/settings/music/m1", "/settings/queues/q1"
UPLOAD = "/settings/sounds/music"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """As conftest's, with foyer-sound at a place of its own."""
    made = Settings(data=tmp_path / "data", run=tmp_path / "run", sound_socket=tmp_path / "sound.sock")
    for folder in (made.db.parent, made.secrets, made.run, made.prompts):
        folder.mkdir(parents=True)
    (made.secrets / "session").write_text("0123456789abcdef0123456789abcdef\n")
    return made


@pytest.fixture(autouse=True)
def sound_process(settings: Settings) -> Iterator[None]:
    """foyer-sound."""
    with serving(settings.sound_socket):
        yield


def head(store: Store) -> Site:
    with store.read() as db:
        return sites.head(db)[1]


def upload(browser: Browser, body: bytes) -> Page:
    """Sends a file as the page's script does."""
    csrf = dict(browser.get("/account").form("/logout").fields)["csrf"]
    return browser.request("POST", UPLOAD, body, headers={"X-CSRF": csrf, "HX-Request": "true"})


def kept(browser: Browser, folder: Path, tone_hz: int) -> str:
    """The name of an uploaded tone."""
    file = sound.write_wav(folder / "tone.wav", sound.tone(tone_hz, 1.0, 44_100), 44_100)
    page = upload(browser, file.read_bytes())
    assert page.status == 200, page.text
    return str(json.loads(page.text)["sound"])


def saved(browser: Browser, page: Page, action: str, **typed: Any) -> Page:
    """Looks at what changes, then saves; returns the page with what changes."""
    review = browser.submit(page, action, **typed)
    assert "Save these changes?" in review.words, review.words
    done = browser.submit(review, action, button="save")
    assert done.path.startswith("/settings/saved/"), done.words
    return review


@pytest.fixture
def made(sign_in: SignIn, store: Store, tmp_path: Path) -> tuple[Browser, MusicSet]:
    """A set of two pieces."""
    browser = sign_in("boss")
    sounds = [kept(browser, tmp_path, tone_hz) for tone_hz in (440, 550)]
    review = saved(browser, browser.get(NEW), NEW, name="Spring", titles=["One", "Two"], sounds=sounds)
    assert "Set of music “Spring” is added" in review.words
    return browser, head(store).music[0]


def rows(found: MusicSet) -> list[str]:
    return [piece.name for piece in found.pieces]


def test_pieces_are_moved_renamed_replaced_and_removed(
    made: tuple[Browser, MusicSet], store: Store, tmp_path: Path
) -> None:
    browser, found = made
    assert (found.id, rows(found), found.shuffle) == ("m1", ["One", "Two"], False)
    page = browser.submit(browser.get(ONE), ONE, button="down:0")
    assert [value for name, value in page.form(ONE).fields if name == "titles"] == ["Two", "One"]
    page = browser.submit(page, ONE, button="down:1")
    review = saved(browser, page, ONE, titles=["Deux", "One"], shuffle="1")
    assert "One, Two" in review.words and "Deux, One" in review.words and "Mixed" in review.words
    (found,) = head(store).music
    assert rows(found) == ["Deux", "One"] and found.shuffle
    other = kept(browser, tmp_path, 660)
    review = saved(browser, browser.get(ONE), ONE, sounds=[other, found.pieces[1].sound])
    assert "Deux (another recording), One" in review.words
    page = browser.submit(browser.get(ONE), ONE, button="remove:1")
    saved(browser, page, ONE)
    (found,) = head(store).music
    assert [(piece.name, piece.sound) for piece in found.pieces] == [("Deux", other)]
    page = browser.submit(browser.get(ONE), ONE, button="remove:0")
    page = browser.submit(page, ONE)
    assert page.status == 422 and "A set needs a piece of music." in page.words


def test_a_queue_and_the_office_choose_a_set_which_then_stays(
    made: tuple[Browser, MusicSet], store: Store
) -> None:
    browser, _ = made
    assert "2 pieces · not in use" in browser.get("/settings/music").words
    review = saved(browser, browser.get(QUEUE), QUEUE, music="m1")
    assert "As in the whole office: Calm music" in review.words and "Spring" in review.words
    # Whoever calls this queue's number hears something else.
    assert "028 1234 5678" in review.words
    assert "played in: Reception" in browser.get("/settings/music").words
    page = browser.submit(browser.get(ONE), f"{ONE}/remove")
    assert "Music that is still played cannot be removed: “Reception”." in page.words
    saved(browser, browser.get(QUEUE), QUEUE, music="default")
    every = "/settings/music"
    review = saved(browser, browser.get(every), every, hold_music="m1")
    assert "In the whole office" in review.words and "028 1234 5678" in review.words
    assert head(store).hold_music == "m1" and "Played in the whole office" in browser.get(ONE).words
    page = browser.submit(browser.get(ONE), f"{ONE}/remove")
    assert "Music that the whole office plays cannot be removed." in page.words
    saved(browser, browser.get(every), every, hold_music="calm")
    review = browser.submit(browser.get(ONE), f"{ONE}/remove")
    browser.submit(review, f"{ONE}/remove", button="save")
    assert head(store).music == ()


def test_undo_brings_a_removed_set_back_with_its_sounds(
    made: tuple[Browser, MusicSet], store: Store, settings: Settings
) -> None:
    browser, found = made
    with store.read() as db:
        number = sites.head_number(db)
    review = browser.submit(browser.get(ONE), f"{ONE}/remove")
    browser.submit(review, f"{ONE}/remove", button="save")
    assert "Set of music “Spring”" in browser.get(f"/revisions/{number + 1}").words
    page = browser.get(f"/revisions/{number}")
    browser.submit(page, f"/revisions/{number}/undo")
    assert head(store).music == (found,)
    assert all((settings.prompts / f"{piece.sound}.wav").is_file() for piece in found.pieces)


def test_what_is_no_music_is_refused_in_words(sign_in: SignIn, settings: Settings) -> None:
    browser = sign_in("boss")
    page = upload(browser, b"Dear Sir or Madam\n" * 50)
    assert page.status == 400 and "not a file of sound" in page.words
    page = upload(browser, b"RIFF\x00\x00\x00\x00WAVE")
    assert page.status == 400
    headers = {"X-CSRF": dict(browser.get("/account").form("/logout").fields)["csrf"]}
    page = browser.request("POST", UPLOAD, headers=headers, CONTENT_LENGTH=str(300 * 1024 * 1024))
    assert page.status == 413
    assert list(settings.prompts.iterdir()) == []
    page = browser.submit(browser.get(NEW), NEW, name="Spring", titles=["One"], sounds=["0" * 64])
    assert page.status == 422 and "This sound is no longer there." in page.words
    page = browser.submit(browser.get(NEW), NEW, name="Spring", titles=["One"], sounds=["../x"])
    assert page.status == 422
    # What was read from a voice may be music, too.
    assert upload(browser, spoken("Our shop opens at nine.", "en")).status == 200
    for login in ("lead", "lan"):
        assert sign_in(login).get(NEW).status == 403
        assert upload(sign_in(login), b"x").status == 403


def test_buttons_that_somebody_made_up_change_nothing(made: tuple[Browser, MusicSet]) -> None:
    browser, _ = made
    page = browser.get(ONE)
    for stage in ("up:0", "down:1", "down:9", "remove:-1", "up:x", "remove:²", "down:" + "9" * 90):
        fields = [pair for pair in page.form(ONE).fields if pair[0] != "stage"]
        after = browser.post(ONE, [*fields, ("stage", stage)])
        assert [value for name, value in after.form(ONE).fields if name == "titles"] == ["One", "Two"], stage
