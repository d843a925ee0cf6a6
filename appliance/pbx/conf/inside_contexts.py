"""Conference rooms and groups of phones as contexts of extensions.conf. What they do is
pbx/dialplan/foyer-inside.conf.

Contexts: foyer-inside (their internal numbers, for the phones of the office and for whom these transfer), and
for each group foyer-paging-<group>, which looks at its phones one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator

from appliance.pbx.conf.inputs import Env
from appliance.pbx.conf.outbound import INSIDE
from appliance.pbx.conf.syntax import START, Call, Context, Extension, extension
from appliance.store.site_inside import Room
from appliance.store.sitemodel import Site

# What makes a desk phone answer by itself; each maker listens to one of them.
ALERT_INFO = "<http://foyer.invalid>;info=alert-autoanswer;delay=0"
CALL_INFO = "<sip:foyer.invalid>;answer-after=0"


def contexts(site: Site, env: Env) -> Iterator[Context]:
    """Those of all rooms and groups."""
    rooms = (Extension(extension(one.extension), (_into(one, env),)) for one in site.rooms)
    groups = (Extension(extension(one.extension), (Call(f"foyer-paging-{one.id}"),)) for one in site.pagings)
    yield Context(INSIDE, (*rooms, *groups))
    for one in site.pagings:
        phones = (Call("foyer-paged", (agent,)) for agent in one.agents)
        steps = (Call("foyer-page-begin"), *phones, Call("foyer-page"))
        yield Context(f"foyer-paging-{one.id}", (Extension(START, steps),))


def _into(room: Room, env: Env) -> Call:
    if not room.locked:
        return Call("foyer-room", (room.id, ""))
    pin = env.secrets.rooms.get(room.id, "")
    # 21: call rejected. An undo brings a room back, and no PIN: it stays shut until it is given one.
    return Call("foyer-room", (room.id, pin)) if pin else Call("foyer-refuse", ("foyer/not-allowed", "21"))
