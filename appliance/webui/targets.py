"""What a number can lead to, for the forms in which one is typed."""

from __future__ import annotations

from appliance.webui.i18n import N_
from appliance.webui.web import Web


def targets(web: Web) -> list[tuple[str, str]]:
    """Queues and flows: ids and words."""
    site = web.site()
    queues = [(one.id, web.gettext(N_("Queue “%(name)s”"), name=one.name)) for one in site.queues]
    return queues + [(one.id, web.gettext(N_("Flow “%(name)s”"), name=one.name)) for one in site.flows]
