"""/settings/sounds: what the forms of prompts and of music need on the way: uploading, listening,
recording on a phone. What comes of it is saved with the form.
"""

from __future__ import annotations

import json
import uuid
import wave
from pathlib import Path
from typing import Any

from bottle import HTTPResponse, request, static_file

from appliance.errors import NotFoundError, RejectedError
from appliance.sound.convert import Kind
from appliance.store.flows import TEXT_MAX
from appliance.webui.asking import ask_telephony
from appliance.webui.i18n import N_
from appliance.webui.incoming import UPLOADS
from appliance.webui.library import Kept
from appliance.webui.web import Web


def routes(web: Web) -> None:
    """Declares the routes."""
    _files(web)
    _takes(web)


def _files(web: Web) -> None:
    @web.post(f"{UPLOADS}<kind:re:prompt|music>", "administrator", is_file=True)
    def upload(kind: Kind) -> HTTPResponse:
        return _kept(web, web.library.upload(request.environ["wsgi.input"], request.content_length, kind))

    @web.post("/settings/sounds/speech", "administrator")
    def speech() -> HTTPResponse:
        text, language = web.form.text("text"), web.form.text("language")
        if len(text) > TEXT_MAX:
            raise RejectedError(N_("At most {high} characters, please."), high=TEXT_MAX)
        return web.answer(web.library.spoken(text, language), content_type="audio/wav")

    @web.get("/settings/sounds/<sound:re:[0-9a-f]{64}>", "administrator")
    def sound(sound: str) -> HTTPResponse:
        file = web.library.path(sound)
        if not file.is_file():
            raise NotFoundError(N_("This sound is no longer there."))
        answer = static_file(file.name, root=str(file.parent), mimetype="audio/wav")
        answer.set_header("Cache-Control", "private, max-age=86400")
        return answer


def _takes(web: Web) -> None:
    @web.post("/settings/sounds/takes", "administrator")
    def begin() -> HTTPResponse:
        """Rings a phone; whoever answers speaks after the tone."""
        take = str(uuid.uuid4())
        args = {"agent": web.form.text("agent"), "take": take}
        told = ask_telephony(web, "record_take", args, done=N_("The phone rings. Speak after the tone."))
        said = {"take": take if told.kind == "good" else "", "words": told.text}
        return web.answer(json.dumps(said), content_type="application/json")

    @web.get("/settings/sounds/takes/<take:re:[0-9a-f-]{36}>", "administrator")
    def look(take: str) -> HTTPResponse:
        """How the take is now: its mark changes when somebody speaks it again."""
        mark = _finished(web.settings.takes / f"{take}.wav")
        return web.answer(json.dumps({"mark": mark}), content_type="application/json")

    @web.post("/settings/sounds/takes/<take:re:[0-9a-f-]{36}>", "administrator")
    def fetch(take: str) -> HTTPResponse:
        return _kept(web, web.library.take(web.settings.takes / f"{take}.wav"))


def _kept(web: Web, kept: Kept) -> HTTPResponse:
    said = {"sound": kept.sound, "seconds": kept.seconds}
    return web.answer(json.dumps(said), content_type="application/json")


def _finished(file: Path) -> Any:
    """The mark of a take, 0 while there is none: Asterisk writes the length into the file's head at the end
    (formats/format_wav.c, update_header).
    """
    try:
        with wave.open(str(file), "rb") as sound:
            status = file.stat()
            is_whole = sound.getnframes() > 0 and sound.getnframes() * 2 + 44 <= status.st_size
    except (OSError, EOFError, wave.Error):
        return 0
    return status.st_mtime_ns // 1_000_000 if is_whole else 0
