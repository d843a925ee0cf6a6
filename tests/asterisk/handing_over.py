"""What phones do with calls beside talking: transfer them, blind or after asking, and send them elsewhere."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from tests.asterisk.leg import Leg
from tests.asterisk.phone import Phone
from tests.asterisk.sip import tag_of


def refer(leg: Leg, target: str) -> None:
    """Transfers the other side of this leg (RFC 3515)."""
    request = leg.request("REFER")
    more = (("refer-to", f"<{target}>"), ("referred-by", leg.local.partition(";tag")[0]))
    answer = leg.phone.ask(replace(request, headers=(*request.headers, *more)))
    assert answer.status == 202, answer.start


def hand_over(leg: Leg, asking: Leg) -> None:
    """Connects the other side of `leg` with that of `asking`, a call of the same phone (RFC 3891)."""
    replaces = f"{asking.call_id};to-tag={tag_of(asking.remote)};from-tag={asking.tag}"
    refer(leg, f"{asking.target.partition(';')[0]}?Replaces={quote(replaces, safe='')}")


def redirect(phone: Phone, leg: Leg, number: str) -> None:
    """Sends a call that rings at `phone` to another number (RFC 3261 21.3.3)."""
    assert leg.invite, "nothing rings"
    host, port = phone.server
    phone.respond(leg.invite, 302, "Moved Temporarily", leg, contact=f"sip:{number}@{host}:{port}")
    leg.end()
