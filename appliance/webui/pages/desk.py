"""/desk: where an agent works. His state, his phone, the call that rings with who is calling, notes and the
result.

The telephone itself is in the browser (static/phone.js) or on the desk; here is what the store knows. Scripts
find the call by its uuid, which the phone gets in the header X-Foyer-Call and which is the conversation's
external id.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import Any

from bottle import HTTPResponse
from sqlite_utils import Database

from appliance.errors import ForbiddenError, TransientError
from appliance.store import agents, conversations, events, live, now_ms, people, records, secrets
from appliance.store.agents import AgentState
from appliance.store.people import Person
from appliance.store.records import Conversation
from appliance.webui import board, callview, labels
from appliance.webui.board import Board, Latest, Who
from appliance.webui.holders import Holders, Wish
from appliance.webui.i18n import N_
from appliance.webui.pages import desk_note, live_parked
from appliance.webui.pages.desk_hand_on import places
from appliance.webui.pages.people import past
from appliance.webui.web import Web

RECENT = 8
PAST = 5
IN_CALL = ("ringing", "calling", "talking", "hold")
TALKS = ("talk", "hold", "wrap_up")
AFTER_MS = 15 * 60 * 1000  # as long as the store keeps a call in wrap-up


@dataclass(frozen=True)
class Current:
    """The call an agent is in or has just ended. `phase`: none, ringing, calling, talking, after; `saved` is
    the note so far, `saved_at` is larger for a newer one.
    """

    call: str = ""
    phase: str = "none"
    conversation: Conversation | None = None
    who: Who = field(default_factory=Who)
    person: Person | None = None
    queue: str = ""
    since: int | None = None
    saved: str = ""
    saved_at: int = 0


def routes(web: Web) -> None:
    """Declares the routes."""
    holders = Holders()
    _pages(web, holders)
    _actions(web, holders)


def _pages(web: Web, holders: Holders) -> None:
    strip = Strip(web)

    @web.get("/desk")
    def desk() -> str:
        agent_id = web.user().agent_id
        if agent_id is None:
            return web.render("desk-none.html")
        with web.store.read() as db:
            event_id = events.latest_id(db)
        shown = {**_status(web, holders), **_call(web, _own(web, web.query("call")) or ""), **_recent(web)}
        queues = {queue.id: queue.name for queue in web.site().queues}
        shown |= {"queue_names": queues, "strip": strip.get(), "places": places(web, agent_id)}
        shown |= {"parked": live_parked.now(web), "about_parked": live_parked.ABOUT, "takes": True}
        return web.render("desk.html", event_id=event_id, agent_id=agent_id, **shown)

    @web.get("/desk/status")
    def status() -> str:
        return web.render("desk-status.html", **_status(web, holders))

    @web.get("/desk/call")
    def call() -> str | HTTPResponse:
        found = _own(web, web.query("call"))
        if found is None:
            # A phone may ring a moment before the store knows of it: the page keeps what the phone told it.
            return web.answer("", 204)
        return web.render("desk-call.html", **_call(web, found))

    @web.get("/desk/queues")
    def queues() -> str:
        return strip.get()

    @web.get("/desk/recent")
    def recent() -> str:
        return web.render("desk-recent.html", **_recent(web))


def _actions(web: Web, holders: Holders) -> None:
    @web.post("/desk/state")
    def set_state() -> str | HTTPResponse:
        agent_id = _agent_id(web)
        state, _, reason = web.form.text("state").partition(":")
        with web.change() as change:
            now = agents.current_of(change.db, agent_id)
            if not state:
                state, reason = now.state, now.reason
            device = web.form.text("device") or None
            agents.set_state(change, agent_id, state, _reason(web, reason), device, by=web.user().id)
        if web.is_fragment:
            return web.render("desk-status.html", **_status(web, holders))
        return web.redirect("/desk")

    @web.post("/desk/phone")
    def phone() -> HTTPResponse:
        agent_id = _agent_id(web)
        with web.store.read() as db:
            password = secrets.get(db, f"sip:{agent_id}")
        if password is None:
            raise TransientError(N_("Your phone is being prepared."), N_("This takes a few seconds."))
        before = holders.get(agent_id)
        held = holders.take(agent_id, _wish(web))
        if held != before:
            with web.change() as change:
                change.event("agent", agent_id, agent=agent_id)
        return _json(web, {"user": agent_id, "password": password, "turn": held.turn})

    @web.post("/desk/note")
    def note() -> HTTPResponse:
        with web.change() as change:
            conversation = _own_call(web, change.db, web.form.text("call"))
            return desk_note.save(web, change, conversation)

    @web.post("/desk/finish")
    def finish() -> HTTPResponse:
        call, code = web.form.text("call"), web.form.text("disposition")
        with web.change() as change:
            conversation = _own_call(web, change.db, call)
            is_due = _may_finish(web, change.db, conversation, call, code)
            # Kept as soon as it may be, whether the call can be finished yet or not.
            answer = desk_note.save(web, change, conversation)
            if answer.status_code == desk_note.OVERTAKEN:
                return answer
            if is_due and code:
                conversations.set_disposition(change, conversation.id, code, web.user().id)
            elif is_due:
                conversations.end_wrap_up(change, conversation.id)
        if not is_due:
            raise _too_early()
        return answer


def _wish(web: Web) -> Wish:
    wanted = web.form.text("take")[:16]
    is_told = wanted.isascii() and wanted.isdigit()
    return Wish(web.form.text("page")[:64], web.form.text("client")[:64], int(wanted) if is_told else 0)


def _agent_id(web: Web) -> str:
    agent_id = web.user().agent_id
    if agent_id is None:
        raise ForbiddenError(
            N_("Your account does not answer calls."), N_("An administrator can change that.")
        )
    return agent_id


def _reason(web: Web, code: str) -> str:
    """A break's code that the site knows; "" for any other."""
    return code if any(one.code == code for one in web.site().breaks) else ""


def _json(web: Web, data: dict[str, Any]) -> HTTPResponse:
    return web.answer(json.dumps(data), content_type="application/json")


def _own_call(web: Web, db: Database, call: str) -> Conversation:
    """The conversation of a call this agent rings for, talks in or talked in.

    TransientError while the store has not heard of it, or not of the agent's part in it (its record comes a
    moment after the ringing, and after the talk); ForbiddenError.
    """
    agent_id = _agent_id(web)
    conversation = conversations.by_external(db, "voice", call)
    if conversation is None:
        raise _too_early()
    is_own = agent_id in _agents_of(db, conversation, ("ring", *TALKS))
    if not is_own and _agent_row(db, agent_id).get("call") != call:
        # While a call lasts, its record may only not know of the agent yet.
        raise _too_early() if conversation.state == "open" else _not_mine()
    return conversation


def _may_finish(web: Web, db: Database, conversation: Conversation, call: str, code: str) -> bool:
    """Whether this agent may say now how his call ended, since he talks in it or talked in it; whose phone
    only rang has no say: ForbiddenError. False while its record does not know enough yet.
    """
    agent_id = _agent_id(web)
    row = _agent_row(db, agent_id)
    is_open = conversation.state == "open"
    if is_open and (not code or row.get("state") not in IN_CALL):
        # Its end would still come, and with it a call to finish: without a result, nothing would be kept.
        return False
    is_talked_now = row.get("call") == call and row.get("state") in IN_CALL and row["state"] != "ringing"
    if agent_id in _agents_of(db, conversation, TALKS) or (is_open and is_talked_now):
        return True
    if not is_open:
        raise _not_mine()
    return False


def _own(web: Web, call: str) -> str | None:
    """The call that a page asks for, if this agent rings for it, or has a part in it; None for any other."""
    agent_id = _agent_id(web)
    with web.store.read() as db:
        if not call or _agent_row(db, agent_id).get("call") == call:
            return call
        conversation = conversations.by_external(db, "voice", call)
        is_own = conversation and agent_id in _agents_of(db, conversation, ("ring", *TALKS))
    return call if is_own else None


def _agents_of(db: Database, conversation: Conversation, kinds: tuple[str, ...]) -> set[str | None]:
    """Whose call it is, and who has a segment of these kinds in it."""
    parts = conversations.segments(db, conversation.id)
    return {conversation.agent_id, *(part.agent_id for part in parts if part.kind in kinds)}


def _not_mine() -> ForbiddenError:
    return ForbiddenError(N_("This is another agent's call."))


def _too_early() -> TransientError:
    return TransientError(N_("The call is not recorded yet."), N_("Try again in a moment."))


def _agent_row(db: Database, agent_id: str) -> dict[str, Any]:
    return live.snapshot(db).rows["agent"].get(agent_id, {})


def _status(web: Web, holders: Holders) -> dict[str, Any]:
    """For desk-status.html: the agent's state and device, and whether the telephone service runs."""
    agent_id = _agent_id(web)
    with web.store.read() as db:
        state = agents.current_of(db, agent_id)
        rows = live.snapshot(db).rows
    return {
        "state": state,
        "state_words": _state_words(web, state),
        "spared_until": agents.spared_until(web.site(), state, now_ms()),
        "is_up": bool(rows["pbx"].get("state", {}).get("up")),
        "is_connected": bool(rows["agent"].get(agent_id, {}).get(state.device)),
        "held": holders.get(agent_id),
        "agent": next((agent for agent in web.site().agents if agent.id == agent_id), None),
        "now": now_ms(),
    }


def _state_words(web: Web, state: AgentState) -> str:
    if state.state != "break":
        return web.gettext(board.STATES[state.state][0])
    if state.reason == "phone":
        return web.gettext(N_("Break, begun on the phone"))
    name = labels.break_name(web.site(), state.reason)
    return web.gettext(N_("Break: %(reason)s"), reason=name) if name else web.gettext(N_("Break"))


def _call(web: Web, call: str) -> dict[str, Any]:
    """For desk-call.html: the call asked for, else the one the agent is in, else the one that he has not
    finished; and whether he asks somebody before handing it on (pbx/live_rows.py).
    """
    agent_id = _agent_id(web)
    with web.store.read() as db:
        row = _agent_row(db, agent_id)
        current = _find(web, db, agent_id, row, call)
    entries = past(web, current.person.id, "", PAST + 1)["entries"] if current.person else []
    others = [entry for entry in entries if entry[0].conversation.external_id != current.call]
    return {
        "current": current,
        "asks": row.get("asks", {}) if row.get("call") == current.call else {},
        "past": others[:PAST],
        "now": now_ms(),
        "language_name": lambda code: str(web.visit.language.locale.languages.get(code, code)),
    }


def _find(web: Web, db: Database, agent_id: str, row: dict[str, Any], call: str) -> Current:
    own = str(row.get("call", "")) if row.get("state") in IN_CALL else ""
    wanted = call or own
    if wanted:
        conversation = conversations.by_external(db, "voice", wanted)
        phase = _phase(row, wanted, conversation, agent_id)
        if phase == "after" and own:
            # The next one, on a desk phone: of that the page knows nothing while it asks for the last.
            return _find(web, db, agent_id, row, own)
    else:
        conversation = _unfinished(db, agent_id)
        phase = "after" if conversation else "none"
    if conversation is None:
        return _unrecorded(web, db, wanted, row) if wanted else Current()
    return _recorded(web, db, conversation, phase)


def _phase(row: dict[str, Any], call: str, conversation: Conversation | None, agent_id: str) -> str:
    """Only who talked says how it ended: a call that rang here and went elsewhere is nothing to finish, nor
    is one that was finished while the live rows still had it.
    """
    if row.get("call") == call and row.get("state") in IN_CALL:
        return str(row["state"]) if row["state"] in ("ringing", "calling") else "talking"
    if conversation is None or conversation.state != "wrap_up" or conversation.agent_id != agent_id:
        return "none"
    return "after"


def _unfinished(db: Database, agent_id: str) -> Conversation | None:
    """The agent's last call, if it still waits for its result."""
    where = "agent_id = ? AND state = 'wrap_up' AND channel = 'voice' AND ended > ?"
    found = records.conversations_where(db, where, (agent_id, now_ms() - AFTER_MS), 1)
    return found[0] if found else None


def _unrecorded(web: Web, db: Database, call: str, row: dict[str, Any]) -> Current:
    """A call that rings so soon that only the live rows know of it."""
    waiting = live.snapshot(db).rows["caller"].get(call, {})
    number = str(waiting.get("number") or (row.get("number", "") if row.get("call") == call else ""))
    who = board.find(db, web.site(), number) if number else Who()
    return Current(
        call=call,
        phase=_phase(row, call, None, ""),
        who=who,
        person=people.get(db, who.person_id) if who.person_id else None,
        queue=labels.queue_name(web.site(), waiting.get("queue") or row.get("queue")),
        since=waiting.get("since"),
    )


def _recorded(web: Web, db: Database, conversation: Conversation, phase: str) -> Current:
    number = labels.number(conversation.address, web.site().country)
    person = people.get(db, conversation.person_id) if conversation.person_id else None
    waits = [part.started for part in conversations.segments(db, conversation.id) if part.kind == "wait"]
    saved, saved_at = desk_note.saved(web, db, conversation)
    return Current(
        call=conversation.external_id,
        phase=phase,
        conversation=conversation,
        who=Who(person.name if person else "", number, person.id if person else None),
        person=person,
        queue=labels.queue_name(web.site(), conversation.queue_id),
        since=waits[0] if waits else conversation.started,
        saved=saved,
        saved_at=saved_at,
    )


class Strip:
    """Who waits in an agent's queues, as HTML: one for all agents of the same queues and language."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._latest = Latest(web.store)
        self._guard = threading.Lock()
        self._html: dict[tuple[str, ...], tuple[Board, str]] = {}

    def get(self) -> str:
        """The strip for this agent."""
        web, agent_id = self._web, _agent_id(self._web)
        _, now = self._latest.get(web.site(), web.visit.zone, now_ms())
        queues = [queue for queue in now.queues if agent_id in queue.queue.agents]
        key = (web.visit.language.code, *(queue.queue.id for queue in queues))
        with self._guard:
            made = self._html.get(key)
            if made is None or made[0] is not now:
                made = (now, web.render("desk-queues.html", queues=queues, now=now.now))
                self._html[key] = made
        return made[1]


def _recent(web: Web) -> dict[str, Any]:
    """For desk-recent.html: the agent's last calls."""
    with web.store.read() as db:
        newest = conversations.recent(db, RECENT + 1, agent_id=_agent_id(web))
        found = [one for one in newest if one.state != "open"][:RECENT]
        whom = {one.person_id: people.get(db, one.person_id) for one in found if one.person_id}
        keys = [one.id for one in found]
        segments, messages = records.segments_of(db, keys), records.messages_of(db, keys)
    now = now_ms()
    views = [callview.view(web.site(), one, segments[one.id], messages[one.id], {}, now) for one in found]
    return {"recent": views, "people": whom}
