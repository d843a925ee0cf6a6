"""/settings/queues: where callers wait, what they hear, and who is called."""

from __future__ import annotations

from appliance.store.sitemodel import STRATEGIES, Queue
from appliance.webui import site_forms
from appliance.webui.differences import STRATEGY_NAMES
from appliance.webui.editing import Kind, based_on, item_routes, known
from appliance.webui.i18n import N_
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

    item_routes(web, Kind("queues", "q", show, site_forms.queue))
