"""queues.conf: one queue of app_queue per queue of the site. Members are dynamic: foyer-pbx puts them in."""

from __future__ import annotations

from appliance.pbx.conf.inputs import Env, prompt_name, stamp
from appliance.pbx.conf.queuerules_conf import has_rule
from appliance.pbx.conf.syntax import Section, choice, document, identifier, path
from appliance.store import prompts
from appliance.store.site_queues import STRATEGIES, Queue
from appliance.store.sitemodel import Site

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


# A queue that nobody is put into. Its name ends with the stamp of all that stands before it: Asterisk tells
# little of a queue, but one that is there was read, and so was what stands before it.
STAMP = "foyer-stamp-"
# The prompt that says which key leads to leaving a number.
OFFER = "foyer/back-offer"
# When an agent of several queues is free: which of them gives him a call.
WEIGHTS = {"low": 0, "normal": 5, "high": 10}


def render(site: Site, env: Env) -> str:
    """The file's text."""
    parts = (Section("general", GENERAL), *(_queue(site, queue, env) for queue in site.queues))
    name = f"{STAMP}{stamp(document(FILE, parts))}"
    # What foyer-apply compares of every queue.
    settings = (("strategy", Queue.strategy), ("maxlen", 0), ("weight", 0), ("servicelevel", 0))
    return document(FILE, (*parts, Section(name, settings)))


def _queue(site: Site, queue: Queue, env: Env) -> Section:
    return Section(
        queue.id,
        (
            ("strategy", choice(queue.strategy, STRATEGIES)),
            ("musicclass", identifier(queue.music)),
            ("timeout", queue.ring_seconds),
            # With "app", the last agent before the caller's patience ends would ring only for a blink.
            ("timeoutpriority", "conf"),
            # The pause before the next agent, and the longest that a free agent stays unnoticed.
            ("retry", 1),
            ("wrapuptime", queue.wrap_up_seconds),
            ("servicelevel", queue.service_level_seconds),
            # The dialplan looks whether a queue is full: some who come back may always come in.
            ("maxlen", 0),
            ("weight", _weight(site, queue)),
            *((("defaultrule", queue.id),) if has_rule(queue) else ()),
            ("ringinuse", False),
            ("autofill", True),
            ("autopause", False),
            ("timeoutrestart", False),
            ("reportholdtime", False),
            # "loose": refuse a caller only if nobody at all is logged in; busy and paused agents come back.
            ("joinempty", "loose"),
            # Members come and go while foyer-pbx reconciles them: who waits already keeps the place.
            ("leavewhenempty", False),
            ("announce-frequency", _announced(queue)),
            ("min-announce-frequency", 15),
            ("announce-position", queue.announce_position),
            # Each second of announcement is one in which a free agent is not rung: say the place, and no
            # thanks.
            ("queue-thankyou", ""),
            ("announce-holdtime", queue.announce_wait),
            # Whose turn it is hears nothing while phones ring. To app_queue, it is the turn of as many as
            # there are free agents, also of those who may not be called yet.
            ("announce-to-first-user", has_rule(queue)),
            ("announce-round-seconds", 0),
            *_messages(site, queue, env),
            ("setqueuevar", False),
            ("setqueueentryvar", False),
            ("setinterfacevar", False),
        ),
    )


def _weight(site: Site, queue: Queue) -> int:
    """An important queue keeps its agents for itself while somebody waits there, also those whom it may not
    call yet. So one that calls somebody late who is in another queue, too, has no weight.
    """
    late = {*queue.helpers, *queue.reserves}
    shares = any(late.intersection(other.agents) for other in site.queues if other.id != queue.id)
    return 0 if shares else WEIGHTS[queue.priority]


def _announced(queue: Queue) -> int:
    """Every how many seconds the place or the wait is told; 0 for never."""
    return queue.announce_every_seconds if queue.announce_position or queue.announce_wait else 0


def _messages(site: Site, queue: Queue, env: Env) -> tuple[tuple[str, str | int], ...]:
    message = prompts.message(site, queue)
    sound = path(str(env.sounds / prompt_name(site.language, message))) if message else ""
    # Asterisk says them in turn.
    said = (OFFER if queue.callback else "", sound)
    every = ("periodic-announce-frequency", queue.message_every_seconds if any(said) else 0)
    keys = (("context", "foyer-keys"),) if queue.callback else ()
    return (*keys, ("periodic-announce", ",".join(filter(None, said))), every)
