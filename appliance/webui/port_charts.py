"""Alarms and errors of a card's port over time: what is to be drawn, and the same as a table. Pure.

Used by system_card_port.py; system-card-port-now.html draws it. Made of the quarters of an hour that
store/port_history.py keeps. The drawing is an SVG that is as wide as its place, so its parts have no text:
that stands around it. A library of charts would be a script of 50 kB and more for bars that never move.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from appliance.store.port_history import ALARMS, COUNTERS, QUARTER_MS, SEEN, Quarter
from appliance.webui.i18n import N_

DAY_MS = 24 * 3600 * 1000
# What can be looked at: days -> how much a bar stands for.
PERIODS = {1: QUARTER_MS, 7: 4 * QUARTER_MS}
# name: (title, what it says to who looks for the fault)
SERIES = {
    "red": (
        N_("Red alarm"),
        N_("Nothing came in, or nothing that could be understood: the cable, or the other side."),
    ),
    "blue": (N_("Blue alarm"), N_("The other side sent nothing but that it is there.")),
    "yellow": (N_("Yellow alarm"), N_("The other side did not hear the box.")),
    "bipolar": (
        N_("Bipolar violations"),
        N_("Pulses arrived damaged: look at the cable, its plugs and how long it is."),
    ),
    "crc": (N_("Checksum errors (CRC)"), N_("What came in was damaged on its way.")),
    "ebit": (N_("Errors that the other side saw (E bits)"), N_("What the box sent was damaged on its way.")),
    "frame": (
        N_("Framing errors"),
        N_("The beat of the frames was lost: often the cable, or a wrong framing."),
    ),
    "slips": (
        N_("Slips"),
        N_("The two sides do not keep the same time: let the telephone company give the clock."),
    ),
    "irq": (N_("Late interrupts"), N_("The machine was too busy for the card, or shares its interrupt.")),
}
# In units of the drawing, whose width is stretched to that of its place.
HEIGHT, STEP, GAP = 100, 10, 2
# What is much smaller than the rest shows all the same.
_LEAST = 4


@dataclass(frozen=True)
class Bar:
    """A part of the drawing."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Chart:
    """One kind of alarm or error. `is_time`: `total` and `most` (in one bar) are milliseconds."""

    name: str
    title: str
    note: str
    is_time: bool
    total: int
    most: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class History:
    """A port from `since` to `until` (ms UTC): a chart for each kind of trouble that there was, the times at
    which nobody watched, and `rows` for the table: when (`at`), and what by the names of SERIES.
    """

    since: int
    until: int
    width: int
    seen_ms: int
    charts: tuple[Chart, ...]
    unseen: tuple[Bar, ...]
    rows: tuple[Quarter, ...]


def since(days: int, now_ms: int) -> int:
    """When the first bar begins, so that the last one holds `now_ms`."""
    step = PERIODS[days]
    return now_ms - now_ms % step + step - days * DAY_MS


def draw(quarters: Iterable[Quarter], days: int, now_ms: int) -> History:
    """The last days, as many as PERIODS has."""
    step, start = PERIODS[days], since(days, now_ms)
    count = days * DAY_MS // step
    bars: list[Counter[str]] = [Counter() for _ in range(count)]
    for quarter in quarters:
        place = (quarter.at - start) // step
        if 0 <= place < count:
            bars[place].update(quarter.counts)
    rows = (
        Quarter(start + place * step, {name: counts[name] for name in SERIES if counts[name]})
        for place, counts in enumerate(bars)
    )
    return History(
        since=start,
        until=start + count * step,
        width=count * STEP,
        seen_ms=sum(counts[SEEN] for counts in bars),
        charts=tuple(_charts(bars)),
        unseen=tuple(_unseen([bool(counts[SEEN]) for counts in bars])),
        rows=tuple(row for row in rows if row.counts),
    )


def _charts(bars: list[Counter[str]]) -> Iterator[Chart]:
    for name in (*ALARMS, *COUNTERS):
        values = [counts[name] for counts in bars]
        most = max(values)
        if most:
            title, note = SERIES[name]
            drawn = (_bar(place, value, most) for place, value in enumerate(values) if value)
            yield Chart(name, title, note, name in ALARMS, sum(values), most, tuple(drawn))


def _bar(place: int, value: int, most: int) -> Bar:
    height = max(_LEAST, round(HEIGHT * value / most))
    return Bar(place * STEP + GAP // 2, HEIGHT - height, STEP - GAP, height)


def _unseen(seen: list[bool]) -> Iterator[Bar]:
    """A bar for each stretch of time in which nobody watched."""
    place = 0
    for is_seen, stretch in itertools.groupby(seen):
        length = len(list(stretch))
        if not is_seen:
            yield Bar(place * STEP, 0, length * STEP, HEIGHT)
        place += length
