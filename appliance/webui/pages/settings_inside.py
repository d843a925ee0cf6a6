"""/settings/rooms and /settings/pagings: internal numbers that are nobody's phone."""

from __future__ import annotations

from appliance.store import countries, phone, secrets
from appliance.store.site_inside import Paging, Room, is_pin, secret_of
from appliance.webui import kept_secrets, site_forms
from appliance.webui.editing import Extra, Kind, based_on, item_routes, known
from appliance.webui.i18n import N_
from appliance.webui.web import Web


def routes(web: Web) -> None:
    """Declares the routes."""

    def show_room(room_id: str) -> str:
        found = next((one for one in web.site().rooms if one.id == room_id), None)
        room = Room("", "", _free(web)) if room_id == "new" else known(found)
        with web.store.read() as db:
            has_pin = secrets.get(db, secret_of(room_id)) is not None
        return web.render("settings-room.html", room=room, has_pin=has_pin, number=based_on(web))

    def saving_room(room_id: str) -> Extra:
        if not web.form.has("locked"):
            return kept_secrets.removing(secret_of(room_id))
        typed = phone.ascii_digits(web.form.text("room_password"))
        if typed and not is_pin(typed):
            web.form.error("room_password", N_("A PIN has 4 to 10 digits."))
            return Extra()
        web.form.put("room_password", typed)
        words = web.gettext(N_("A new PIN for the conference room"))
        extra = kept_secrets.saving(web, "room_password", secret_of(room_id), words)
        with web.store.read() as db:
            if not extra.also and secrets.get(db, secret_of(room_id)) is None:
                web.form.error("room_password", N_("A PIN has 4 to 10 digits."))
        return extra

    def removing_room(room_id: str) -> Extra:
        return kept_secrets.removing(secret_of(room_id))

    def show_paging(group_id: str) -> str:
        found = next((one for one in web.site().pagings if one.id == group_id), None)
        group = Paging("", "", _free(web)) if group_id == "new" else known(found)
        return web.render("settings-paging.html", group=group, number=based_on(web))

    item_routes(web, Kind("rooms", "r", show_room, site_forms.room, saving_room, removing_room))
    item_routes(web, Kind("pagings", "g", show_paging, site_forms.paging))


def _free(web: Web) -> str:
    """An internal number to propose."""
    site = web.site()
    return site_forms.free_extension(site, countries.find_or_generic(site.country, countries.load()))
