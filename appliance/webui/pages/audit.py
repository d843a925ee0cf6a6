"""/audit: the journal of who did what. Administrators read it; nobody can change it."""

from __future__ import annotations

import urllib.parse
from dataclasses import dataclass

from appliance.errors import NotFoundError
from appliance.store import audit, people, users
from appliance.store.audit import Entry
from appliance.webui.i18n import N_
from appliance.webui.pages.people import title
from appliance.webui.web import Web

PAGE = 50
ACTIONS = {
    "login": N_("Signed in"),
    "login.failed": N_("Failed to sign in"),
    "confirm": N_("Confirmed the password"),
    "confirm.failed": N_("Failed to confirm the password"),
    "logout": N_("Signed out"),
    "one-time-password": N_("Used the one-time password"),
    "one-time-password.failed": N_("Typed a wrong one-time password"),
    "user.create": N_("Made an account"),
    "user.update": N_("Changed an account"),
    "user.disable": N_("Locked an account"),
    "user.enable": N_("Unlocked an account"),
    "user.password": N_("Set a password"),
    "user.recover": N_("Recovered an administrator's account"),
    "site.save": N_("Changed the settings"),
    "line.password": N_("Set a phone line's password"),
    "room.password": N_("Set a conference room's PIN"),
    "line.try": N_("Tried a phone line"),
    "line.test": N_("Called a number to test a phone line"),
    "line.wait": N_("Waited for a call on a phone line"),
    "desk-phone.password": N_("Looked at a desk phone's password"),
    "test-call": N_("Made a test call"),
    "outbound.release": N_("Released expensive calls"),
    "outbound.stop": N_("Expensive calls were stopped"),
    "agent.divert": N_("Changed where calls go"),
    "hours.close": N_("Closed for the day"),
    "hours.open": N_("Opened again as usual"),
    "call.end": N_("Ended somebody's call"),
    "callback.cancel": N_("Cancelled a call back"),
    "service.restart": N_("Restarted a service"),
    "recovery-key": N_("Looked at the recovery key"),
    "drivers.confirm": N_("Asked to let drivers in"),
    "card.file": N_("Uploaded a file of a card's maker"),
    "support-file": N_("Made a support file"),
    "network.try": N_("Tried another network"),
    "network.confirm": N_("Confirmed the network"),
    "network.leave": N_("Went back to the network before"),
    "recording.listen": N_("Listened to a recording"),
    "fax.read": N_("Read a fax"),
    "person.change": N_("Changed what is known of a person"),
    "person.priority": N_("Changed whose calls come first"),
    "person.block": N_("Blocked a person"),
    "person.unblock": N_("Let a blocked person call again"),
    "person.merge": N_("Joined two people"),
    "person.split": N_("Separated two people"),
    "person.erase": N_("Erased a person"),
}


@dataclass(frozen=True)
class Row:
    """An entry in the reader's words."""

    entry: Entry
    who: str
    what: str
    subject: str
    address: str


def routes(web: Web) -> None:
    """Declares the route."""

    @web.get("/audit", "administrator")
    def journal() -> str:
        action, who, before = web.query("action"), web.query("who"), web.query("before")
        with web.store.read() as db:
            found = audit.recent(db, PAGE + 1, before or None, action=action, who=who)
            everybody = users.every(db)
            known = audit.actions(db)
        rows = [_row(web, entry) for entry in found[:PAGE]]
        chosen = {"action": action, "who": who}
        older = ""
        if len(found) > PAGE:
            older = "/audit?" + urllib.parse.urlencode({**chosen, "before": found[PAGE - 1].id})
        return web.render(
            "audit.html",
            rows=rows,
            actions=[
                ("", web.gettext(N_("Everything"))),
                *((name, web.gettext(ACTIONS.get(name, name))) for name in known),
            ],
            people=[("", web.gettext(N_("Everybody"))), *((user.id, user.name) for user in everybody)],
            chosen=chosen,
            older=older,
            newest="/audit?" + urllib.parse.urlencode(chosen) if before else "",
        )


def _row(web: Web, entry: Entry) -> Row:
    return Row(
        entry, _who(web, entry), _what(web, entry), _subject(web, entry), str(entry.detail.get("address", ""))
    )


def _who(web: Web, entry: Entry) -> str:
    return web.gettext(N_("Somebody unknown")) if entry.who == "nobody" else web.who(entry.who)


def _what(web: Web, entry: Entry) -> str:
    return web.gettext(ACTIONS.get(entry.action, entry.action))


def _subject(web: Web, entry: Entry) -> str:
    if not entry.subject or entry.subject == entry.who:
        return ""
    if entry.action == "site.save":
        return web.gettext(N_("Number %(number)s"), number=web.visit.language.own_digits(entry.subject))
    return _person(web, entry.subject) if entry.action.startswith("person.") else web.who(entry.subject)


def _person(web: Web, person_id: str) -> str:
    with web.store.read() as db:
        try:
            return title(web, people.get(db, person_id))
        except NotFoundError:
            return web.gettext(N_("A person who was erased"))
