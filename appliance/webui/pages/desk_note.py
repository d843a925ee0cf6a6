"""The note of a call, as the page /desk saves it while it is typed, in one tab or several, on one computer or
several (static/notes.js). Only for desk.py, which knows whose call it is.
"""

from __future__ import annotations

import json

from bottle import HTTPResponse
from sqlite_utils import Database

from appliance.store import Change, conversations
from appliance.store.records import Conversation
from appliance.webui.web import Web

OVERTAKEN = 409


def saved(web: Web, db: Database, conversation: Conversation) -> tuple[str, int]:
    """What this user has written of it so far, and a number that is larger for a newer note; 0 for none."""
    own = [
        message
        for message in conversations.messages(db, conversation.id)
        if message.kind == "note" and message.author == web.user().id
    ]
    return (own[-1].body, own[-1].updated) if own else ("", 0)


def save(web: Web, change: Change, conversation: Conversation) -> HTTPResponse:
    """Saves the words of the form, and tells the number of the note. They were made of the note with the
    number `base`: if that is no longer the newest, nothing is saved, and the page is told what is
    (OVERTAKEN).
    """
    words, base = web.form.raw("body"), web.form.text("base")
    body, at = saved(web, change.db, conversation)
    if at and base != str(at) and words.replace("\r\n", "\n") != body:
        return _answer(web, {"at": at, "body": body}, OVERTAKEN)
    conversations.save_note(change, conversation.id, web.user().id, words)
    _, at = saved(web, change.db, conversation)
    return _answer(web, {"at": at}, 200)


def _answer(web: Web, told: dict[str, str | int], status: int) -> HTTPResponse:
    return web.answer(json.dumps(told), status, content_type="application/json")
