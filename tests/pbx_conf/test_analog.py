"""Analog lines of telephone cards in Asterisk's files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from appliance.apply.check import check
from appliance.apply.objects import sections
from appliance.pbx.conf import chan_dahdi_conf, modules_conf
from appliance.pbx.conf.chan_dahdi_conf import busy_pattern
from appliance.pbx.conf.tree import render_tree
from appliance.store import countries
from tests.pbx_conf.nasty import nasty
from tests.pbx_conf.places import DOCUMENT, env_for, site
from tests.pbx_conf.test_nothing_typed import checked_name

PORTS: list[dict[str, Any]] = [
    {"id": "x1", "number": 2, "name": "Shop", "device": "serial", "port": 3, "hangup": "busytone"},
    {"id": "x2", "number": 2, "name": "Fax", "device": "serial", "port": 1},
]
LINE = {"id": "l2", "kind": "card", "name": "Shop", "ports": ["x1"]}
NUMBERS = [
    *DOCUMENT["numbers"],
    {"id": "n2", "number": "02838251234", "line_id": "l2", "queue_id": "q1"},
    {"id": "n3", "number": "02838251235", "line_id": "l2", "queue_id": "q1"},
]


def tree_of(**changes: Any) -> dict[str, str]:
    wanted = site(**{"lines": [*DOCUMENT["lines"], LINE], "numbers": NUMBERS, "ports": PORTS, **changes})
    tree = render_tree(wanted, env_for(wanted, Path("/box")))
    check(wanted, tree)
    return tree


def channel(tree: dict[str, str], number: int) -> dict[str, str]:
    """The settings of one channel, without those of all."""
    ((_, pairs),) = sections(tree[chan_dahdi_conf.FILE])
    end = pairs.index(("channel", str(number)))
    begin = max(at for at, (name, _) in enumerate(pairs[:end]) if name == "group")
    return dict(pairs[begin:end])


def test_a_line_over_analog_ports() -> None:
    tree = tree_of()
    shop, fax = channel(tree, 35), channel(tree, 33)
    assert shop.pop("description").startswith(chan_dahdi_conf.ALONE)
    assert shop == {
        "group": "2",
        "context": "foyer-in-l2",
        "setvar": "FOYER_LINE=l2",
        "language": "vi",
        "signalling": "fxs_ks",
        "usecallerid": "yes",
        "cidsignalling": "bell",
        "cidstart": "ring",
        "hanguponpolarityswitch": "no",
        "answeronpolarityswitch": "no",
        "busydetect": "yes",
        "busycount": "4",
        "busypattern": "500,500",
    }
    assert (fax["context"], fax["busydetect"]) == ("foyer-nowhere", "no")
    assert f"load = {chan_dahdi_conf.MODULE}.so" in tree[modules_conf.FILE]
    # The dialplan has an extension for it (test_faxes.py).
    assert "faxdetect = incoming\n" in tree[chan_dahdi_conf.FILE]


def test_calls_come_in_for_the_first_number_of_the_line() -> None:
    """An analog line does not tell which one was dialled."""
    text = tree_of()["extensions.conf"]
    came = text.partition("[foyer-in-l2]\n")[2].partition("\n\n")[0]
    assert came.startswith(
        "exten = s,1,Gosub(foyer-open,s,1())\n same = n,Gosub(foyer-call,s,1(l2,+842838251234,in,0))"
    )
    assert "exten = s," not in text.partition("[foyer-in-l1]\n")[2].partition("\n\n")[0]
    without = tree_of(numbers=DOCUMENT["numbers"])["extensions.conf"]
    assert "exten" not in without.partition("[foyer-in-l2]\n")[2].partition("\n\n")[0]


def test_calls_go_out_over_its_ports_in_their_order() -> None:
    text = tree_of(lines=[{**LINE, "ports": ["x2", "x1"]}], numbers=[])["extensions.conf"]
    ways = text.partition("[foyer-lines]")[2].partition("\n\n")[0]
    assert ways.index("foyer-line,s,1(l2,33,,national,port)") < ways.index(
        "foyer-line,s,1(l2,35,,national,port)"
    )


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"caller_id": "none"}, {"usecallerid": "no", "cidsignalling": "bell"}),
        # A reversal of polarity is no call.
        ({"caller_id": "none", "caller_id_start": "polarity"}, {"usecallerid": "no", "cidstart": "ring"}),
        (
            {"caller_id": "v23", "caller_id_start": "polarity"},
            {"cidsignalling": "v23", "cidstart": "polarity"},
        ),
        ({"caller_id": "dtmf", "caller_id_start": "dtmf"}, {"cidsignalling": "dtmf", "cidstart": "dtmf"}),
        ({"hangup": "polarity"}, {"hanguponpolarityswitch": "yes", "busydetect": "no"}),
        ({"hangup": "kewlstart"}, {"hanguponpolarityswitch": "no", "busydetect": "no"}),
        ({"answer_on_polarity": True}, {"answeronpolarityswitch": "yes"}),
    ],
)
def test_what_the_company_does(settings: dict[str, Any], wanted: dict[str, str]) -> None:
    shown = channel(tree_of(ports=[{**PORTS[0], **settings}]), 35)
    assert {name: shown[name] for name in wanted} == wanted


@settings(max_examples=50, deadline=None)
@given(text=nasty)
def test_another_name_is_nothing_to_asterisk(text: str) -> None:
    """Nor is it anything that its files could take for a setting."""
    named = [{**port, "name": checked_name(text), "panel": checked_name(text)} for port in PORTS]
    assert tree_of(ports=named)[chan_dahdi_conf.FILE] == tree_of()[chan_dahdi_conf.FILE]


@pytest.mark.parametrize(
    ("tone", "wanted"),
    [
        ("425/500,0/500", "500,500"),
        ("480+620/375,0/375", "375,375"),
        ("400/400,0/350,400/225,0/525", "400,350,225,525"),
        ("425", ""),
        ("425/500", ""),
        ("!425/500,!0/500,425", ""),
        ("0/500,425/500", ""),
    ],
)
def test_the_busy_tone_of_a_country(tone: str, wanted: str) -> None:
    assert busy_pattern(tone) == wanted


def test_the_busy_tone_of_every_country_is_known() -> None:
    assert all(busy_pattern(country.tones.busy) for country in countries.load())
