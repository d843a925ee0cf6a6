"""Conference rooms and announcements: internal numbers of which each is given once."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.errors import RejectedError
from appliance.store import calling, countries
from appliance.store.sitemodel import Site

AGENTS = [{"id": "a1", "name": "Lan", "extension": "101"}, {"id": "a2", "name": "Minh", "extension": "102"}]
ROOM = {"id": "r1", "name": "Sales talk", "extension": "600", "locked": True}
GROUP = {"id": "g1", "name": "Everybody", "extension": "700", "agents": ["a1", "a2"]}


def made(**changes: Any) -> Site:
    return Site.from_dict({"agents": AGENTS, "rooms": [ROOM], "pagings": [GROUP], **changes})


def test_they_are_kept_as_they_are() -> None:
    site = made()
    assert Site.from_dict(site.to_dict()) == site
    assert site.rooms[0].locked and site.pagings[0].agents == ("a1", "a2")
    vietnam = countries.find("VN", countries.load())
    assert calling.kind_of(site, vietnam, "600") == calling.kind_of(site, vietnam, "700") == calling.INTERNAL
    assert calling.kind_of(site, vietnam, "601") != calling.INTERNAL


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"rooms": [{**ROOM, "extension": "101"}]}, "rooms.0.extension", "Lan"),
        ({"rooms": [ROOM, {**ROOM, "id": "r2", "name": "B"}]}, "rooms.1.extension", "Sales talk"),
        ({"pagings": [{**GROUP, "extension": "600"}]}, "pagings.0.extension", "Sales talk"),
        ({"agents": [*AGENTS, {**AGENTS[0], "id": "a3"}]}, "agents.2.extension", "Lan"),
        ({"rooms": [{**ROOM, "pin": "1234"}]}, "rooms.0.pin", ""),
        ({"pagings": [{**GROUP, "agents": []}]}, "pagings.0.agents", "Nobody"),
        ({"pagings": [{**GROUP, "agents": ["a9"]}]}, "pagings.0.agents.0", "no such agent"),
    ],
)
def test_what_is_refused_with_where_and_why(changes: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(RejectedError) as refused:
        made(**changes)
    assert refused.value.field == field
    assert words in f"{refused.value.sentence.message} {refused.value.sentence.values}"


def test_no_room_stands_before_an_emergency_number() -> None:
    vietnam = countries.find("VN", countries.load())
    for group in ("rooms", "pagings"):
        entry = {**(ROOM if group == "rooms" else GROUP), "extension": "113"}
        with pytest.raises(RejectedError) as refused:
            vietnam.refuse_emergency(made(**{group: [entry]}))
        assert refused.value.field == f"{group}.0.extension"
