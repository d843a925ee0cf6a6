"""Channels of telephone cards that are closed for calls, with stand-ins for them: what Asterisk does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from appliance.pbx.conf.tree import render_tree
from tests.asterisk.phone import Phone
from tests.pbx_conf.exchange import Exchange, events
from tests.pbx_conf.places import DOCUMENT, env_for, site
from tests.pbx_conf.test_calls_out import look
from tests.until import until

pytestmark = pytest.mark.asterisk

HOST, PORT = "127.0.0.4", 5075
MOBILE = "0909123456"
NUMBER = "02838251234"
SPAN = {"id": "d1", "number": 1, "name": "Company", "device": "serial", "port": 1, "closed": "1-29"}
SHOP = {"id": "x1", "number": 2, "name": "Shop", "device": "other", "port": 2}
CARD = {"id": "l2", "kind": "card", "name": "Company", "spans": ["d1"], "ports": ["x1"]}
NUMBERS = [
    *DOCUMENT["numbers"],
    {"id": "n2", "number": NUMBER, "line_id": "l2", "queue_id": "q1"},
]
# Over a digital channel, and over an analog port, which waits for the dial tone.
WAY, ANALOG_WAY = (f"LOCAL(WAY)=DAHDI/${{ARG2}}/{pause}${{TO}}" for pause in ("", "ww"))
STAND_IN = "LOCAL(WAY)=Local/${TO}@foyer-test-${ARG2}"
DIAL = "same = n(call),Dial(${WAY},90,i${FOYER_LEG_OUT})"
DIALS = "same = n(call),Gosub(foyer-test-dial,s,1(${ARG2}))"
# As Asterisk says of a channel that another call is on: there is no leg (app_dial.c).
TAKEN = """
[foyer-test-dial]
exten = s,1,GotoIf($["${TAKEN}" =~ "-${ARG1}-"]?taken)
 same = n,Dial(${WAY},90,i${FOYER_LEG_OUT})
 same = n,Return()
 same = n(taken),Verbose(0,On ${ARG1} is a call)
 same = n,Set(DIALSTATUS=BUSY)
 same = n,Return()
"""
BUSY = "".join(
    f"""
[foyer-test-{one}]
exten = _X!,1,Hangup(${{IF($["${{SAID}}" = ""]?17:${{SAID}})}})
"""
    for one in (1, 30, 31, 34)
)


class Closed(Exchange):
    """Asterisk without the drivers of cards."""

    def _files(self) -> Mapping[str, str]:
        files = {name: text for name, text in super()._files().items() if name != "chan_dahdi.conf"}
        outside = files["foyer-outside.conf"]
        assert WAY in outside and ANALOG_WAY in outside and DIAL in outside
        for way in (WAY, ANALOG_WAY):
            outside = outside.replace(way, STAND_IN)
        # The legs of stand-ins say nothing of a card.
        steps = {
            name: files[name]
            .replace("${CHANNEL(channeltype)}", "DAHDI")
            .replace("${CHANNEL(dahdi_channel)}", "${AT}")
            for name in ("foyer-call.conf", "foyer-limits.conf")
        }
        modules = files["modules.conf"].replace("load = chan_dahdi.so\n", "")
        return {
            **files,
            "foyer-outside.conf": outside.replace(DIAL, DIALS) + TAKEN + BUSY,
            **steps,
            "modules.conf": modules,
        }


def wanted(**changes: Any) -> Any:
    lines = [CARD, {**DOCUMENT["lines"][0], "host": HOST, "port": PORT}]
    made = {"spans": [SPAN], "ports": [{**SHOP, "closed": True}], "lines": lines, "numbers": NUMBERS}
    return site(**{**made, **changes})


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Closed]:
    with Closed(tmp_path_factory.mktemp("closed"), wanted()) as asterisk:
        yield asterisk


def log(exchange: Closed, since: int) -> str:
    return exchange.log.read_text("utf-8", "replace")[since:]


def tried(exchange: Closed, since: int) -> list[int]:
    """The channels that a call was sent to, in their order."""
    return [int(one) for one in re.findall(r"Called Local/\d+@foyer-test-(\d+)", log(exchange, since))]


def channels(exchange: Closed) -> list[str]:
    """The channels that the history hears of."""
    told = [row["eventextra"] for row in events(exchange) if row["eventtype"] == "FOYER_CHANNEL"]
    return [str(json.loads(text)["extra"]) for text in told]


def test_busy_is_who_was_called_and_not_the_channel(exchange: Closed) -> None:
    """No other channel, and no other line, is tried then."""
    exchange.cli("dialplan set global TAKEN -31-")
    exchange.cli("dialplan set global AT 30")
    since = exchange.since()
    with exchange.desk("a1") as desk:
        assert desk.call(MOBILE).wait_end(15).status == 486
    assert "On 31 is a call" in log(exchange, since)
    assert tried(exchange, since) == [30]
    exchange.wait_idle()
    # The history hears which one it was.
    assert channels(exchange)[-1:] == ["30"]


def test_the_next_line_is_tried_when_calls_are_on_all_open_channels(exchange: Closed) -> None:
    exchange.cli("dialplan set global TAKEN -31-30-")
    since = exchange.since()
    with (
        Phone("provider", host=HOST, port=PORT, server=exchange.server) as provider,
        exchange.desk("a1") as desk,
    ):
        leg = desk.call(MOBILE)
        provider.wait_ring()
        leg.hang_up()
    assert tried(exchange, since) == []
    exchange.wait_idle()


def test_help_is_called_over_what_is_closed_when_nothing_else_is_left(exchange: Closed) -> None:
    exchange.cli("dialplan set global TAKEN -31-30-")
    everything = {"spans": [{**SPAN, "closed": "2-31"}], "lines": [CARD], "numbers": NUMBERS[1:]}
    exchange.save(wanted(**everything))
    since = exchange.since()
    with exchange.desk("a1") as desk:
        desk.call("113").wait_end(30)
    called = tried(exchange, since)
    # The one that is open, then what is closed.
    assert called[0] == 1 and called[-1] == 34
    exchange.wait_idle()
    exchange.save(wanted())


@pytest.mark.parametrize(("said", "channels"), [(17, [31]), (44, [31, 30])])
def test_help_is_called_over_the_next_line_once_the_exchange_refused(
    exchange: Closed, said: int, channels: list[int]
) -> None:
    """And not over each channel first, which would say the same; 44 is of the channel alone."""
    exchange.cli("dialplan set global TAKEN -")
    exchange.cli(f"dialplan set global SAID {said}")
    since = exchange.since()
    with (
        Phone("provider", host=HOST, port=PORT, server=exchange.server) as provider,
        exchange.desk("a1") as desk,
    ):
        look(exchange, "l1", "NOT_INUSE")
        leg = desk.call("113")
        provider.wait_ring()
        leg.hang_up()
    assert tried(exchange, since) == channels
    exchange.cli("dialplan set global SAID 17")
    exchange.wait_idle()


@pytest.mark.parametrize(
    ("channel", "number", "wanted_step"),
    [
        (3, NUMBER, 'Hangup("{}", "44")'),
        # One that is no number of ours, too.
        (3, "0999", 'Hangup("{}", "44")'),
        (34, "s", 'Wait("{}", "3600")'),
        (30, NUMBER, 'Answer("{}", "")'),
    ],
)
def test_what_comes_in_over_a_closed_channel(
    exchange: Closed, channel: int, number: str, wanted_step: str
) -> None:
    exchange.cli(f"dialplan set global AT {channel}")
    known = len(channels(exchange))
    since = exchange.since()
    exchange.cli(f"channel originate Local/{number}@foyer-in-l2 application Wait 20")
    before, after = wanted_step.split("{}")

    def is_there() -> bool:
        return any(before in line and after in line for line in log(exchange, since).splitlines())

    until(is_there, 15, wanted_step)
    assert ("Answer(" in log(exchange, since)) == (channel == 30)
    if channel == 30:
        until(lambda: channels(exchange)[known:] == ["30"], 10, "the channel to be written down")
    exchange.cli("channel request hangup all")
    exchange.wait_idle()


def test_channels_stay(tmp_path: Path) -> None:
    """Calls go on, and nothing waits for them."""
    plain = wanted(spans=[{**SPAN, "closed": ""}], ports=[SHOP])
    trees = [render_tree(one, env_for(one, tmp_path)) for one in (wanted(), plain)]
    assert trees[0]["chan_dahdi.conf"] == trees[1]["chan_dahdi.conf"]
    texts = [tree["extensions.conf"] for tree in trees]
    ways = [text.partition("[foyer-lines]")[2].partition("\n\n")[0] for text in texts]
    assert "foyer-channels,s,1(l2,31-30,,national)" in ways[0] and "port" not in ways[0]
    assert "foyer-line,s,1(l2,G1,,national,card)" in ways[1] and "34,,national,port" in ways[1]
