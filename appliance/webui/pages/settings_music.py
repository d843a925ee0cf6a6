"""/settings/music: what callers hear while they wait: sets of the office's own music, each in one form, and
which of them the whole office plays.
"""

from __future__ import annotations

from typing import Any

from appliance.store import music
from appliance.store.music import PIECES_MAX
from appliance.webui import music_forms, music_words
from appliance.webui.editing import Document, Edit, Kind, based_on, item_routes, known, run
from appliance.webui.forms import Form
from appliance.webui.music_forms import Draft
from appliance.webui.web import Web


def routes(web: Web) -> None:
    """Declares the routes."""
    _every(web)

    def show(set_id: str) -> str:
        site = web.site()
        found = None if set_id == "new" else known(site.music_set(set_id))
        if web.form.has("csrf"):
            draft = music_forms.read(web.form)
        else:
            draft = music_forms.draft_of(found) if found else Draft()
        return web.render(
            "settings-music-set.html",
            set_id=found.id if found else "",
            draft=draft,
            most=PIECES_MAX,
            is_offices=found is not None and site.hold_music == found.id,
            uses=music.uses(site, found.id) if found else [],
            number=based_on(web),
        )

    def write(document: Document, form: Form, set_id: str) -> None:
        music_forms.write(document, form, set_id, web.library.has)

    def field_of(_set_id: str, path: str) -> str:
        return music_forms.field_of(path)

    item_routes(web, Kind("music", "m", show, write, field_of=field_of))


def _every(web: Web) -> None:
    def show() -> str:
        site = web.site()
        return web.render(
            "settings-music.html",
            choices=music_words.choices(site, web.gettext),
            uses=lambda set_id: music.uses(site, set_id),
            number=based_on(web),
        )

    @web.get("/settings/music", "administrator")
    def every() -> str:
        return show()

    @web.post("/settings/music", "administrator")
    def save() -> Any:
        chosen = web.form.text("hold_music")

        def change(document: Document) -> None:
            document["hold_music"] = chosen

        return run(web, Edit("/settings/music", change, show, field_of=lambda path: path))
