"""/live/callback: a supervisor cancels the call that somebody was promised who left a number."""

from __future__ import annotations

from bottle import HTTPResponse

from appliance.errors import NotFoundError
from appliance.store import audit, callbacks
from appliance.webui import board, labels
from appliance.webui.i18n import N_
from appliance.webui.web import Web


def routes(web: Web) -> None:
    """Declares the routes."""

    @web.get("/live/callback", "supervisor")
    def ask_first() -> str | HTTPResponse:
        try:
            with web.store.read() as db:
                one = callbacks.get(db, web.query("id"))
                who = board.find(db, web.site(), one.number)
        except NotFoundError:
            return _over(web)
        if one.state not in callbacks.OPEN:
            return _over(web)
        queue = labels.queue_name(web.site(), one.queue_id)
        return web.render("live-callback.html", one=one, who=who, queue=queue)

    @web.post("/live/callback", "supervisor")
    def cancel() -> HTTPResponse:
        callback_id = web.form.text("id")
        try:
            with web.store.change() as change:
                is_done = callbacks.stop(change, callback_id, callbacks.CANCELLED, web.user().id)
                if is_done:
                    audit.record(change, web.user().id, "callback.cancel", callback_id)
        except NotFoundError:
            return _over(web)
        if not is_done:
            return _over(web)
        web.flash(N_("The call back was cancelled."))
        return web.redirect("/live")


def _over(web: Web) -> HTTPResponse:
    web.flash(N_("This call back is over already."), "info")
    return web.redirect("/live")
