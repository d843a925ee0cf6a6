"""Analog ports of a rendering, against a console that answers as Asterisk does: one by one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.apply import cards
from appliance.errors import TransientError
from appliance.hw.dahdi.plan import CardPlan
from appliance.pbx.conf import chan_dahdi_conf
from appliance.pbx.conf.tree import render_tree
from appliance.store.site_ports import ALL_MAX
from appliance.store.site_spans import SPANS_MAX, WIDTH
from appliance.store.sitemodel import Site
from tests.apply.test_cards import SPANS, Pbx, tree_of
from tests.pbx_conf.places import DOCUMENT, env_for, site

FIRST = {"id": "x1", "number": 2, "name": "Shop", "device": "serial", "port": 1}
SECOND = {"id": "x2", "number": 2, "name": "Fax", "device": "serial", "port": 5}
LINE = {"id": "l2", "kind": "card", "name": "Shop", "ports": ["x1"]}
CALL = "DAHDI/33-1!foyer-in-l2!s!1!Up!Queue"


def with_ports(line: dict[str, Any] | None = None, **first: Any) -> Site:
    lines = [*DOCUMENT["lines"], {**LINE, **(line or {})}]
    return site(spans=SPANS[:1], ports=[{**FIRST, **first}, SECOND], lines=lines)


def test_what_is_there_is_made() -> None:
    pbx = Pbx(numbers={2}, is_loaded=True)
    made = ["dahdi create channels 33 33", "dahdi create channels 37 37"]
    assert pbx.load(with_ports()) and pbx.told == ["set up", *made]
    assert sorted(pbx.channels) == [33, 37]
    pbx.numbers.add(1)
    assert pbx.load(with_ports()) and pbx.told == ["set up", "dahdi create channels 1 32"]
    assert pbx.load(with_ports()) and pbx.told == []


def test_only_the_port_that_changed_is_made_anew() -> None:
    pbx = Pbx(numbers={1, 2})
    pbx.load(with_ports())
    pbx.calls = "DAHDI/37-1!foyer-in-l2!s!1!Up!Queue\nDAHDI/133-1!x!s!1!Up!Queue"
    assert pbx.load(with_ports(hangup="polarity"))
    assert pbx.told == ["dahdi destroy channels 33 33", "set up", "dahdi create channels 33 33"]


def test_it_waits_for_its_own_call() -> None:
    pbx = Pbx(numbers={1, 2})
    pbx.load(with_ports())
    pbx.calls = CALL
    assert not pbx.load(with_ports(hangup="polarity")) and pbx.told == []
    assert pbx.load(with_ports(name="Shop, upper plug"))


@pytest.mark.parametrize("error", [None, TransientError("The drivers of the cards refused the settings.")])
def test_a_port_without_its_module_blames_no_other(error: TransientError | None) -> None:
    """So that the settings of the others of its card can be changed, and its own are refused."""
    pbx = Pbx(numbers={1, 2}, bare={37}, is_loaded=True)
    wanted = with_ports(hangup="polarity")
    pbx.tree = tree_of(wanted)

    def set_up() -> None:
        if error:
            raise error

    with pytest.raises(cards.Refused) as refused:
        cards.Cards(pbx, set_up, lambda: pbx.numbers).load(pbx.tree)
    assert 33 in pbx.channels and refused.value.units == {(37, 37)}
    assert cards.changed(tree_of(with_ports()), tree_of(wanted)) == {(33, 33)}


def test_a_port_that_leaves_its_line_comes_in_elsewhere() -> None:
    before, name = tree_of(with_ports()), chan_dahdi_conf.FILE
    moved = tree_of(with_ports({"ports": ["x2"]}))
    assert cards.comes_in_elsewhere(before, moved)
    assert not cards.comes_in_elsewhere(before, tree_of(with_ports(hangup="polarity")))
    assert cards.changed(before, moved) == {(33, 33), (37, 37)}
    assert {stamp[0] for channel, stamp in cards.stamps(before[name]).items() if channel > 32} == {"x"}


def test_a_digital_line_takes_the_number_of_analog_ones() -> None:
    pbx = Pbx(numbers={2})
    pbx.load(with_ports())
    span = {**SPANS[0], "number": 2}
    assert pbx.load(site(spans=[span]))
    assert pbx.told[:2] == ["dahdi destroy channels 33 33", "dahdi destroy channels 37 37"]
    assert 64 - 2 in pbx.channels
    assert pbx.load(site(ports=[FIRST]))
    assert pbx.told[:2] == ["pri destroy span 2", "dahdi destroy channels 33 64"]


def test_another_country_is_for_all_analog_ports_and_no_digital_one() -> None:
    """The driver is loaded again for it: Asterisk must have none of its channels open."""
    wanted = with_ports()
    env = env_for(wanted, Path("/data"))
    abroad = replace(env, country=replace(env.country, line_mode="UK"))
    before, after = (render_tree(wanted, one) for one in (env, abroad))
    assert cards.changed(before, after) == {(33, 33), (37, 37)}


def test_the_plan_for_the_drivers() -> None:
    plan = cards.plan_of(with_ports(), "UK")
    assert plan.mode == "UK" and cards.plan_of(with_ports(), "").mode == "FCC"
    assert cards.plan_of(site(spans=SPANS), "UK").mode == ""
    assert [(one.channel, one.number, one.device, one.port, one.first) for one in plan.ports] == [
        (33, 2, "serial", 1, 33),
        (37, 2, "serial", 1, 33),
    ]


def test_the_drivers_plan_holds_all_that_a_site_can_have() -> None:
    long = "P" + "x" * 79
    ports = [
        {
            **FIRST,
            "id": f"x{32 * part + at}",
            "number": part + 1,
            "device": long,
            "part": part + 1,
            "port": at,
        }
        for part in range(ALL_MAX // WIDTH)
        for at in range(1, WIDTH + 1)
    ]
    spans = [
        {**SPANS[0], "id": f"d{one}", "number": one, "device": long, "port": one, "type": "e1"}
        for one in range(ALL_MAX // WIDTH + 1, SPANS_MAX + 1)
    ]
    plan = cards.plan_of(site(ports=ports, spans=spans), "NEWZEALAND")
    assert len(plan.everything) == ALL_MAX + SPANS_MAX - ALL_MAX // WIDTH
    assert CardPlan.parse(plan.to_text()) == plan
