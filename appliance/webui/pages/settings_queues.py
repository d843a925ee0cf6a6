"""/settings/queues: where callers wait, what they hear, and who is called."""

from __future__ import annotations

from functools import partial
from typing import Any

from appliance.store.sitemodel import STRATEGIES, Queue
from appliance.webui import site_forms
from appliance.webui.differences import STRATEGY_NAMES
from appliance.webui.editing import Edit, field_in, id_for, removal, run
from appliance.webui.i18n import N_
from appliance.webui.pages.settings import based_on, known
from appliance.webui.web import Web

MUSIC = {"default": N_("Calm music")}


def routes(web: Web) -> None:
    """Declares the routes."""

    def show(queue_id: str) -> str:
        site = web.site()
        queue = Queue("", "") if queue_id == "new" else known(site.queue(queue_id))
        music = {**MUSIC, queue.music: MUSIC.get(queue.music, queue.music)}
        return web.render(
            "settings-queue.html",
            queue=queue,
            agents=site.agents,
            strategies=[(name, web.gettext(STRATEGY_NAMES[name])) for name in STRATEGIES],
            music=[(name, web.gettext(words)) for name, words in music.items()],
            number=based_on(web),
        )

    @web.get("/settings/queues/<queue_id>", "administrator")
    def queue_form(queue_id: str) -> str:
        return show(queue_id)

    @web.post("/settings/queues/<queue_id>", "administrator")
    def save_queue(queue_id: str) -> Any:
        real_id, form = id_for(web, "q", queue_id), web.form
        return run(
            web,
            Edit(
                back="/settings" if queue_id == "new" else f"/settings/queues/{queue_id}",
                change=lambda document: site_forms.queue(document, form, real_id),
                show=partial(show, queue_id),
                field_of=partial(field_in, web, "queues", real_id),
            ),
        )

    @web.post("/settings/queues/<queue_id>/remove", "administrator")
    def remove_queue(queue_id: str) -> Any:
        known(web.site().queue(queue_id))
        return removal(web, "queues", queue_id)
