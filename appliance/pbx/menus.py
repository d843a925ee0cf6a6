"""What a caller hears and presses before anybody is there: menus and greetings, from a call's CEL rows. Pure.

The dialplan marks each step of a flow (FOYER_STEP: flow^step^kind) and what was pressed in a menu (FOYER_KEY:
flow^step^key), see pbx/dialplan/foyer-flow.conf. Times are in microseconds. Used by `history.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from appliance.pbx.legs import Span, Stay
from appliance.pbx.rows import Cel

_STEP, _KEY = "FOYER_STEP", "FOYER_KEY"
_MARK = re.compile(r"(f[0-9]{1,6})\^(t[0-9]{1,6})\^([a-z]{0,10}|[0-9*#]{0,6})", re.ASCII)
_MENU = "menu"
# Between two sounds that follow each other at once: on a busy machine a look at the hours takes its time.
# What parts them is known, but for a wait.
_PAUSE = 2_000_000
_PARTING = ("dial", "record")
# Not part of what a flow wanted to say.
_APOLOGY = "foyer/not-there"


@dataclass(frozen=True)
class Menu:
    """A caller in a menu; `end` None while in it. `pressed` is the key or the internal number, "" if nothing
    led anywhere, None if the caller went before.
    """

    flow_id: str
    step_id: str
    start: int
    end: int | None = None
    pressed: str | None = None


def menus_of(rows: Iterable[Cel], ended: int | None) -> tuple[Menu, ...]:
    """The menus of the leg that these rows (in order of time) tell of, which ended then."""
    found: list[Menu] = []
    for row in rows:
        mark = _MARK.fullmatch(str(row.extra.get("extra", ""))) if row.kind in (_STEP, _KEY) else None
        if mark is None:
            continue
        flow, step, what = mark.groups()
        if found and found[-1].end is None:
            pressed = what if row.kind == _KEY else None
            found[-1] = replace(found[-1], end=row.at, pressed=pressed)
        if row.kind == _STEP and what == _MENU:
            found.append(Menu(flow, step, row.at))
    if found and found[-1].end is None:
        found[-1] = replace(found[-1], end=ended)
    return tuple(found)


def greetings(apps: Iterable[Stay], menus: Sequence[Menu], queued: int | None) -> list[Span]:
    """What was said to the caller, sounds that follow each other at once as one; the last one until the
    queue, if it comes at once (at `queued`).
    """
    apps = tuple(apps)
    between = [menu.start for menu in menus] + [app.start for app in apps if app.name in _PARTING]
    spans: list[Span] = []
    for app in apps:
        is_said = app.name in ("playback", "background") and app.data.partition(",")[0] != _APOLOGY
        if not is_said or (queued is not None and app.start >= queued):
            continue
        last = spans[-1] if spans else None
        if last and last.end is not None and _follows(last.end, app.start, between):
            spans[-1] = replace(last, end=app.end)
        else:
            spans.append(Span(None, app.start, app.end))
    last = spans[-1] if spans else None
    if last and queued is not None and (last.end is None or _follows(last.end, queued, between)):
        spans[-1] = replace(last, end=queued)
    return spans


def _follows(before: int, after: int, between: Iterable[int]) -> bool:
    """Whether what ended and what began then were one, if nothing began in between."""
    return after - before <= _PAUSE and not any(before <= start < after for start in between)
