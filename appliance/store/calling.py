"""May somebody call a number? The dialplan's answer, with the reason, for who asks before calling. Pure.

Called by foyer-pbx before it rings a phone for a call out, by the page of the rules, and by the trial of a
call.
"""

from __future__ import annotations

from appliance.errors import RejectedError, Sentence
from appliance.store import site_inside
from appliance.store.countries import Country
from appliance.store.number_plan import NumberPlan, plan
from appliance.store.sitemodel import Site

# Inside the office: a colleague, a conference room, or a code such as *43.
INTERNAL = "internal"
EMERGENCY = "emergency"
_FREE = (INTERNAL, EMERGENCY)
REASONS = {
    "national": Sentence(
        "Numbers of this country may not be called from this phone.",
        "An administrator can allow it on the page Settings, Calls out.",
    ),
    "mobile": Sentence(
        "Mobile numbers may not be called from this phone.",
        "An administrator can allow it on the page Settings, Calls out.",
    ),
    "international": Sentence(
        "Other countries may not be called from this phone.",
        "An administrator can allow it on the page Settings, Calls out.",
    ),
    "elsewhere": Sentence(
        "This number is in a country that may not be called.",
        "An administrator can allow it on the page Settings, Calls out.",
    ),
    "premium": Sentence(
        "This number costs extra, and may not be called.",
        "An administrator can allow it on the page Settings, Calls out.",
    ),
    "satellite": Sentence(
        "Satellite phones may not be called.",
        "An administrator can allow it on the page Settings, Calls out.",
    ),
    "unknown": Sentence(
        "This is not a number that the box knows, so that nobody can say what the call costs.",
        "Look at the number; an administrator can allow such numbers on the page Settings, Calls out.",
    ),
}


def plan_of(site: Site, country: Country) -> NumberPlan:
    """The numbers as the site's dialplan knows them."""
    return plan(country, site.outbound.countries)


def kind_of(site: Site, country: Country, dialled: str) -> str:
    """What kind of call `dialled` (digits, *, # and +) makes: one of site_outbound.KINDS, "emergency" or
    "internal".
    """
    found = plan_of(site, country).kind(dialled)
    is_internal = dialled[:1] in ("*", "#") or any(
        one.extension == dialled for _, one in site_inside.numbers(site)
    )
    return INTERNAL if is_internal and found != EMERGENCY else found


def kind_for_box(site: Site, country: Country, number: str) -> str:
    """What kind of call, one of site_outbound.KINDS, a flow of the site makes that sends callers there."""
    return plan_of(site, country).price(number)


def refuse_forbidden(site: Site, country: Country, agent_id: str, dialled: str) -> None:
    """RejectedError, with the reason, for a number that this agent may not call."""
    kind = kind_of(site, country, dialled)
    if kind not in _FREE and kind not in site.outbound.kinds_of(agent_id):
        reason = REASONS[kind]
        raise RejectedError(reason.message, reason.hint, field="number")
