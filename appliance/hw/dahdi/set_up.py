"""foyer-set-up-cards: gives the spans of the live revision their numbers, and tells the drivers how to talk.

Run as root before Asterisk starts, and when foyer-apply asks: `python3 -m appliance.hw.dahdi.set_up`. What is
right already is left alone, so that calls of other spans go on. A card that is not there is no error: it is
set up the next time that this runs. One that refuses keeps no other from being set up.
"""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from appliance.errors import RejectedError, SetupError, TransientError
from appliance.hw.dahdi import sysfs, system_conf
from appliance.hw.dahdi.plan import FILE, ISDN, TYPES, CardPlan, Planned, PlannedPort, PlannedSpan
from appliance.hw.dahdi.sysfs import Device
from appliance.service import Service
from appliance.settings import Settings

log = logging.getLogger(__name__)

# What was set up since the machine was switched on, and the file of dahdi_cfg.
RUN = Path("/run/foyer-cards")
# Why the last attempt failed, for who asked for it (privileged/actions.py); not there after one that did not.
REFUSAL = "refusal"
REASON_MAX = 300
TOOL_TIMEOUT_S = 30.0

type Tool = Callable[[Sequence[str]], None]
type Tell = Callable[[Device, str, str], None]
# What to tell a device: its file in sysfs, and the text.
type Step = tuple[Device, str, str]


def write(device: Device, what: str, text: str) -> None:
    """Tells a device through its file in sysfs. TransientError: its driver refused."""
    try:
        (device.place / what).write_text(text, "ascii")
    except OSError as error:
        raise TransientError(
            "The card {card} does not take its settings.",
            "Are calls up on it? Else switch the box off and on again.",
            card=device.key,
        ) from error


@dataclass
class _Attempts:
    """Goes on after a failure, and knows the first."""

    first: TransientError | None = None

    def works(self, step: Callable[[], None]) -> bool:
        """Whether this did."""
        try:
            step()
        except TransientError as error:
            log.error("%s", error)
            self.first = self.first or error
            return False
        return True


def set_up(plan: CardPlan, run: Path, tool: Tool, sys_root: Path = sysfs.SYS, tell: Tell = write) -> None:
    """Sets up what is there of the plan. TransientError: a driver or dahdi_cfg refused."""
    before, attempts = _before(run), _Attempts()
    # All that is wrong goes first: two ports may have each other's numbers.
    for step in _taken(sysfs.devices(sys_root), plan, before):
        attempts.works(partial(tell, *step))
    new = {
        _place(one)
        for one, steps in _given(sysfs.devices(sys_root), plan)
        if all(attempts.works(partial(tell, *step)) for step in steps)
    }
    there = {
        (device.key, port, number)
        for device in sysfs.devices(sys_root)
        for port, number in device.numbers.items()
    }
    file = run / "system.conf"
    file.write_text(system_conf.render(plan), "ascii")
    todo = [
        one
        for one in plan.everything
        if _place(one) in there and (_place(one) in new or one not in before.everything)
    ]
    # What fails half-way is told again next time, whatever is wanted then.
    done = [
        one
        for one in before.everything
        if _place(one) in there and not any(_replaces(new_one, one) for new_one in todo)
    ]
    _remember(run, done)
    if todo:
        # It reads all of the file. Told of one channel, it does not wait five seconds until each port of the
        # machine has a number, also those that nobody has set up (dahdi_cfg.c, wait_for_all_spans_assigned).
        tool(("dahdi_cfg", "-t", "-c", str(file), "-C", "1"))
    for one in todo:
        log.info("Setting up channels %s: port %d of %s.", one.channels, one.port, one.device)
        # Of an analog card, that one channel: calls of its others go on.
        command = ("dahdi_cfg", "-c", str(file), "-S", str(one.number), "-C", one.channels)
        if attempts.works(partial(tool, command)):
            done.append(one)
            _remember(run, done)
    if attempts.first:
        raise attempts.first


def _remember(run: Path, done: Sequence[Planned]) -> None:
    """What drivers have been told."""
    spans = tuple(one for one in done if isinstance(one, PlannedSpan))
    ports = tuple(one for one in done if isinstance(one, PlannedPort))
    (run / FILE).write_text(CardPlan(spans, ports).to_text(), "ascii")


def _place(one: Planned) -> tuple[str, int, int]:
    return one.device, one.port, one.number


def _replaces(one: Planned, before: Planned) -> bool:
    """Whether what a driver is told of `one` is in the place of what it was told before."""
    if isinstance(one, PlannedPort) and isinstance(before, PlannedPort):
        return one.channel == before.channel
    return one.number == before.number


def _planned(device: Device, port: int, plan: CardPlan) -> Planned | None:
    """What the plan says of this port; of an analog span, the first of its channels stands for all."""
    return next((one for one in plan.everything if (one.device, one.port) == (device.key, port)), None)


def _fits(device: Device, span: Planned) -> bool:
    """Whether the port is of the right type, or of none that could be another."""
    if isinstance(span, PlannedPort):
        return True
    kind = device.types[span.port]
    if kind.lower() in ISDN:
        # Which end it is, system.conf says, or jumpers.
        return span.type in ISDN
    return kind.lower() not in TYPES or kind == span.type.upper()


def _taken(devices: Sequence[Device], plan: CardPlan, before: CardPlan) -> Iterator[Step]:
    """Takes numbers away: wrong ones, those that a port which is there is to have, and those that were given
    to ports which have left the settings.
    """
    wanted = {
        span.number for device in devices for port in device.types if (span := _planned(device, port, plan))
    }
    given = {_place(one) for one in before.everything}
    for device in devices:
        for port, number in device.numbers.items():
            span = _planned(device, port, plan)
            if span is None:
                is_wrong = number in wanted or (device.key, port, number) in given
            else:
                is_right = number == span.number and device.first.get(number) == span.first
                is_wrong = port in device.types and not (is_right and _fits(device, span))
            if is_wrong:
                yield device, sysfs.UNASSIGN, str(port)


def _given(devices: Sequence[Device], plan: CardPlan) -> Iterator[tuple[Planned, list[Step]]]:
    """Gives numbers to planned ports that have none."""
    for device in devices:
        for port in device.types:
            span = _planned(device, port, plan)
            if span is None or port in device.numbers:
                continue
            assign = (device, sysfs.ASSIGN, f"{port}:{span.number}:{span.first}")
            if isinstance(span, PlannedPort) or _fits(device, span):
                yield span, [assign]
            else:
                yield span, [(device, sysfs.TYPES, f"{port}:{span.type.upper()}"), assign]


def _before(run: Path) -> CardPlan:
    """What was set up last."""
    try:
        return CardPlan.parse((run / FILE).read_text("ascii"))
    except (FileNotFoundError, UnicodeDecodeError, RejectedError):
        return CardPlan()


def wanted(settings: Settings) -> CardPlan:
    """The plan of the live revision; an empty one if it has none."""
    path = settings.config / "live/asterisk" / FILE
    try:
        return CardPlan.parse(path.read_text("ascii"))
    except FileNotFoundError:
        return CardPlan()
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"{path} cannot be read.") from error


def _tool(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TOOL_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TransientError("The drivers of the cards do not answer.") from error
    if done.returncode != 0:
        said = (done.stderr + done.stdout).strip()
        log.error("%s: %s", " ".join(command), said[:500])
        # The tool's words are nobody's language, and say which line of the file, or which channel.
        raise TransientError("The drivers of the cards refused the settings.", " ".join(said.split()))


def attempt(work: Callable[[], None], run: Path) -> None:
    """Leaves word of why it fails, if it does."""
    refusal = run / REFUSAL
    refusal.unlink(missing_ok=True)
    try:
        work()
    except TransientError as error:
        refusal.write_text(str(error)[:REASON_MAX], "utf-8")
        raise


def main() -> int:
    def work() -> None:
        attempt(lambda: set_up(wanted(Settings.load()), RUN, _tool), RUN)

    return Service("foyer-set-up-cards").run_once(work)


if __name__ == "__main__":
    sys.exit(main())
