"""/settings/card: all ports of a telephone card that nobody has set up, with two or three questions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from appliance.store import countries, live
from appliance.store.countries import Country
from appliance.store.site_spans import usual
from appliance.webui import card_proposal, span_words
from appliance.webui.card_proposal import Free, NewIds
from appliance.webui.editing import Edit, based_on, id_for, run
from appliance.webui.i18n import N_
from appliance.webui.targets import targets
from appliance.webui.web import Web

# Of a line of two channels: what its sheet says, which decides how it is signalled.
WIRES = {
    "multipoint": (
        N_("Several numbers (MSN)"),
        N_("Or the sheet says point to multipoint, or nothing. Other devices may be on the same wires."),
    ),
    "point": (
        N_("One number with extensions"),
        N_("The sheet says point to point, or direct dialling in (DDI). The box has the wires for itself."),
    ),
}


def routes(web: Web) -> None:
    """Declares the routes."""

    def offered() -> Free:
        with web.store.read() as db:
            rows = live.snapshot(db).rows
        return card_proposal.free(rows, web.site(), web.query("card") or web.form.text("card"))

    def show(free: Free) -> str:
        country, say = _country(web), web.gettext
        kind, _ = usual(country.code, country.calling_code)
        return web.render(
            "settings-card.html",
            action="/settings/card",
            card=web.query("card") or web.form.text("card"),
            free=free,
            ports=[
                *((one.key, _words(web, one.port, one.kind)) for one in free.sockets),
                *((one.key, _words(web, one.port, one.kind)) for one in free.analog),
            ],
            types={name: words for name, words in span_words.TYPES.items() if name != "bri"},
            kind=kind,
            sides=span_words.SIDES,
            wires=WIRES,
            switches=[
                (card_proposal.USUAL, say(N_("It does not say: what is usual in the country"))),
                *((name, say(words)) for name, words in span_words.SWITCHES.items()),
            ],
            targets=targets(web),
            number=based_on(web),
        )

    @web.get("/settings/card", "administrator")
    def card() -> str:
        return show(offered())

    @web.post("/settings/card", "administrator")
    def save() -> Any:
        free, form = offered(), web.form
        country, ids = _country(web), _ids(web, free)
        return run(
            web,
            Edit(
                back="/system/cards",
                change=lambda document: card_proposal.write(document, form, free, country, ids),
                show=lambda: show(free),
                field_of=card_proposal.field_of,
            ),
        )


def _country(web: Web) -> Country:
    return countries.find_or_generic(web.site().country, countries.load())


def _words(web: Web, port: int, kind: str) -> str:
    words = web.gettext(kind) if kind else ""
    return " · ".join(filter(None, (web.gettext(N_("Port %(port)s"), port=str(port)), words)))


def _ids(web: Web, free: Free) -> NewIds:
    def several(prefix: str, of: Sequence[object]) -> tuple[str, ...]:
        return card_proposal.fresh(id_for(web, prefix, "new"), len(of))

    return NewIds(
        id_for(web, "l", "new"),
        id_for(web, "n", "new"),
        several("d", free.sockets),
        several("x", free.analog),
    )
