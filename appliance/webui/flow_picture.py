"""The picture of a flow: where its boxes and lines stand. Pure; settings-flow-picture.html draws it.

A tree that grows away from the beginning of the line of writing, each step once. A way that leads back to a
step that stands there already ends at a small box of the same name, so that no line crosses another. Every
way has a mark at which a step is put in: the address of the field in the form below that chooses it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from appliance.webui import flow_words
from appliance.webui.flow_forms import KEY_NAMES, Draft, Row, Step, way_words, ways
from appliance.webui.flow_words import Say
from appliance.webui.i18n import N_

# In pixels of the drawing. A finger needs 44 (WCAG 2.5.5).
BOX_WIDTH, BOX_HEIGHT = 184, 56
MARK = 44
ACROSS, DOWN = 140, 16
# From the beginning, where no words stand on the line.
FIRST_ACROSS = 64
MARGIN = 12
# From where the lines of one step part to the words on them.
_PART = 14


@dataclass(frozen=True)
class Box:
    """What stands at a place. `kind` is a step's kind, "start", or "add" for a way that leads nowhere yet;
    `target` the id of the element that it leads to; `heading` and `name` its two lines, `words` all that is
    to be said of it. `is_again` is of a step that stands elsewhere, `is_loose` of one that nothing leads to.
    """

    kind: str
    x: int
    y: int
    width: int
    height: int
    target: str
    heading: str = ""
    name: str = ""
    words: str = ""
    is_again: bool = False
    is_loose: bool = False


@dataclass(frozen=True)
class Line:
    """From one place to another: an SVG path. `words` say which way it is; they stand above the line from `x`
    on, whose height is `y`. `target` is the field that chooses where it leads, "" for a line on which nothing
    can be put in, and `mark_x` where the mark for it is.
    """

    path: str
    words: str
    x: int
    y: int
    width: int
    target: str = ""
    mark_x: int = 0
    mark_words: str = ""


@dataclass(frozen=True)
class Picture:
    """The whole drawing, in the order in which a reader goes through it."""

    width: int
    height: int
    parts: tuple[Box | Line, ...]


def draw(draft: Draft, rows: list[Row], say: Say, is_rtl: bool) -> Picture:
    """The picture of a draft; `rows` are its steps as the page tells them."""
    drawing = _Drawing({row.step["id"]: row for row in rows}, say)
    drawing.begin(draft.first)
    for row in rows:
        drawing.loose(row.step["id"])
    boxes = [part for part in drawing.parts if isinstance(part, Box)]
    width = max(box.x + box.width for box in boxes) + MARGIN
    height = max(box.y + box.height for box in boxes) + MARGIN
    parts = (_mirrored(part, width) for part in drawing.parts) if is_rtl else drawing.parts
    return Picture(width, height, tuple(parts))


class _Drawing:
    """Puts one part after the other: a step, then all that it leads to."""

    def __init__(self, rows: Mapping[str, Row], say: Say) -> None:
        self._rows, self._say = rows, say
        self._placed: set[str] = set()
        # The next free place below everything so far.
        self._y = MARGIN
        self.parts: list[Box | Line] = []

    def begin(self, first: str) -> None:
        """The beginning, and what follows from there."""
        top = self._y
        words = self._say(N_("Calls begin with"))
        self.parts.append(
            Box("start", MARGIN, top + (BOX_HEIGHT - MARK) // 2, MARK, MARK, "first", words=words)
        )
        self._follow((MARGIN + MARK, top + BOX_HEIGHT // 2), "first", "", first, "")

    def loose(self, step_id: str) -> None:
        """A step that nothing leads to, if it is one."""
        if step_id not in self._placed:
            self._place(step_id, MARGIN + MARK + FIRST_ACROSS)

    def _place(self, step_id: str, x: int) -> None:
        """A step and everything after it."""
        row, y = self._rows[step_id], self._y
        self._placed.add(step_id)
        self.parts.append(self._box(row, x, y, is_again=False))
        self._y = y + BOX_HEIGHT + DOWN
        below = list(self._leads(row.step))
        for at, (field, words, target) in enumerate(below):
            # The first one goes on beside its step.
            self._y = y if at == 0 else self._y
            self._follow((x + BOX_WIDTH, y + BOX_HEIGHT // 2), field, words, target, step_id)

    def _leads(self, step: Step) -> Iterator[tuple[str, str, str]]:
        """The ways from a step: field of the form, words, and where it leads ("" for nowhere yet)."""
        for name, target in ways(step):
            field = name
            if name.startswith("key-"):
                field = f"key-{KEY_NAMES[name.removeprefix('key-')]}"
            yield f"{step['id']}-{field}", way_words(name, self._say), target
        if step["kind"] == "menu" and len(step["keys"]) < len(KEY_NAMES):
            yield f"{step['id']}-newkey-next", self._say(N_("new key")), ""

    def _follow(self, start: tuple[int, int], field: str, words: str, target: str, before: str) -> None:
        """The line along one way, and what stands at its end."""
        y = self._y
        middle = y + BOX_HEIGHT // 2
        across = ACROSS if before else FIRST_ACROSS
        x = start[0] + across
        row = self._rows.get(target)
        number = self._rows[before].number if before else 0
        line = Line(
            f"M{start[0]} {start[1]} h{_PART} V{middle} H{x}",
            words,
            start[0] + _PART + 4,
            middle,
            across - _PART - 8,
        )
        if row is None:
            self.parts.append(line)
            added = self._say(N_("Add a step"))
            self.parts.append(
                Box(
                    "add", x, y + (BOX_HEIGHT - MARK) // 2, MARK, MARK, field,
                    words=f"{added}: {number} {words}" if words else added,
                )
            )  # fmt: skip
            self._y = y + BOX_HEIGHT + DOWN
            return
        put_in = self._say(N_("Put a step in before %(number)s")) % {"number": row.number}
        self.parts.append(
            replace(
                line,
                target=field,
                mark_x=x - MARK,
                mark_words=f"{put_in}: {number} {words}" if words else put_in,
            )
        )
        if target in self._placed:
            self.parts.append(self._box(row, x, y, is_again=True))
            self._y = y + BOX_HEIGHT + DOWN
        else:
            self._place(target, x)

    def _box(self, row: Row, x: int, y: int, *, is_again: bool) -> Box:
        kind = row.step["kind"]
        heading = self._say(N_("%(number)s %(kind)s")) % {
            "number": row.number,
            "kind": self._say(flow_words.KINDS[kind]),
        }
        way = "" if row.way is None or is_again else f", {row.way[0]} {row.way[1]}"
        words = f"{row.number} {row.title}{way}"
        return Box(
            kind, x, y, BOX_WIDTH, BOX_HEIGHT, row.step["id"], heading, row.name, words,
            is_again=is_again, is_loose=not row.is_reached,
        )  # fmt: skip


def _mirrored(part: Box | Line, width: int) -> Box | Line:
    """For readers from right to left. Paths are turned by whoever draws them."""
    if isinstance(part, Box):
        return replace(part, x=width - part.x - part.width)
    return replace(part, x=width - part.x - part.width, mark_x=width - part.mark_x - MARK)
