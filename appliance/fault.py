"""What keeps a box from its data: every fault that the start, or the watch over the data disk, can note, in
words for the box's own screen, for its pages and for `foyer doctor`.

Knows nothing of the rest. The names are those that image/tree/usr/libexec/box-fault is called with.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# Below /run; holds the fault's name.
FILE = "foyer-data-fault"


@dataclass(frozen=True)
class Fault:
    """`message` says what is wrong, `hint` what to do; both are msgids. `can_reset`: a factory reset makes
    the box usable again, at the price of its data. `needs_key`: the recovery key opens it.
    """

    message: str
    hint: str
    can_reset: bool = False
    needs_key: bool = False


FAULTS = {
    "disk-too-small": Fault(
        "The disk is too small to keep data on, so the box cannot work.",
        "Switch the box off, write the system to a disk of 4 GB or more, and put that one in.",
    ),
    "no-partition": Fault(
        "The disk has lost a part that the box needs, so the box cannot work.",
        "Switch the box off, write the system to a new disk, and put that one in. Keep the old disk if"
        " somebody may still save what is on it.",
    ),
    "twins": Fault(
        "Two disks in the box have the very same system, and it cannot tell which of them it was started"
        " from, so it does not work.",
        "Switch the box off, take one of the two disks out, and switch it on again. Nothing on either of them"
        " was changed.",
    ),
    "locked": Fault(
        "The data on the disk cannot be opened, so the box cannot work: its key is lost, or its beginning is"
        " damaged.",
        "Start the box again once. If it stays so, put in a new disk with the system on it, or do a factory"
        " reset on the box's own screen, which deletes the data for good.",
        can_reset=True,
    ),
    "sealed": Fault(
        "The data on the disk is locked to another machine, or this machine has forgotten its key, so the box"
        " cannot work.",
        "Put the disk back into its own machine, or type the recovery key on the box's own screen. Without"
        " that key nobody can open the data; a factory reset on that screen deletes it for good.",
        can_reset=True,
        needs_key=True,
    ),
    "damaged": Fault(
        "The data on the disk is damaged and could not be repaired, so the box cannot work.",
        "Start the box again once. If it stays so, put in a new disk with the system on it, or do a factory"
        " reset on the box's own screen, which deletes the data for good.",
        can_reset=True,
    ),
    "unready": Fault(
        "The data on the disk could not be made ready, so the box cannot work yet.",
        "The box goes on trying by itself. If it stays so for minutes, start it again once; the last way is a"
        " factory reset on the box's own screen, which deletes the data for good.",
        can_reset=True,
    ),
    "gone": Fault(
        "The box cannot reach its data any more: the disk has failed, or has come loose.",
        "Calls go on for a while, but nothing is kept. Switch the box off, look at the disk and its cable,"
        " and switch it on again. If it happens again, put a new disk in.",
    ),
}


def noted(run: Path) -> str:
    """The name of the fault that was noted below `run`, "" for none."""
    try:
        return (run / FILE).read_text("utf-8", "replace")[:100].strip()
    except OSError:
        return ""


def fault(name: str) -> Fault | None:
    """The fault of that name; None for "". One that is not known is named, and can be reset like damage."""
    if not name:
        return None
    unknown = Fault(f"The start of the box failed: {name}.", FAULTS["damaged"].hint, can_reset=True)
    return FAULTS.get(name, unknown)
