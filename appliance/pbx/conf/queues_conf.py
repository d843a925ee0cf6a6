"""queues.conf: one queue of app_queue per queue of the site. Members are dynamic: foyer-pbx puts them in."""

from __future__ import annotations

from appliance.errors import RejectedError
from appliance.pbx.conf.inputs import Env
from appliance.pbx.conf.musiconhold_conf import CLASSES
from appliance.pbx.conf.syntax import Section, document
from appliance.store.sitemodel import Queue, Site

FILE = "queues.conf"

GENERAL = (
    # Until foyer-pbx is back after a restart, the members of a second ago are better than none.
    ("persistentmembers", True),
    ("autofill", True),
    # A call that an agent took from one queue counts as wrap-up in all others.
    ("shared_lastcall", True),
    ("negative_penalty_invalid", False),
    ("log_membername_as_agent", False),
)


def render(site: Site, _env: Env) -> str:
    """The file's text."""
    return document(FILE, (Section("general", GENERAL), *(_queue(queue) for queue in site.queues)))


def _queue(queue: Queue) -> Section:
    if queue.music not in CLASSES:
        raise RejectedError("There is no such music for waiting callers.")
    return Section(
        queue.id,
        (
            ("strategy", queue.strategy),
            ("musicclass", queue.music),
            ("timeout", queue.ring_seconds),
            # With "app", the last agent before the caller's patience ends would ring only for a blink.
            ("timeoutpriority", "conf"),
            # The pause before the next agent, and the longest that a free agent stays unnoticed.
            ("retry", 1),
            ("wrapuptime", queue.wrap_up_seconds),
            ("servicelevel", queue.service_level_seconds),
            ("maxlen", 0),
            ("weight", 0),
            ("ringinuse", False),
            ("autofill", True),
            ("autopause", False),
            ("timeoutrestart", False),
            ("reportholdtime", False),
            # "loose": refuse a caller only if nobody at all is logged in; busy and paused agents come back.
            ("joinempty", "loose"),
            # Members come and go while foyer-pbx reconciles them: who waits already keeps the place.
            ("leavewhenempty", False),
            ("announce-frequency", 45),
            ("min-announce-frequency", 15),
            ("announce-position", True),
            # Each second of announcement is one in which a free agent is not rung: say the place, and no
            # thanks.
            ("queue-thankyou", ""),
            ("announce-holdtime", False),
            ("announce-to-first-user", False),
            ("announce-round-seconds", 0),
            ("setqueuevar", False),
            ("setqueueentryvar", False),
            ("setinterfacevar", False),
        ),
    )
