"""Calls out over analog lines, with stand-ins for their channels: what follows when one has a call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.asterisk.phone import Phone
from tests.pbx_conf.exchange import Exchange, events
from tests.pbx_conf.places import DOCUMENT, site
from tests.until import until

pytestmark = pytest.mark.asterisk

# A provider of its own: other files' live beside this one.
HOST, PORT = "127.0.0.4", 5074
MOBILE = "0909123456"
PORTS = [
    {"id": f"x{port}", "number": 2, "name": f"Shop {port}", "device": "serial", "port": port}
    for port in (1, 2)
]
ANALOG = {"id": "l2", "kind": "card", "name": "Shop", "ports": ["x2", "x1"]}
# The digits wait for the dial tone.
WAY = "LOCAL(WAY)=DAHDI/${ARG2}/ww${TO}"
STAND_IN = "LOCAL(WAY)=Local/${TO}@foyer-test-${ARG2}"
# As Asterisk says of an analog channel that another call is on.
TAKEN = "".join(f"\n[foyer-test-{channel}]\nexten = _X!,1,Hangup(17)\n" for channel in (33, 34))


class Shop(Exchange):
    """Asterisk without the drivers of cards."""

    def _files(self) -> Mapping[str, str]:
        files = {name: text for name, text in super()._files().items() if name != "chan_dahdi.conf"}
        outside, test = files["foyer-outside.conf"], files["foyer-test.conf"]
        assert WAY in outside and WAY in test
        modules = files["modules.conf"].replace("load = chan_dahdi.so\n", "")
        return {
            **files,
            "foyer-outside.conf": outside.replace(WAY, STAND_IN) + TAKEN,
            "foyer-test.conf": test.replace(WAY, STAND_IN),
            "modules.conf": modules,
        }


def wanted(**changes: Any) -> Any:
    lines = [ANALOG, {**DOCUMENT["lines"][0], "host": HOST, "port": PORT}]
    return site(**{"ports": PORTS, "lines": lines, **changes})


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with Shop(tmp_path_factory.mktemp("analog-out"), wanted()) as asterisk:
        yield asterisk


def tried(exchange: Shop, since: int) -> list[int]:
    """The channels that were tried, in their order."""
    text = exchange.log.read_text("utf-8", "replace")[since:]
    parts = text.split(f"Called Local/{MOBILE}@foyer-test-")[1:]
    return [int(part[:2]) for part in parts]


def test_the_next_line_is_tried_when_calls_are_on_all_ports(exchange: Shop) -> None:
    since = exchange.since()
    with (
        Phone("provider", host=HOST, port=PORT, server=exchange.server) as provider,
        exchange.desk("a1") as desk,
    ):
        leg = desk.call(MOBILE)
        provider.wait_ring()
        leg.hang_up()
    assert tried(exchange, since) == [34, 33]
    exchange.wait_idle()


def test_no_line_is_free_is_not_busy(exchange: Shop) -> None:
    """Who dialled is not told that the number is busy."""
    exchange.save(wanted(lines=[ANALOG], numbers=[]))
    since = exchange.since()
    with exchange.desk("a1") as desk:
        assert desk.call(MOBILE).wait_end(15).status == 503
    assert tried(exchange, since) == [34, 33]
    assert ("foyer/no-line", "vi") in exchange.played(since)
    exchange.wait_idle()


def test_one_port_alone_is_tried(exchange: Shop) -> None:
    """The number goes out as it is dialled at home, over the port that was chosen, and over no other."""
    exchange.save(wanted())
    since = exchange.since()
    exchange.cli("dialplan set global FOYER_TEST_NUMBER +84909123456")
    exchange.cli("dialplan set global FOYER_TEST 01TEST")
    exchange.cli("channel originate Local/s@foyer-test-x1/n application Wait 5")

    def ends() -> list[str]:
        return [row["eventextra"] for row in events(exchange) if row["eventtype"] == "FOYER_TEST"]

    (end,) = until(ends, 20, "the end of the test")
    assert end.startswith('{"extra":"01TEST^BUSY^^17^'), end
    assert tried(exchange, since) == [33]
    exchange.wait_idle()
