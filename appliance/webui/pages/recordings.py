"""GET /recordings/<message id>: the sound of a call, in parts as the player asks for them (Range), or its
fax.

For supervisors and for the agents of the call. Who listened to what, or read it, is audited, once in ten
minutes for each.
"""

from __future__ import annotations

from pathlib import Path

from bottle import HTTPResponse, static_file

from appliance.errors import ForbiddenError, NotFoundError
from appliance.store import Change, audit, conversations, faxes, now_ms
from appliance.store.records import Message
from appliance.webui import callview
from appliance.webui.i18n import N_
from appliance.webui.web import Web

LISTENED, READ = "recording.listen", "fax.read"
AGAIN_MS = 10 * 60 * 1000


def routes(web: Web) -> None:
    """Declares the route."""

    @web.get("/recordings/<message_id>")
    def recording(message_id: str) -> HTTPResponse:
        user = web.user()
        with web.store.read() as db:
            message = conversations.message(db, message_id)
            conversation = conversations.get(db, message.conversation_id)
            segments = conversations.segments(db, message.conversation_id)
            action = READ if message.kind == faxes.KIND else LISTENED
            is_known = is_noted(web, action, message_id)
        if not callview.may_open(user, conversation, segments, web.site()):
            raise ForbiddenError(N_("This is another agent's call."), N_("Supervisors can open it."))
        file = recording_file(web.settings.recordings, message)
        if not is_known:
            with web.change() as change:
                _note(change, user.id, action, message)
        return answer(file, "application/pdf" if action == READ else "audio/wav")


def answer(file: Path, kind: str = "audio/wav") -> HTTPResponse:
    """The file, or the part of it that the player asks for."""
    found = static_file(file.name, root=str(file.parent), mimetype=kind)
    # The browser may keep it, a proxy may not; it asks before it plays it again, so that who has signed out,
    # or may not listen any more, hears nothing.
    found.set_header("Cache-Control", "private, no-cache")
    return found


def recording_file(root: Path, message: Message) -> Path:
    """The file of a recording below `root`. NotFoundError if it is missing, or would lie anywhere else."""
    missing = NotFoundError(N_("The recording of this call is missing."), N_("Its file is not on the disk."))
    if not message.path or not callview.has_file(message):
        raise missing
    base = root.resolve()
    file = (base / message.path).resolve()
    if not file.is_relative_to(base) or not file.is_file():
        raise missing
    return file


def is_noted(web: Web, action: str, subject: str) -> bool:
    """Whether the user listened to this message, or test of a line, or read it, in the last ten minutes."""
    with web.store.read() as db:
        row = db.execute(
            "SELECT max(at) FROM audit WHERE at > ? AND who = ? AND action = ? AND subject = ?",
            (now_ms() - AGAIN_MS, web.user().id, action, subject),
        ).fetchone()
    return row[0] is not None


def _note(change: Change, user_id: str, action: str, message: Message) -> None:
    audit.record(change, user_id, action, message.id, conversation=message.conversation_id)
