"""Asks another process to do something for a page, and says in words what became of it.

Used by live.py, call_out.py, testcall.py, and by the `foyer` command.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from appliance.errors import RejectedError, Sentence
from appliance.store import audit, requests
from appliance.store.requests import Request
from appliance.webui.i18n import N_
from appliance.webui.visit import Notice
from appliance.webui.web import Web

# A call's id and a number, with all its spaces, are shorter.
TEXT_MAX = 64


def ask_telephony(
    web: Web, kind: str, args: Mapping[str, str], *, done: str, action: str = "", subject: str = ""
) -> Notice:
    """Asks foyer-pbx for `kind`, waits for the result, and returns it as a sentence for the reader.

    `done` is the msgid for success; an `action` is written into the journal with its `subject`. The page
    waits as long as the request may take, some seconds at most. RejectedError: more was typed than anybody
    has to say, and requests are kept for days.
    """
    if any(len(value) > TEXT_MAX for value in args.values()):
        raise RejectedError(N_("That is more than this page takes."))
    with web.change() as change:
        asked = requests.ask(change, "pbx", kind, args, web.user().id)
        if action:
            audit.record(change, web.user().id, action, subject)
    outcome = requests.wait(web.store, asked)
    return Notice(words(outcome, web.gettext, done), "good" if outcome.state == "done" else "bad")


def words(request: Request, say: Callable[[str], str], done: str) -> str:
    """What became of the request, in the language of `say`; `done` is the msgid for success."""
    if request.state == "done":
        return say(done)
    if request.state == "failed" and (sentence := Sentence.from_dict(request.result)).message:
        return sentence.text(say)
    return say(N_("The telephone service does not answer just now. Try again in a moment."))
