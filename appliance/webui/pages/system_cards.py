"""/system/cards: the telephony cards in the machine, where each is and what it needs. For administrators.

foyer-hw watches; the page shows what it keeps in the store, can have the machine looked through anew, and
takes in files of cards' makers.
"""

from __future__ import annotations

import json
import logging

from bottle import HTTPResponse, request

from appliance.errors import TransientError
from appliance.privileged.client import Privileged
from appliance.store import audit, live, requests
from appliance.webui import brackets, card_words, wiring
from appliance.webui.card_files import CardFiles
from appliance.webui.i18n import N_
from appliance.webui.incoming import CARD_FILE
from appliance.webui.web import Web

_log = logging.getLogger(__name__)


def routes(web: Web) -> None:
    """Declares the routes."""
    root = Privileged(web.settings.privileged_socket)
    files = CardFiles(web.settings, web.store)

    def render(template: str) -> str:
        site = web.site()
        with web.store.read() as db:
            found = card_words.now(live.snapshot(db).rows, site)
        return web.render(
            template,
            found=found,
            cards=[(card, brackets.of_card(card, site)) for card in found.cards],
            loose=brackets.without_card(found, site),
            missing=brackets.missing(found, site),
            several=wiring.SEVERAL,
        )

    def look() -> bool:
        """Whether somebody has looked."""
        with web.change() as change:
            asked = requests.ask(change, "hw", "look", {}, web.user().id)
        return requests.wait(web.store, asked).state == "done"

    @web.get("/system/cards", "administrator")
    def cards() -> str:
        return render("system-cards.html")

    @web.get("/system/cards/now", "administrator")
    def cards_now() -> str:
        return render("system-cards-now.html")

    @web.post("/system/cards", "administrator")
    def look_again() -> HTTPResponse:
        try:
            root.find_cards()
        except TransientError as error:
            # What the kernel has found already can be looked at all the same.
            _log.warning("The kernel was not asked to look for cards: %s", error)
        if look():
            web.flash(N_("The machine was looked through."))
        else:
            web.flash(N_("Nobody looks for cards just now. Try again in a moment."), "bad")
        return web.redirect("/system/cards")

    @web.post(CARD_FILE, "administrator", is_file=True)
    def take_file() -> HTTPResponse:
        name = files.take(request.environ["wsgi.input"], request.content_length)
        with web.change() as change:
            audit.record(change, web.user().id, "card.file", name)
        look()
        if web.site().has_cards:
            # Its ports may have been set up already: they are made anew, as after a start.
            root.restart_service("foyer-apply")
        said = {"words": web.gettext(N_("The box has the file."))}
        return web.answer(json.dumps(said), content_type="application/json")
