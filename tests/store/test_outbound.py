"""The rules for calls out: what is refused in the document, and who may call what."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from appliance.errors import RejectedError
from appliance.store import calling, countries
from appliance.store.site_outbound import KINDS, Outbound, Permit
from appliance.store.sitemodel import Site

VIETNAM = countries.find("VN", countries.load())
DOCUMENT: dict[str, Any] = {
    "agents": [{"id": f"a{n}", "name": f"N{n}", "extension": f"10{n}"} for n in (1, 2, 3)],
    "lines": [{"id": f"l{n}", "name": f"L{n}", "host": f"192.0.2.{n}"} for n in (1, 2)],
}


def site(**outbound: Any) -> Site:
    return Site.from_dict({**DOCUMENT, "outbound": outbound})


def test_what_is_expensive_is_refused_unless_somebody_allows_it() -> None:
    rules = Site.from_dict({}).outbound
    assert rules == Outbound()
    assert rules.kinds_of("a1") == ("national", "mobile", "international") and rules.countries == ()
    assert set(KINDS) - set(rules.kinds) == {"elsewhere", "premium", "satellite", "unknown"}


def test_a_permit_counts_instead_of_the_rules_for_everybody() -> None:
    rules = site(kinds=["mobile"], permits=[{"agent_id": "a2", "kinds": ["premium", "national"]}]).outbound
    assert rules.permits == (Permit("a2", ("premium", "national")),)
    assert rules.kinds_of("a1") == ("mobile",) and rules.kinds_of("a2") == ("national", "premium")
    assert site(permits=[{"agent_id": "a3", "kinds": []}]).outbound.kinds_of("a3") == ()


def test_every_line_is_for_calls_out_unless_some_are_chosen() -> None:
    assert site().outbound.lines_of(("l1", "l2")) == ("l1", "l2")
    assert site(lines=["l2"]).outbound.lines_of(("l1", "l2")) == ("l2",)
    assert len(site().outbound.lines_of([f"l{n}" for n in range(1, 100)])) == 10


@pytest.mark.parametrize(
    ("outbound", "field"),
    [
        ({"kinds": ["cheap"]}, "outbound.kinds"),
        ({"kinds": ["mobile", "mobile"]}, "outbound.kinds.1"),
        ({"kinds": "mobile"}, "outbound.kinds"),
        ({"countries": ["XX"]}, "outbound.countries.0"),
        ({"countries": ["US", "us"]}, "outbound.countries.1"),
        ({"lines": ["l9"]}, "outbound.lines.0"),
        ({"permits": [{"agent_id": "a9", "kinds": []}]}, "outbound.permits.0.agent_id"),
        ({"permits": [{"agent_id": "a1"}, {"agent_id": "a1"}]}, "outbound.permits.1.agent_id"),
        ({"permits": [{"agent_id": "a1", "kinds": ["x"]}]}, "outbound.permits.0.kinds"),
        ({"free": True}, "outbound.free"),
        ({"limits": {"box_calls": 0}}, "outbound.limits.box_calls"),
        ({"limits": {"person_minutes": "9"}}, "outbound.limits.person_minutes"),
        ({"limits": {"no": 1}}, "outbound.limits.no"),
        ([], "outbound"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(outbound: Any, field: str) -> None:
    with pytest.raises(RejectedError) as caught:
        Site.from_dict({**DOCUMENT, "outbound": outbound})
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("number", "kind", "reason"),
    [
        ("101", "internal", ""),
        ("*43", "internal", ""),
        ("113", "emergency", ""),
        ("0909123456", "mobile", ""),
        ("02838221234", "national", "Numbers of this country"),
        ("0012025550143", "international", ""),
        ("+5352345678", "elsewhere", "a country that may not be called"),
        ("19001234", "premium", "costs extra"),
        ("+88216123456", "satellite", "Satellite"),
        ("1080", "unknown", "not a number that the box knows"),
        ("109", "unknown", "not a number that the box knows"),
    ],
)
def test_may_this_be_called_and_why_not(number: str, kind: str, reason: str) -> None:
    rules = site(kinds=["mobile", "international"], countries=["US"])
    assert calling.kind_of(rules, VIETNAM, number) == kind
    if not reason:
        calling.refuse_forbidden(rules, VIETNAM, "a1", number)
        return
    with pytest.raises(RejectedError, match=reason):
        calling.refuse_forbidden(rules, VIETNAM, "a1", number)
    everything = replace(rules, outbound=replace(rules.outbound, permits=(Permit("a1", KINDS),)))
    calling.refuse_forbidden(everything, VIETNAM, "a1", number)


def test_every_kind_has_a_reason() -> None:
    assert calling.REASONS.keys() == set(KINDS)
