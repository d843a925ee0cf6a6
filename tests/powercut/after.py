"""A box switched on with the disk that a power cut left: whether it comes up, and kept its word."""

from __future__ import annotations

import json
import shlex
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from vm import DISK_GB

from tests.image.vm import VirtualBox
from tests.powercut import write_log
from tests.powercut.recording import ADMIN, PATIENCE_S, Recording, authority, copy, visit
from tests.powercut.write_log import Cut
from tests.until import until

INSIDE = Path(__file__).with_name("inside.py")
# Beside another machine, on two processors.
UP_S = 600.0
PARTS = ["foyer-bios", "foyer-esp", "foyer-key", "foyer-a", "foyer-b", "foyer-data"]


@dataclass(frozen=True)
class Verdict:
    """What came of one cut: `wrong` in words, empty if all is well; how long the box took to come up."""

    cut: Cut
    lost: int
    ready_s: float
    wrong: tuple[str, ...]
    report: str = ""


def disk_after(recording: Recording, cut: Cut, folder: Path) -> Path:
    """The disk, raw, in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    disk = folder / "cut.img"
    copy(recording.image, disk)
    with disk.open("r+b") as file:
        file.truncate(DISK_GB << 30)
    write_log.replay(recording.log, recording.entries, cut, disk)
    return disk


def boot(recording: Recording, cut: Cut, folder: Path, https_port: int, http_port: int) -> Verdict:
    """Switches a box on with that disk and looks at it. The folder is deleted if all is well."""
    shutil.rmtree(folder, ignore_errors=True)
    disk = disk_after(recording, cut, folder)
    box = VirtualBox(folder, image=disk, https_port=https_port, http_port=http_port)
    wrong: list[str] = []
    report = ""
    began = time.monotonic()
    try:
        box.switch_on()
        box.wait_up(UP_S)
        ready_s = time.monotonic() - began
        wrong = look(box, recording.told(cut.done))
        report = box.log_tail() if wrong else ""
    except (AssertionError, OSError) as error:
        ready_s = time.monotonic() - began
        wrong, report = [f"{error}".partition("\n")[0]], f"{error}\n{box.log_tail()}"
    finally:
        box.power_cut()
    if not wrong:
        shutil.rmtree(folder)
    waiting = sum(len(write_log.blocks(entry)) for entry in recording.entries[cut.flushed : cut.done])
    return Verdict(cut, waiting - len(cut.survived), ready_s, tuple(wrong), report)


def look(box: VirtualBox, told: dict[str, list[str]]) -> list[str]:
    """What is wrong with a box that came up, which had told these things before the cut."""
    failed = box.run("systemctl --failed --no-legend --plain")
    state = box.run("systemctl is-system-running", check=False)
    wrong = [f"the system is {state}: {failed}"] if state != "running" else []
    parts = box.run("lsblk -rno PARTLABEL /dev/vda | grep .").split()
    wrong += [f"partitions: {parts}"] if parts != PARTS else []
    # Each look reads every database through: the one that finds the settings in use is the one that counts.
    look_again = partial(settled, box)
    found = until(look_again, PATIENCE_S, "the wanted settings in use", 2) if "saved" in told else seen(box)
    wrong += lost(found, told) + locked(found, told)
    wrong += (
        ["it has another authority"] if "authority" in told and authority(box) != told["authority"][0] else []
    )
    if "login" in told:
        with visit(box) as client:
            client.sign_in(ADMIN.admin_login, ADMIN.admin_password)
    return [*wrong, *damage(box)]


def seen(box: VirtualBox) -> dict[str, Any]:
    """What inside.py finds."""
    found: dict[str, Any] = json.loads(box.run(f"python3 -P -c {shlex.quote(INSIDE.read_text())}"))
    return found


def settled(box: VirtualBox) -> dict[str, Any]:
    """What inside.py finds once what is wanted is in use; AssertionError before."""
    found = seen(box)
    now = {key: found[key] for key in ("live", "wanted", "states")}
    assert found["live"] == found["wanted"] and found["states"] == ["live"], now
    return found


def lost(found: dict[str, Any], told: dict[str, list[str]]) -> list[str]:
    """What is not there any more although it was told, or damaged."""
    wrong = [f"{path}: {word}" for path, word in found["integrity"].items() if word != "ok"]
    gone: dict[str, Sequence[str | int]] = {
        "events": sorted({int(event) for event in told.get("event", [])} - set(found["events"])),
        "notes": [person for person in told.get("note", []) if not found["notes"].get(person)],
        "accounts": sorted(set(told.get("login", [])) - set(found["logins"])),
        "settings saved": [number for number in told.get("saved", []) if int(number) > found["saved"]],
        "settings in use": [number for number in told.get("live", []) if int(number) > found["live"]],
    }
    return wrong + [f"lost {what}: {values[:5]} of {len(values)}" for what, values in gone.items() if values]


def locked(found: dict[str, Any], told: dict[str, list[str]]) -> list[str]:
    """Whether the right one can sign in, once the box is up: by an account, else by the password told."""
    wrong = []
    if "login" not in told and "otp" in told and not found["logins"] and found["otp"] != told["otp"][0]:
        wrong.append("it has another one-time password")
    if found["otp"] and found["logins"]:
        wrong.append("the one-time password outlived the administrator's account")
    if not found["otp"] and not found["logins"]:
        wrong.append("nobody can sign in")
    return wrong


def damage(box: VirtualBox) -> list[str]:
    """What a complete check of /data finds. Afterwards nothing can be written any more."""
    box.run("echo u >/proc/sysrq-trigger")
    until(lambda: " ro" in box.run("findmnt -no OPTIONS /data | sed 's/^/ /'"), 30, "/data read-only")
    said = box.run("e2fsck -fn /dev/mapper/foyer-data; echo code $?")
    return [] if said.endswith("code 0") else [f"the file system is damaged: {said}"]
