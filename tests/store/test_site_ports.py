"""Analog ports of cards in the site: what is refused, the channel that follows, what a country's lines do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from appliance.errors import RejectedError, SetupError
from appliance.store import countries
from appliance.store.countries import CallerId
from appliance.store.site_ports import number_for, usual_hangup
from appliance.store.sitemodel import Site
from tests.pbx_conf.places import DOCUMENT, site

CARD = "PCI Bus 02 Slot 09"
PORT = {"id": "x1", "number": 3, "name": "Shop", "device": CARD}
OTHER = {**PORT, "id": "x2", "port": 2}
SPAN = {"id": "d1", "number": 1, "name": "Company", "device": "elsewhere"}
LINE = {"id": "l2", "kind": "card", "name": "Shop", "ports": ["x1"]}


def test_a_channel_follows_from_number_and_port() -> None:
    one, other = site(ports=[PORT, {**OTHER, "port": 24}]).ports
    assert (one.first_channel, one.channel, other.channel) == (65, 65, 88)


def test_it_survives_its_document() -> None:
    shown = site(ports=[PORT, OTHER], lines=[*DOCUMENT["lines"], LINE])
    assert Site.from_dict(shown.to_dict()) == shown
    assert shown.port("x2") == shown.ports[1] and shown.port("x9") is None
    assert shown.has_cards and site(spans=[SPAN]).has_cards and not site().has_cards


def test_ports_of_one_card_share_its_number() -> None:
    known = [(CARD, 1, 3), (CARD, 2, 4)]
    assert number_for(CARD, 2, known, {1}) == 4
    assert number_for("elsewhere", 1, known, {1}) == 2
    assert number_for("elsewhere", 1, [], {1}) == 2


def test_a_port_keeps_its_number() -> None:
    """Its channel follows from it, and a call may be up on that."""
    assert number_for(CARD, 1, [], (), own=3) == 3
    assert number_for("elsewhere", 1, [(CARD, 2, 1)], (), own=3) == 3
    # It was that of others of its card, or belongs to those of the other one.
    assert number_for("elsewhere", 1, [(CARD, 1, 3)], (), own=3) == 1
    assert number_for(CARD, 2, [(CARD, 1, 3), (CARD, 2, 4)], (), own=3) == 4


@pytest.mark.parametrize(
    ("ports", "spans", "lines", "field"),
    [
        ([{**PORT, "number": 17}], [], [], "ports.0.number"),
        ([{**PORT, "device": "../sys"}], [], [], "ports.0.device"),
        ([{**PORT, "port": 0}], [], [], "ports.0.port"),
        ([{**PORT, "port": 33}], [], [], "ports.0.port"),
        ([{**PORT, "part": 0}], [], [], "ports.0.part"),
        ([{**PORT, "name": ""}], [], [], "ports.0.name"),
        ([{**PORT, "caller_id": "smdi"}], [], [], "ports.0.caller_id"),
        ([{**PORT, "caller_id_start": "dtmf"}], [], [], "ports.0.caller_id_start"),
        ([{**PORT, "caller_id_start": "polarity"}], [], [], "ports.0.caller_id_start"),
        ([{**PORT, "caller_id": "v23", "caller_id_start": "dtmf"}], [], [], "ports.0.caller_id_start"),
        ([{**PORT, "caller_id": "dtmf", "caller_id_start": "ring"}], [], [], "ports.0.caller_id_start"),
        ([{**PORT, "hangup": "ask"}], [], [], "ports.0.hangup"),
        ([{**PORT, "answer_on_polarity": "yes"}], [], [], "ports.0.answer_on_polarity"),
        ([PORT, {**OTHER, "port": 1}], [], [], "ports.1.port"),
        ([PORT, {**OTHER, "number": 4}], [], [], "ports.1.number"),
        ([PORT, {**OTHER, "part": 2}], [], [], "ports.1.number"),
        ([PORT], [{**SPAN, "number": 3}], [], "ports.0.number"),
        ([PORT], [{**SPAN, "device": CARD}], [], "ports.0.port"),
        ([PORT], [], [{**LINE, "ports": []}], "lines.1.spans"),
        ([PORT], [], [{**LINE, "ports": ["x2"]}], "lines.1.ports"),
        ([PORT], [], [LINE, {**LINE, "id": "l3"}], "lines.2.ports"),
        ([PORT], [], [{**LINE, "kind": "sip", "host": "192.0.2.1"}], "lines.1.spans"),
    ],
)
def test_what_does_not_fit_is_refused(
    ports: list[Any], spans: list[Any], lines: list[Any], field: str
) -> None:
    with pytest.raises(RejectedError) as refused:
        site(ports=ports, spans=spans, lines=[*DOCUMENT["lines"], *lines])
    assert refused.value.field == field


def test_digits_need_no_sign_before_them() -> None:
    (port,) = site(ports=[{**PORT, "caller_id": "dtmf", "caller_id_start": "dtmf"}]).ports
    assert port.caller_id_start == "dtmf"


def test_what_is_usual_where_the_office_is() -> None:
    known = countries.load()
    assert countries.find("GB", known).caller_id == CallerId("v23", "polarity")
    assert countries.find("US", known).caller_id == CallerId("bell", "ring")
    # Nothing was found that tells.
    assert countries.find("VN", known).caller_id is None
    assert (usual_hangup("1"), usual_hangup("84")) == ("kewlstart", "busytone")


@pytest.mark.parametrize(
    "wrong", ['signalling = "fax"', 'signalling = "bell"', 'signalling = "v23"\nsource = ""', ""]
)
def test_a_wrong_fact_of_a_country_is_refused(tmp_path: Path, wrong: str) -> None:
    text = (countries.FOLDER / "gb.toml").read_text("utf-8")
    (tmp_path / "gb.toml").write_text(text.replace('signalling = "v23"', wrong, 1), "utf-8")
    with pytest.raises(SetupError, match=r"gb\.toml"):
        countries.load(tmp_path)
