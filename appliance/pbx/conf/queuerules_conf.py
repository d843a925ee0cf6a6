"""queuerules.conf: how long a caller waits before those are called who only help out. A rule is named after
its queue. A call begins with those who are called at once (foyer-queue.conf): a rule for the first second
comes too late for the first ring (apps/app_queue.c, queue_exec).
"""

from __future__ import annotations

from collections.abc import Iterator

from appliance.pbx.conf.inputs import Env
from appliance.pbx.conf.syntax import Section, document
from appliance.store.site_queues import HELPS, LAST, Queue
from appliance.store.sitemodel import Site

FILE = "queuerules.conf"


def render(site: Site, _env: Env) -> str:
    """The file's text."""
    return document(
        FILE, (Section(queue.id, tuple(_steps(queue))) for queue in site.queues if has_rule(queue))
    )


def has_rule(queue: Queue) -> bool:
    """Whether some of its agents are called later than others."""
    return bool(queue.helpers or queue.reserves)


def _steps(queue: Queue) -> Iterator[tuple[str, str]]:
    """Seconds of waiting, and up to which penalty agents are called from then on."""
    if queue.helpers:
        yield "penaltychange", f"{queue.helpers_after_seconds},{HELPS}"
    if queue.reserves:
        yield "penaltychange", f"{queue.reserves_after_seconds},{LAST}"
