"""Spans of cards in the site: what is refused, and the channels that follow from a number."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.errors import RejectedError
from appliance.store.site_spans import free_number, ranges, usual
from appliance.store.sitemodel import Site
from tests.pbx_conf.places import DOCUMENT, site

SPAN = {"id": "d1", "number": 1, "name": "Company", "device": "PCI Bus 02 Slot 09"}
LINE = {"id": "l2", "kind": "card", "name": "Company", "spans": ["d1"]}


def test_channels_follow_from_the_number_alone() -> None:
    e1, t1 = site(spans=[SPAN, {**SPAN, "id": "d2", "number": 16, "port": 2, "type": "t1"}]).spans
    assert (ranges(e1.bearers), e1.signalling_channel, e1.last_channel) == ("1-15,17-31", 16, 31)
    assert (ranges(t1.bearers), t1.signalling_channel, t1.last_channel) == ("481-503", 504, 504)


@pytest.mark.parametrize(
    ("type_", "calls", "wanted"),
    [
        ("e1", 0, "1-15,17-31"),
        ("e1", 1, "1-1"),
        ("e1", 15, "1-15"),
        ("e1", 16, "1-15,17-17"),
        ("e1", 30, "1-15,17-31"),
        ("t1", 10, "1-10"),
        ("j1", 23, "1-23"),
        ("bri", 0, "1-2"),
        ("bri", 1, "1-1"),
        ("bri", 2, "1-2"),
    ],
)
def test_calls_that_the_contract_allows(type_: str, calls: int, wanted: str) -> None:
    (span,) = site(spans=[{**SPAN, "type": type_, "calls": calls}]).spans
    assert ranges(span.bearers) == wanted


@pytest.mark.parametrize(
    ("type_", "typed", "kept", "open_"),
    [
        ("e1", "", "", (*range(1, 16), *range(17, 32))),
        ("e1", "17, 1 - 13 ,2;3", "1-13,17", (14, 15, *range(18, 32))),
        ("e1", "1-15,16,17-31", "1-31", ()),
        # Two channels are not a row to whoever reads them, but the shortest way to write them.
        ("t1", "4,5", "4-5", (*range(1, 4), *range(6, 24))),
    ],
)
def test_channels_that_are_closed(type_: str, typed: str, kept: str, open_: tuple[int, ...]) -> None:
    (span,) = site(spans=[{**SPAN, "number": 2, "type": type_, "closed": typed}]).spans
    assert (span.closed, span.open_channels) == (kept, tuple(32 + one for one in open_))
    carriers = [one for first, last in span.bearers for one in range(first, last + 1)]
    assert sorted((*span.open_channels, *span.closed_channels)) == carriers


def test_channels_that_the_contract_leaves_out_are_not_closed() -> None:
    (span,) = site(spans=[{**SPAN, "calls": 2, "closed": "2-31"}]).spans
    assert (span.open_channels, span.closed_channels) == ((1,), (2,))


def test_what_is_usual_where_the_office_is() -> None:
    assert usual("VN", "84") == ("e1", "euroisdn")
    assert usual("CA", "1")[0] == "t1" and usual("JP", "81")[0] == "j1"
    assert (free_number({1, 3}), free_number(range(1, 17))) == (2, 1)


def test_it_survives_its_document() -> None:
    shown = site(spans=[SPAN], lines=[*DOCUMENT["lines"], LINE])
    assert Site.from_dict(shown.to_dict()) == shown
    assert [line.id for line in shown.lines_of("card")] == ["l2"]
    assert shown.span("d1") == shown.spans[0] and shown.span("d9") is None


@pytest.mark.parametrize(
    ("spans", "lines", "field"),
    [
        ([{**SPAN, "number": 0}], [], "spans.0.number"),
        ([{**SPAN, "number": 17}], [], "spans.0.number"),
        ([{**SPAN, "device": "../sys"}], [], "spans.0.device"),
        ([{**SPAN, "port": 0}], [], "spans.0.port"),
        ([{**SPAN, "type": "r2"}], [], "spans.0.type"),
        ([{**SPAN, "type": "bri", "calls": 3}], [], "spans.0.calls"),
        ([{**SPAN, "type": "t1", "calls": 24}], [], "spans.0.calls"),
        ([{**SPAN, "switch": "ss7"}], [], "spans.0.switch"),
        ([{**SPAN, "closed": "1-32"}], [], "spans.0.closed"),
        ([{**SPAN, "closed": "5-1"}], [], "spans.0.closed"),
        ([{**SPAN, "closed": "all"}], [], "spans.0.closed"),
        ([{**SPAN, "type": "t1", "closed": "25"}], [], "spans.0.closed"),
        ([SPAN, {**SPAN, "id": "d2", "port": 2}], [], "spans.1.number"),
        ([SPAN, {**SPAN, "id": "d2", "number": 2}], [], "spans.1.port"),
        ([SPAN], [{**LINE, "spans": []}], "lines.1.spans"),
        ([SPAN], [{**LINE, "spans": ["d2"]}], "lines.1.spans"),
        ([SPAN], [LINE, {**LINE, "id": "l3"}], "lines.2.spans"),
        ([SPAN], [{**LINE, "kind": "sip", "host": "192.0.2.1"}], "lines.1.spans"),
    ],
)
def test_what_does_not_fit_is_refused(spans: list[Any], lines: list[Any], field: str) -> None:
    with pytest.raises(RejectedError) as refused:
        site(spans=spans, lines=[*DOCUMENT["lines"], *lines])
    assert refused.value.field == field
