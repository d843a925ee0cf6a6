"""foyer-set-line-mode: has the drivers of analog cards treat lines as the office's country does (current,
impedance, when a ring is one), by an option of theirs.

Run as root before cards are set up: `python3 -m appliance.hw.dahdi.line_mode`. A driver reads its option when
it is loaded, which is before the settings can be read: one that was told otherwise is taken out and loaded
again, which the kernel refuses while Asterisk has a channel of it open. foyer-apply has Asterisk give them up
first, when there is no call on any (apply/cards.py); else the driver has its turn at the next start.
"""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from appliance.durable import place_file
from appliance.errors import TransientError
from appliance.hw.bus import text
from appliance.hw.dahdi import set_up, sysfs
from appliance.service import Service
from appliance.settings import Settings

log = logging.getLogger(__name__)

# Where modprobe looks, too: drivers of cards that come later get their option by it.
FILE = Path("/run/modprobe.d/foyer-cards.conf")
# A card of 24 modules measures each of them.
TOOL_TIMEOUT_S = 45.0
_BY_NAME = ("opvxa1200", "wcaxx", "wctdm", "wctdm24xxp")
_BY_NUMBER = "wcfxo"
# dahdi-linux 3.4.0, drivers/dahdi/wcfxo.c, fxo_modes: those that its second mode, CTR21, is for. All others
# have the first.
_CTR21 = frozenset(
    {
        *("AUSTRIA", "BELGIUM", "DENMARK", "FINLAND", "FRANCE", "GERMANY", "GREECE", "ICELAND", "IRELAND"),
        *("ITALY", "LUXEMBOURG", "NETHERLANDS", "NORWAY", "PORTUGAL", "SPAIN", "SWEDEN", "SWITZERLAND"),
        *("UK", "TBR21"),
    }
)

type Tool = Callable[[Sequence[str]], None]


def options(mode: str) -> dict[str, str]:
    """Driver to the value of its option `opermode`, for one of plan.MODES."""
    return {**dict.fromkeys(_BY_NAME, mode), _BY_NUMBER: str(int(mode in _CTR21))}


def render(mode: str) -> str:
    """The file for modprobe."""
    return "".join(f"options {driver} opermode={value}\n" for driver, value in options(mode).items())


def apply(mode: str, file: Path, sys_root: Path, tool: Tool) -> None:
    """Tells the drivers that are loaded, and modprobe for those that will be; "" is for no analog ports.
    TransientError: a driver could not be loaded again.
    """
    if not mode:
        return
    place_file(file, render(mode).encode("ascii"), 0o644)
    for driver, value in options(mode).items():
        said = text(sys_root / "module" / driver / "parameters/opermode")
        if said in ("", value):
            continue
        try:
            tool(("rmmod", driver))
        except TransientError:
            log.warning("%s is in use: it stays with opermode %s until the next start.", driver, said)
            continue
        log.info("%s is loaded again with opermode %s.", driver, value)
        tool(("modprobe", driver))


def _tool(command: Sequence[str]) -> None:
    failure = TransientError("The driver of an analog card was not loaded again.")
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TOOL_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise failure from error
    if done.returncode != 0:
        log.warning("%s: %s", " ".join(command), (done.stderr + done.stdout).strip()[:500])
        raise failure


def main() -> int:
    def work() -> None:
        apply(set_up.wanted(Settings.load()).mode, FILE, sysfs.SYS, _tool)

    return Service("foyer-set-line-mode").run_once(work)


if __name__ == "__main__":
    sys.exit(main())
