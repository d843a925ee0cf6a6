"""Prompts: typed, uploaded, recorded; their versions; what is refused, and that nothing typed is lost."""

from __future__ import annotations

import json
import os
import time
import uuid
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.settings import Settings
from appliance.sound.convert import MOST_BYTES
from appliance.sound.speech import spoken
from appliance.store import Store
from appliance.store import site as sites
from appliance.store.sitemodel import Site
from tests.sound.serving import serving
from tests.webui.browser import Browser, Page
from tests.webui.conftest import SignIn

NEW = "/settings/prompts/new"
UPLOAD = "/settings/sounds/prompt"


@pytest.fixture(autouse=True)
def sound_process(settings: Settings) -> Iterator[None]:
    """foyer-sound, and the folders of sounds."""
    settings.prompts.mkdir(parents=True)
    settings.takes.mkdir(parents=True)
    with serving(settings.sound_socket):
        yield


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """As conftest's, with foyer-sound at a place of its own."""
    made = Settings(data=tmp_path / "data", run=tmp_path / "run", sound_socket=tmp_path / "sound.sock")
    for folder in (made.db.parent, made.secrets, made.run):
        folder.mkdir(parents=True)
    (made.secrets / "session").write_text("0123456789abcdef0123456789abcdef\n")
    return made


def head(store: Store) -> Site:
    with store.read() as db:
        return sites.head(db)[1]


def csrf(browser: Browser) -> str:
    return dict(browser.get("/account").form("/logout").fields)["csrf"]


def upload(browser: Browser, body: bytes, **more: str) -> Page:
    """Sends a file as the page's script does."""
    headers = {"X-CSRF": csrf(browser), "HX-Request": "true", **more}
    return browser.request("POST", UPLOAD, body, headers=headers)


def saved(browser: Browser, page: Page, action: str, **typed: Any) -> Page:
    """Looks at what changes, then saves; returns the page with what changes."""
    review = browser.submit(page, action, **typed)
    assert "Save these changes?" in review.words, review.words
    done = browser.submit(review, action, button="save")
    assert done.path.startswith("/settings/saved/"), done.words
    return review


def with_prompt(browser: Browser, **typed: Any) -> None:
    """Makes the prompt p1."""
    saved(browser, browser.get(NEW), NEW, **{"name": "Welcome", "en-text": "Welcome to us.", **typed})


def test_a_typed_prompt_in_two_languages(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    page = browser.submit(browser.get(NEW), NEW, button="add", name="Welcome", add="vi")
    assert "Vietnamese" in page.words
    review = saved(browser, page, NEW, **{"en-text": "Welcome.", "vi-text": "Xin chào."})
    assert "Prompt “Welcome” is added" in review.words
    (prompt,) = head(store).prompts
    assert [(voice.language, voice.text) for voice in prompt.voices] == [
        ("en", "Welcome."),
        ("vi", "Xin chào."),
    ]
    page = browser.get("/settings/prompts/p1")
    review = saved(browser, page, "/settings/prompts/p1", **{"vi-text": "Kính chào."})
    assert "Prompt “Welcome”: vi" in review.words and "Kính chào." in review.words
    listed = browser.get("/settings/prompts").words
    assert "Welcome" in listed and "English, Vietnamese · not in use" in listed


def test_an_uploaded_sound_is_converted_kept_and_heard(
    sign_in: SignIn, store: Store, settings: Settings
) -> None:
    browser = sign_in("boss")
    page = upload(browser, spoken("We are closed.", "en"))
    assert page.status == 200, page.text
    told = json.loads(page.text)
    assert 0.5 < told["seconds"] < 3
    with_prompt(browser, **{"en-sound": told["sound"], "en-text": "We are closed."})
    (voice,) = head(store).prompts[0].voices
    assert (voice.sound, voice.text) == (told["sound"], "We are closed.")
    heard = browser.get(f"/settings/sounds/{voice.sound}")
    assert heard.body == (settings.prompts / f"{voice.sound}.wav").read_bytes()
    assert heard.header("Content-Type") == "audio/wav"
    assert [path.suffix for path in settings.prompts.iterdir()] == [".wav"]
    for login in ("lead", "lan"):
        assert sign_in(login).get(f"/settings/sounds/{voice.sound}").status == 403
        assert upload(sign_in(login), b"x").status == 403


def test_what_is_no_sound_is_refused_in_words_and_the_form_stays(sign_in: SignIn, settings: Settings) -> None:
    browser = sign_in("boss")
    page = upload(browser, b"Dear Sir or Madam\n" * 50)
    assert page.status == 400 and "not a file of sound" in page.words and "It reads WAV" in page.words
    assert list(settings.prompts.iterdir()) == []
    long: dict[str, Any] = {"name": "Long", "en-text": "a" * 10_000}
    form = browser.submit(browser.get(NEW), NEW, **long)
    assert form.status == 422 and "At most 2000 characters" in form.words
    fields = dict(form.form(NEW).fields)
    assert (fields["name"], fields["en-text"]) == ("Long", "a" * 10_000)
    gone: dict[str, Any] = {"name": "None", "en-text": "x", "en-sound": "0" * 64}
    form = browser.submit(browser.get(NEW), NEW, **gone)
    assert form.status == 422 and "This sound is no longer there." in form.words
    form = browser.submit(browser.get(NEW), NEW, name="Empty")
    assert form.status == 422 and "This must be filled in." in form.words


def test_a_file_of_300_mb_is_refused_before_it_is_read(sign_in: SignIn) -> None:
    browser = sign_in("boss")
    assert MOST_BYTES < 300 * 1024 * 1024
    headers = {"X-CSRF": csrf(browser)}
    page = browser.request("POST", UPLOAD, headers=headers, CONTENT_LENGTH=str(300 * 1024 * 1024))
    assert page.status == 413
    # Elsewhere forms stay small.
    page = browser.request("POST", NEW, CONTENT_LENGTH=str(1024 * 1024))
    assert page.status == 413


def test_a_strangers_upload(sign_in: SignIn) -> None:
    browser = sign_in("boss")
    assert browser.request("POST", UPLOAD, b"x").status == 403
    assert upload(browser, b"x", Origin="https://evil.example").status == 403
    browser.cookies.clear()
    assert browser.request("POST", UPLOAD, b"x", headers={"X-CSRF": "x"}).status == 401


def test_an_older_version_comes_back(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    with_prompt(browser)
    saved(browser, browser.get("/settings/prompts/p1"), "/settings/prompts/p1", **{"en-text": "Hello."})
    page = browser.get("/settings/prompts/p1")
    assert "Older versions" in page.words and "Welcome to us." in page.words
    number = page.text.split("?version=")[1].split('"')[0]
    page = browser.get(f"/settings/prompts/p1?version={number}")
    saved(browser, page, "/settings/prompts/p1")
    assert head(store).prompts[0].voices[0].text == "Welcome to us."


def test_a_prompt_in_use_stays(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    with_prompt(browser)
    queue = "/settings/queues/q1"
    review = saved(browser, browser.get(queue), queue, greeting_id="p1")
    assert "Greeting" in review.words and "Welcome" in review.words
    page = browser.submit(browser.get("/settings/prompts/p1"), "/settings/prompts/p1/remove")
    assert "A prompt that is still played cannot be removed: “Reception”." in page.words
    assert "Played in: Reception" in browser.get("/settings/prompts/p1").words
    saved(browser, browser.get(queue), queue, greeting_id="")
    review = browser.submit(browser.get("/settings/prompts/p1"), "/settings/prompts/p1/remove")
    browser.submit(review, "/settings/prompts/p1/remove", button="save")
    assert head(store).prompts == ()


def test_a_flow_says_a_prompt(sign_in: SignIn, store: Store) -> None:
    browser, new = sign_in("boss"), "/settings/flows/new"
    with_prompt(browser)
    page = browser.submit(browser.get(new), new, button="edit", name="Main", first="new:say")
    chosen: dict[str, Any] = {"t1-prompt_id": "p1", "t1-next": "new:end"}
    page = browser.submit(page, new, button="edit", **chosen)
    assert "Announcement “Welcome”" in page.words
    saved(browser, page, new)
    (flow,) = head(store).flows
    assert getattr(flow.steps[0], "prompt_id", "") == "p1"
    assert "played in: Main" in browser.get("/settings/prompts").words


def test_what_nobody_saved_goes_after_a_day(sign_in: SignIn, settings: Settings) -> None:
    browser = sign_in("boss")
    told = json.loads(upload(browser, spoken("One.", "en")).text)
    with_prompt(browser, **{"en-sound": told["sound"]})
    lost = json.loads(upload(browser, spoken("Two.", "en")).text)
    rest = settings.prompts / ".upload-x"
    rest.write_bytes(b"x")
    for file in settings.prompts.iterdir():
        os.utime(file, (time.time() - 90_000,) * 2)
    upload(browser, b"no sound")
    assert [file.stem for file in settings.prompts.iterdir()] == [told["sound"]] and lost["sound"] != told[
        "sound"
    ]


def test_a_text_is_heard_before_it_is_saved(sign_in: SignIn) -> None:
    browser = sign_in("boss")
    fields = {"csrf": csrf(browser), "language": "en", "text": "Good morning."}
    assert browser.post("/settings/sounds/speech", fields).body[:4] == b"RIFF"
    page = browser.post("/settings/sounds/speech", {**fields, "text": "…"}, headers={"HX-Request": "true"})
    assert page.status == 400 and "nothing in this text" in page.words


def test_what_was_said_on_a_phone_is_fetched(sign_in: SignIn, settings: Settings) -> None:
    browser = sign_in("boss")
    take = str(uuid.uuid4())
    place = f"/settings/sounds/takes/{take}"
    assert json.loads(browser.get(place).text) == {"mark": 0}
    said = spoken("Please call again tomorrow.", "en")
    file = settings.takes / f"{take}.wav"
    with wave.open(str(file), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(said[44:])
        # It is still being spoken: the head says nothing of the sound yet.
        half = file.read_bytes()
    file.write_bytes(half[:40] + bytes(4) + half[44:])
    assert json.loads(browser.get(place).text) == {"mark": 0}
    file.write_bytes(said)
    assert json.loads(browser.get(place).text)["mark"] > 0
    told = json.loads(browser.post(place, {"csrf": csrf(browser)}).text)
    assert browser.get(f"/settings/sounds/{told['sound']}").status == 200
    assert browser.get(f"/settings/sounds/takes/{'.' * 36}").status == 404
