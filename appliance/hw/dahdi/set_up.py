"""foyer-set-up-cards: gives the spans of the live revision their numbers, and tells the drivers how to talk.

Run as root before Asterisk starts, and when foyer-apply asks: `python3 -m appliance.hw.dahdi.set_up`. What is
right already is left alone, so that calls of other spans go on. A card that is not there is no error: it is
set up the next time that this runs.
"""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from appliance.errors import RejectedError, SetupError, TransientError
from appliance.hw.dahdi import sysfs, system_conf
from appliance.hw.dahdi.plan import FILE, TYPES, CardPlan, PlannedSpan
from appliance.hw.dahdi.sysfs import Device
from appliance.service import Service
from appliance.settings import Settings

log = logging.getLogger(__name__)

# What was set up since the machine was switched on, and the file of dahdi_cfg.
RUN = Path("/run/foyer-cards")
TOOL_TIMEOUT_S = 30.0

type Tool = Callable[[Sequence[str]], None]


def set_up(plan: CardPlan, run: Path, tool: Tool, sys_root: Path = sysfs.SYS) -> None:
    """Sets up what is there of the plan. TransientError: a driver or dahdi_cfg refused."""
    before = _before(run)
    new = [span for device in sysfs.devices(sys_root) for span in _assigned(device, plan, sys_root)]
    there = {
        number
        for device in sysfs.devices(sys_root)
        for port, number in device.numbers.items()
        if _planned(device, port, plan)
    }
    file = run / "system.conf"
    file.write_text(system_conf.render(plan), "ascii")
    todo = [span for span in plan.spans if span.number in there and (span in new or span not in before.spans)]
    # What fails half-way is told again next time, whatever is wanted then.
    _remember(run, [span for span in plan.spans if span not in todo and span in before.spans])
    if todo:
        tool(("dahdi_cfg", "-t", "-c", str(file)))
    for span in todo:
        log.info("Setting up span %d: port %d of %s.", span.number, span.port, span.device)
        tool(("dahdi_cfg", "-c", str(file), "-S", str(span.number), "-C", span.channels))
    _remember(run, plan.spans)


def _remember(run: Path, spans: Sequence[PlannedSpan]) -> None:
    """What drivers have been told."""
    (run / FILE).write_text(CardPlan(tuple(spans)).to_text(), "ascii")


def _planned(device: Device, port: int, plan: CardPlan) -> PlannedSpan | None:
    """What the plan says of this port."""
    return next((span for span in plan.spans if (span.device, span.port) == (device.key, port)), None)


def _assigned(device: Device, plan: CardPlan, sys_root: Path) -> Iterator[PlannedSpan]:
    """Gives the device's spans their numbers; yields those that were given one just now."""
    for port, kind in device.types.items():
        span = _planned(device, port, plan)
        if span is None:
            continue
        number = device.numbers.get(port)
        fits = kind.lower() not in TYPES or kind == span.type.upper()
        if fits and number == span.number and device.first.get(number) == span.first:
            continue
        if number is not None:
            _tell(device, sysfs.UNASSIGN, str(port))
        _free(span.number, sys_root)
        if not fits:
            _tell(device, sysfs.TYPES, f"{port}:{span.type.upper()}")
        _tell(device, sysfs.ASSIGN, f"{port}:{span.number}:{span.first}")
        yield span


def _free(number: int, sys_root: Path) -> None:
    """Takes a number from whichever port has it."""
    for device in sysfs.devices(sys_root):
        for port, taken in device.numbers.items():
            if taken == number:
                _tell(device, sysfs.UNASSIGN, str(port))


def _tell(device: Device, what: str, text: str) -> None:
    try:
        (device.place / what).write_text(text, "ascii")
    except OSError as error:
        raise TransientError(
            "The card {card} does not take its settings.",
            "Are calls up on it? Else switch the box off and on again.",
            card=device.key,
        ) from error


def _before(run: Path) -> CardPlan:
    """What was set up last."""
    try:
        return CardPlan.parse((run / FILE).read_text("ascii"))
    except (FileNotFoundError, UnicodeDecodeError, RejectedError):
        return CardPlan()


def _wanted(settings: Settings) -> CardPlan:
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
        log.error("%s: %s", " ".join(command), (done.stderr + done.stdout).strip()[:500])
        raise TransientError("The drivers of the cards refused the settings.")


def main() -> int:
    return Service("foyer-set-up-cards").run_once(lambda: set_up(_wanted(Settings.load()), RUN, _tool))


if __name__ == "__main__":
    sys.exit(main())
