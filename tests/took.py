"""How long a run of the tests took: of each group of them, and of `make check`. check.sh calls it before its
first step and after its last; in between, tests/conftest.py adds what each file took.

Nothing fails by the clock but `make check`, of which two minutes are promised: it fails when it takes longer
without the time in which work had to wait for a processor, a disk or memory (until.py), and says so when it
does by the clock.
"""

import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.until import waits

CHECK_S = 120.0


@dataclass(frozen=True)
class Group:
    """Tests of one part of the product: those whose paths begin so. Where several groups have a beginning of
    a path, the longest counts. `minutes`: how long they are meant to take together at most, once the root is
    built.
    """

    name: str
    minutes: int | None
    paths: tuple[str, ...]


def _below(folder: str, *names: str) -> tuple[str, ...]:
    return tuple(f"tests/{folder}/test_{name}" for name in names)


GROUPS = (
    Group(
        "first_call",
        8,
        (
            "tests/",
            *_below("image", "accounts", "boot", "calls_first", "host", "listening"),
            *_below("image", "state", "steps", "terminal", "units"),
        ),
    ),
    Group(
        "image",
        12,
        (
            "tests/console/",
            "tests/disk/",
            "tests/health/",
            "tests/image/",
            "tests/network/",
            "tests/powercut/",
            "tests/provisioning/",
            "tests/test_drivers",
            "tests/test_secure_boot",
            *_below("webui", "network_plan", "system", "trial"),
        ),
    ),
    Group(
        "flows",
        6,
        (
            *_below("apply", "edited_flow", "lists", "prompts"),
            *_below("bench", "callback_once"),
            *_below("box", "3_hand_on", "7_calls_out"),
            *_below("image", "sound"),
            *_below(
                "pbx",
                "callback",
                "closures",
                "diversions",
                "guard",
                "handing_on",
                "list_order",
                "live_calling",
            ),
            *_below(
                "pbx", "live_parked", "menus", "pickup", "queue_places", "stays", "transfers", "unrecorded"
            ),
            *_below(
                "pbx_conf",
                "calls_out",
                "codes",
                "diversions",
                "flow",
                "inside",
                "limits",
                "messages",
                "music",
            ),
            *_below("pbx_conf", "number_kinds", "other_end", "parking", "transfers"),
            *_below("sound", "convert"),
            *_below(
                "store", "callbacks", "flows", "holidays", "inside", "outbound", "schedules", "site_queues"
            ),
            *_below("webui", "call_out", "calls_out", "desk_asking", "desk_hand_on", "desk_places", "flow"),
            *_below(
                "webui", "live_callbacks", "live_hours", "live_parked", "messages", "music", "phone_codes"
            ),
            *_below("webui", "prompts", "recorded_prompt", "sound_upload"),
        ),
    ),
    Group(
        "cards",
        None,
        (
            "tests/hw/",
            *_below("apply", "cards"),
            *_below("image", "cards"),
            *_below("pbx", "signalling", "spans"),
            *_below("store", "site_spans"),
            *_below("webui", "card", "spans", "wiring"),
        ),
    ),
)


def group_of(file: str) -> Group:
    """The group that a file's tests belong to."""
    found = [(len(path), group) for group in GROUPS for path in group.paths if file.startswith(path)]
    return max(found, key=lambda one: one[0])[1]


def per_group(lines: Iterable[str]) -> Iterator[str]:
    """What is said of the groups; each line has the seconds and the file."""
    sums: defaultdict[str, float] = defaultdict(float)
    for line in lines:
        seconds, _, file = line.strip().partition(" ")
        sums[group_of(file).name] += float(seconds)
    for group in GROUPS:
        if group.name in sums:
            took_s = sums[group.name]
            meant = f", meant to take {group.minutes} minutes at most" if group.minutes else ""
            verdict = ": MORE THAN THAT" if group.minutes and took_s > 60 * group.minutes else ""
            yield f"{took_s:5.0f} s  {group.name}{meant}{verdict}"


def of_check(wall_s: float, waited_s: Sequence[float]) -> tuple[str, bool]:
    """What is said of `make check`, and whether its promise is kept. It `waited_s` for each of several
    things, often at the same time: only the longest is left out.
    """
    undisturbed_s = max(0.0, wall_s - max(waited_s))
    said = (
        f"{wall_s:5.0f} s  altogether, {undisturbed_s:.0f} s of them undisturbed; promised: {CHECK_S:.0f} s"
    )
    if undisturbed_s > CHECK_S:
        return f"{said}: BROKEN", False
    return said + (": LATE BY THE CLOCK" if wall_s > CHECK_S else ""), True


def main(step: str, path: Path, kind: str) -> int:
    """Returns the exit code."""
    if step == "begin":
        path.write_text(json.dumps([time.monotonic(), *waits()]) + "\n", "utf-8")
        return 0
    first, *files = path.read_text("utf-8").splitlines()
    began, *waited = json.loads(first)
    if kind == "test" and files:
        print("-- how long the tests of each group took (what ran side by side counts as its share)")
        print("\n".join(per_group(files)))
    if kind != "check":
        return 0
    said, is_kept = of_check(
        time.monotonic() - began, [now - then for now, then in zip(waits(), waited, strict=True)]
    )
    print(f"-- make check\n{said}")
    return 0 if is_kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
