"""The tones of every country that ships: as a real Asterisk has loaded them, and the busy one as heard."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from appliance.pbx.conf.indications_conf import zone
from appliance.store import countries
from appliance.store.sitemodel import Site
from tests.asterisk import sound
from tests.asterisk.g711 import Samples
from tests.asterisk.phone import Phone
from tests.pbx_conf.exchange import Exchange
from tests.pbx_conf.places import DOCUMENT, site
from tests.until import until

pytestmark = pytest.mark.asterisk

WINDOW_MS = 20
LOUD_DBFS = -45.0


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """Started once; the site of one country after the other is made live."""
    with Exchange(tmp_path_factory.mktemp("exchange"), site()) as asterisk:
        yield asterisk
        assert asterisk.complaints() == []


@pytest.mark.parametrize("country", countries.load(), ids=lambda one: one.code)
def test_loaded_as_written_and_heard(exchange: Exchange, country: countries.Country) -> None:
    exchange.env = replace(exchange.env, country=country)
    exchange.save(Site.from_dict({**DOCUMENT, "country": country.code, "numbers": []}))
    name, tones = zone(exchange.env), country.tones
    assert f"Default tone zone: {name}\n" in exchange.cli("indication show")
    shown = exchange.cli(f"indication show {name}")
    assert dict(re.findall(rf"^{name}\s+(\S+)\s+(\S+)$", shown, re.M)) == {
        "<ringcadence>": tones.ring_cadence,
        "dial": tones.dial,
        "ring": tones.ring,
        "busy": tones.busy,
        "congestion": tones.congestion,
        "callwaiting": tones.call_waiting,
        "dialrecall": tones.dial_recall,
        "record": tones.record,
        "info": tones.info,
    }
    # A machine that is very busy takes pieces out of a tone: then it is looked at once more.
    with exchange.desk("a1", answers=True) as desk:
        until(lambda: is_heard(exchange, desk, tones.busy), 20, "the busy tone", every_s=0)
    exchange.wait_idle()


def is_heard(exchange: Exchange, desk: Phone, wanted: str) -> bool:
    """Whether whoever is told that it is busy hears this."""
    exchange.cli("channel originate PJSIP/a1d application Busy 3")
    leg = desk.wait_call().wait_end(10)
    assert_heard(leg.sound.as_sent(), wanted)
    return True


def assert_heard(heard: Samples, wanted: str) -> None:
    """The busy tone is the one of this notation: its frequencies, and how long it and its silences are."""
    parts = [part.split("/") for part in wanted.split(",")]
    frequencies = [float(hz) for hz in parts[0][0].split("+")]
    lasts_ms = {int(ms) for hz, ms in parts if hz != "0"}, {int(ms) for hz, ms in parts if hz == "0"}
    for frequency in frequencies:
        assert sound.audible_tone_seconds(heard, frequency) > 0.7, frequency
    loud = (sound.level_dbfs(heard, WINDOW_MS) > LOUD_DBFS).tolist()
    runs = [(is_on, len(list(run)) * WINDOW_MS) for is_on, run in itertools.groupby(loud)]
    # The first and the last may be cut.
    whole = runs[2:-1]
    assert len(whole) >= 3, runs
    for is_on, lasted_ms in whole:
        expected = lasts_ms[0 if is_on else 1]
        assert min(abs(lasted_ms - ms) for ms in expected) <= 2 * WINDOW_MS, (runs, wanted)
