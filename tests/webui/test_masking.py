"""What people named and keyed in is taken out of texts that leave the box."""

from __future__ import annotations

from dataclasses import replace

from appliance.settings import Settings
from appliance.store import Store, secrets
from appliance.store import site as sites
from appliance.store.flows import Flow
from appliance.store.music import MusicSet
from appliance.store.prompts import Prompt
from appliance.store.schedules import DateHours, Schedule
from appliance.store.site_inside import Paging, Room
from appliance.webui.masking import Mask, mask_of

PIN = "9174"


def mask(store: Store, settings: Settings) -> Mask:
    """Of a site with one of everything that has a name, and a room with a PIN."""
    with store.change() as change:
        secrets.put(change, "room:r1", PIN)
    with store.read() as db:
        site = replace(
            sites.head(db)[1],
            rooms=(Room("r1", "Winterthur", "810", locked=True),),
            pagings=(Paging("p1", "Loudmouth", "820"),),
            flows=(Flow("f1", "Nightingale", ()),),
            schedules=(Schedule("s1", "Kommunion", exceptions=(DateHours("2026-12-27", "Stocktaking"),)),),
            prompts=(Prompt("g1", "Gerolstein", ()),),
            music=(MusicSet("m1", "Schubert", ()),),
        )
        return mask_of(db, settings, site)


def test_every_name_that_somebody_gave_is_hidden(
    store: Store, settings: Settings, box: dict[str, str]
) -> None:
    known = mask(store, settings)
    for name in (
        *("Winterthur", "Loudmouth", "Nightingale", "Kommunion"),
        *("Stocktaking", "Gerolstein", "Schubert"),
    ):
        assert known.hide(f"it failed at {name}, twice") == "it failed at (name), twice"


def test_a_rooms_pin_is_hidden_where_it_stands_alone(
    store: Store, settings: Settings, box: dict[str, str]
) -> None:
    known = mask(store, settings)
    assert PIN not in known.hide(f"dialled {PIN}#") and PIN not in known.secretless(f"pin={PIN}.")
    assert known.secretless(f"port 1{PIN}, leg a{PIN}") == f"port 1{PIN}, leg a{PIN}"
