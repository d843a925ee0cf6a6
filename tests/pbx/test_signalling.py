"""Whether the exchange behind a card's span answers: asked of Asterisk, kept for the pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.pbx.ami_session import Account, ActionSession
from appliance.pbx.live_rows import line_of
from appliance.pbx.running import RunningSite
from appliance.pbx.signalling import Signalling
from appliance.store import Store, live
from appliance.store import site as sites
from appliance.store.sitemodel import Site
from tests.pbx.fake_asterisk import Action, FakeAsterisk, block, success

DOCUMENT: dict[str, Any] = {
    **{"country": "VN", "language": "en", "time_zone": "Asia/Ho_Chi_Minh", "business_name": "Lotus"},
    "spans": [{"id": "d1", "number": 1, "name": "Company", "device": "DYN/loc/1:1"}],
}
# Order, active, up: as Asterisk 22 names them (channels/sig_pri.c, sig_pri_ami_show_spans).
SPANS = ((1, "Primary", "No"), (1, "Secondary", "Yes"), (2, "Primary", "No"))


def spans(asterisk: FakeAsterisk, action: Action) -> None:
    """Answers as a real one with three signalling channels."""
    if action["Action"] != ["PRIShowSpans"]:
        success(asterisk, action)
        return
    tag = f"ActionID: {action['ActionID'][0]}"
    asterisk.send(block("Response: Success", tag, "EventList: start", "Message: Span list will follow"))
    for span, order, up in SPANS:
        asterisk.send(
            block("Event: PRIShowSpans", tag, f"Span: {span}", "DChannel: 16", f"Order: {order}", f"Up: {up}")
        )
    asterisk.send(
        block("Event: PRIShowSpansComplete", tag, "EventList: Complete", "ListItems: 3", "Items: 3")
    )


def refuse(asterisk: FakeAsterisk, action: Action) -> None:
    """Answers as one that has not loaded the cards' driver."""
    if action["Action"] == ["PRIShowSpans"]:
        asterisk.send(
            block("Response: Error", f"ActionID: {action['ActionID'][0]}", "Message: Invalid/unknown command")
        )
    else:
        success(asterisk, action)


@pytest.fixture
def far(tmp_path: Path) -> Iterator[tuple[FakeAsterisk, ActionSession]]:
    """A far end, and a session with it."""
    (tmp_path / "secret").write_text("x")
    with FakeAsterisk(spans) as fake:
        session = ActionSession(Account(fake.port, "ami-actions", tmp_path / "secret"))
        yield fake, session
        session.close()


def kept(store: Store) -> dict[str, dict[str, Any]]:
    with store.read() as db:
        return live.snapshot(db).rows["signal"]


def test_a_span_is_up_if_one_of_its_channels_is(
    store: Store, far: tuple[FakeAsterisk, ActionSession]
) -> None:
    fake, session = far
    signalling = Signalling(store, session, RunningSite(store))
    with store.change() as change:
        live.put(change, "signal", "9", {"up": True})
    signalling.look()
    assert kept(store) == {} and fake.actions == []
    with store.change() as change:
        sites.save(change, Site.from_dict(DOCUMENT), "", "", 0)
    signalling.look()
    assert kept(store) == {"1": {"up": True}, "2": {"up": False}}
    fake.answer = refuse
    signalling.look()
    assert kept(store) == {}


@pytest.mark.parametrize(
    ("channel", "line"),
    [
        ("DAHDI/i1/0912345678-2a", "i1"),
        ("DAHDI/i16/-1", "i16"),
        ("DAHDI/i2/0912345678", None),
        ("DAHDI/I1/congestion", None),
        ("DAHDI/87-1", "c87"),
        ("DAHDI/87", None),
        ("DAHDI/pseudo-1", None),
    ],
)
def test_calls_over_a_card_count_for_their_span_or_analog_port(channel: str, line: str | None) -> None:
    assert line_of(channel) == line
