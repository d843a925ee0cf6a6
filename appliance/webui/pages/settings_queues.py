"""/settings/queues: where callers wait, what they hear, who is called, and what else may become of them."""

from __future__ import annotations

from appliance.store.music import OFFICE
from appliance.store.site_queues import AT_ONCE, CALLBACK, EXITS, PRIORITIES, STRATEGIES, Queue
from appliance.webui import music_words, site_forms
from appliance.webui.differences import LABELS, OFFER, PRIORITY_NAMES, SORRY, STRATEGY_NAMES
from appliance.webui.editing import Kind, based_on, item_routes, known
from appliance.webui.i18n import N_
from appliance.webui.web import Web

# How soon an agent is called: the queue's list that he is in, and the words for it.
LEVELS = {
    "": N_("is called at once"),
    "helpers": N_("helps out later"),
    "reserves": N_("comes last"),
}


def routes(web: Web) -> None:
    """Declares the routes."""

    def show(queue_id: str) -> str:
        site = web.site()
        queue = Queue("", "") if queue_id == "new" else known(site.queue(queue_id))
        played = music_words.choices(site, web.gettext)
        return web.render(
            "settings-queue.html",
            queue=queue,
            agents=site.agents,
            levels=[(name, web.gettext(words)) for name, words in LEVELS.items()],
            level_of={agent: tuple(LEVELS)[queue.level(agent) - AT_ONCE] for agent in queue.agents},
            strategies=[(name, web.gettext(STRATEGY_NAMES[name])) for name in STRATEGIES],
            priorities=[(name, web.gettext(PRIORITY_NAMES[name])) for name in PRIORITIES],
            music=[(OFFICE, music_words.name(site, OFFICE, web.gettext)), *played],
            hours=[("", web.gettext(N_("always open"))), *((one.id, one.name) for one in site.schedules)],
            exits=[(name, web.gettext(LABELS[Queue][name]), _exits(web, queue, name)) for name in EXITS],
            prompts=[("", web.gettext(N_("The text below"))), *((one.id, one.name) for one in site.prompts)],
            number=based_on(web),
        )

    item_routes(web, Kind("queues", "q", show, site_forms.queue))


def _exits(web: Web, queue: Queue, name: str) -> list[tuple[str, str]]:
    """Where a caller can be sent."""
    site = web.site()
    flows = [(one.id, web.gettext(N_("Flow “%(name)s”"), name=one.name)) for one in site.flows]
    others = [one for one in site.queues if one.id != queue.id]
    queues = [(one.id, web.gettext(N_("Queue “%(name)s”"), name=one.name)) for one in others]
    # Promises end at closing time.
    offer = [(CALLBACK, web.gettext(OFFER))] if name != "when_closed" else []
    return [("", web.gettext(SORRY)), *offer, *flows, *queues]
