"""The rules for calls out in words: the kinds of calls, and what differs between two sets of rules. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from appliance.store.site_outbound import Outbound
from appliance.store.sitemodel import Site
from appliance.webui import labels, places
from appliance.webui.i18n import N_, Language

type Change = tuple[str, str, str]
"""What differs, before and after."""

# kind: (words, hint)
KINDS = {
    "national": (N_("Numbers of this country"), N_("Fixed lines, internet telephony and free numbers.")),
    "mobile": (N_("Mobile phones of this country"), ""),
    "international": (N_("The countries on the list"), N_("Ordinary and mobile numbers there.")),
    "elsewhere": (N_("All other countries"), N_("Their expensive numbers, too. Fraud usually calls there.")),
    "premium": (N_("Numbers that cost extra"), N_("Such as hotlines with a price, or shared cost.")),
    "satellite": (N_("Satellite phones"), ""),
    "unknown": (
        N_("Numbers that the box does not know"),
        N_("Such as short service numbers. Nobody can say what they cost."),
    ),
}
# limit: (words, unit)
LIMITS = {
    "person_at_once": (N_("Calls of one person at a time"), N_("calls")),
    "person_calls": (N_("Calls of one person a day"), N_("calls")),
    "person_minutes": (N_("Minutes of one person a day"), N_("minutes")),
    "box_at_once": (N_("Calls of all together at a time"), N_("calls")),
    "box_calls": (N_("Calls of all together a day"), N_("calls")),
    "box_minutes": (N_("Minutes of all together a day"), N_("minutes")),
    "longest_minutes": (N_("Longest call"), N_("minutes")),
    "expensive_minutes": (N_("Expensive minutes in an hour"), N_("minutes")),
}
OTHERS = {
    "internal": N_("A call inside the office: always allowed."),
    "emergency": N_("An emergency number: always allowed, from every phone, over every line."),
}
NUMBER_FORMATS = {
    "national": N_("As it is dialled in this country: 0901 234567, 0044 …"),
    "plus": N_("In full, with a plus sign: +84 901 234567"),
    "digits": N_("In full, without a plus sign: 84 901 234567"),
}


def kinds(chosen: tuple[str, ...], say: Callable[[str], str]) -> str:
    """Kinds of calls as one text."""
    return ", ".join(say(KINDS[kind][0]) for kind in chosen)


def differences(old: Site, new: Site, language: Language) -> Iterator[Change]:
    """What differs in the rules, in the order of their page."""
    say = language.gettext
    before, after = old.outbound, new.outbound
    yield say(N_("Everybody may call")), kinds(before.kinds, say), kinds(after.kinds, say)
    yield (
        say(N_("Countries on the list")),
        _countries(before, language),
        _countries(after, language),
    )
    yield say(N_("Lines for calls out")), _lines(old), _lines(new)
    for name, (words, _unit) in LIMITS.items():
        yield say(words), str(getattr(before.limits, name)), str(getattr(after.limits, name))
    for agent_id in dict.fromkeys(one.agent_id for one in (*before.permits, *after.permits)):
        name = labels.agent_name(new, agent_id) or labels.agent_name(old, agent_id)
        label = say(N_("%(name)s may call")) % {"name": name}
        yield label, _permit(before, agent_id, say), _permit(after, agent_id, say)


def _permit(rules: Outbound, agent_id: str, say: Callable[[str], str]) -> str:
    """As everybody, if there are none of his own."""
    if not any(one.agent_id == agent_id for one in rules.permits):
        return say(N_("what everybody may call"))
    return kinds(rules.kinds_of(agent_id), say) or say(N_("nothing but emergency numbers and colleagues"))


def _countries(rules: Outbound, language: Language) -> str:
    return language.comma.join(places.country_name(language, code) for code in rules.countries)


def _lines(site: Site) -> str:
    chosen = (site.line(one) for one in site.outbound.lines_of([line.id for line in site.lines]))
    return ", ".join(line.name for line in chosen if line is not None)
