"""A second order to ring an agent's phone while Asterisk has not begun the first, or is done with it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from appliance.errors import RejectedError
from appliance.pbx.actions import Actions
from appliance.pbx.ami_parser import Message, message_of
from appliance.pbx.orders import Orders
from appliance.pbx.running import RunningSite
from appliance.store import Store, agents, live, migrate, requests, site
from appliance.store.requests import Request
from appliance.store.sitemodel import Site
from tests.pbx.box import SITE


@dataclass
class Exchange:
    """Asterisk, which takes every order and begins none before it is told to; also the session to it."""

    ordered: int = 0
    is_refusing: bool = False

    def ami(self) -> Exchange:
        return self

    def ask(self, action: str, _fields: object) -> None:
        assert action == "Originate"
        if self.is_refusing:
            raise RejectedError("No.")
        self.ordered += 1

    def list_of(self, _action: str) -> list[Message]:
        return []


@dataclass
class Desk:
    """What the agent's page asks for, at the time `now` (s)."""

    store: Store
    exchange: Exchange = field(default_factory=Exchange)
    now: float = 0.0

    def __post_init__(self) -> None:
        none = cast(Any, None)
        self.orders = Orders(lambda: self.now)
        session = cast(Any, self.exchange)
        running = RunningSite(self.store)
        self.actions = Actions(self.store, session, running, none, none, none, none, none, self.orders)

    def call(self) -> None:
        with self.store.change() as change:
            args = {"agent": "a1", "number": "0907654321", "call": str(uuid.uuid4())}
            requests.ask(change, "pbx", "originate", args, "u1")
            request = cast(Request, requests.claim(change, "pbx"))
        self.actions.perform(request)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    migrate(tmp_path / "foyer.db")
    store = Store(tmp_path / "foyer.db")
    with store.change() as change:
        site.save(change, Site.from_dict(SITE), "u1", "", 0)
        agents.set_state(change, "a1", "available", device="desk")
        live.put(change, "agent", "a1", {"desk": True, "state": "idle"})
    yield Desk(store)
    store.close()


def test_an_order_counts_until_its_channel_comes(desk: Desk) -> None:
    desk.call()
    desk.now = 3.5
    with pytest.raises(RejectedError, match="on the phone already"):
        desk.call()
    # It came, and nobody was there: who tries again at once does.
    desk.orders.came(message_of([("Event", "Newchannel"), ("Channel", "PJSIP/a2d-00000001")]))
    with pytest.raises(RejectedError, match="on the phone already"):
        desk.call()
    desk.orders.came(message_of([("Event", "Newchannel"), ("Channel", "PJSIP/a1d-00000002")]))
    desk.call()
    assert desk.exchange.ordered == 2


def test_an_order_that_comes_to_nothing_is_forgotten(desk: Desk) -> None:
    desk.call()
    desk.now = 4.0
    desk.exchange.is_refusing = True
    with pytest.raises(RejectedError, match="No"):
        desk.call()
    desk.exchange.is_refusing = False
    desk.call()
    assert desk.exchange.ordered == 2
