"""A phone that lost its memory and takes its call back, as the agent's reloaded page does (RFC 3891)."""

from __future__ import annotations

from dataclasses import replace

from tests.asterisk.leg import Leg
from tests.asterisk.phone import Phone, Transaction
from tests.asterisk.sip import tag_of


def take_over(phone: Phone, old: Leg, number: str) -> Leg:
    """Calls in with `Replaces`: a new leg, which Asterisk puts in the old one's place. Waits until it is up.

    `number` is not rung, but Asterisk refuses one that does not exist.
    """
    uri = f"sip:{number}@{phone.server[0]}:{phone.server[1]}"
    new = Leg(phone, uri, f"again-{old.call_id}", None)
    new.local = f"<sip:{phone.user}@{phone.host}>;tag={new.tag}"
    new.remote = f"<{uri}>"
    phone.legs.append(new)
    request = new.request("INVITE", new.description())
    # To-tag and from-tag as Asterisk sees them: it called us, so ours is the "to".
    header = ("Replaces", f"{old.call_id};to-tag={tag_of(old.remote)};from-tag={old.tag}")
    phone._dispatch(Transaction(replace(request, headers=(*request.headers, header)), new))
    return new.wait_answer()
