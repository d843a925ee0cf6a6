"""The one list of checks, behind `foyer doctor` and the system page: facts -> what is wrong and what to do.

Each is a pure function over the half of the facts that it is about. A limit stands beside the check that
uses it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from appliance.fault import fault
from appliance.health.facts import Contact, Facts, Machine
from appliance.health.finding import Finding, Term, bad, warn
from appliance.space import stops_below

_GB = 10**9
SPACE_LOW = 5 * _GB
MEMORY_LOW = 0.08
LIFE_LOW, LIFE_OUT = 80, 100
# Without what its maker says, a chip is hot at 85 degrees: consumer parts are specified up to 100 or 105.
HOT, TOO_HOT = 85.0, 95.0
RESTARTS_MANY = 5
# The front door renews its certificate when a third of its 12 hours is left.
CERTIFICATE_LATE_MS = 3600 * 1000

UNIT_WORK = {
    "asterisk": Term("telephone service"),
    "caddy": Term("front door of the pages"),
    "foyer-apply": Term("service that puts settings to use"),
    "foyer-pbx": Term("link between the telephone service and the pages"),
    "foyer-webui": Term("pages"),
    "foyer-setup": Term("preparation of the data"),
    "nftables": Term("firewall"),
    "systemd-networkd": Term("network"),
    "systemd-resolved": Term("names in the network"),
    "systemd-timesyncd": Term("comparing of the clock"),
}


# What lets the drivers in, by the state of their key (appliance.secure_boot).
_LET_IN = {
    "unknown": Term(
        "Let the drivers of telephone cards in: on the page System, or on the box's own screen. Or switch"
        " Secure Boot off in the firmware."
    ),
    "asked": Term(
        "Start the box again at its own screen and say yes there, with the code that was shown. Without it,"
        " ask for another one on the page System."
    ),
}


def units(machine: Machine) -> Iterator[Finding]:
    for unit in machine.units:
        work = UNIT_WORK.get(unit.name, Term(unit.name))
        if unit.state in ("failed", "inactive", "deactivating"):
            yield bad(
                "A part of the box does not run: {work} ({unit}).",
                "Restart it on the page System; if it fails again, switch the box off and on.",
                work=work,
                unit=unit.name,
            )
        elif unit.restarts >= RESTARTS_MANY:
            yield warn(
                "A part of the box had to be started {count} times again: {work} ({unit}).",
                "Its messages on the page System say why.",
                work=work,
                unit=unit.name,
                count=unit.restarts,
            )


def failed_units(machine: Machine) -> Iterator[Finding]:
    told = {unit.name for unit in machine.units}
    for name in machine.failed_units:
        if name not in told:
            yield warn(
                "A smaller part of the box has failed: {unit}.",
                "Its messages on the page System say why. Switch the box off and on; if it fails again, send"
                " a support file.",
                unit=name,
            )


def space(machine: Machine) -> Iterator[Finding]:
    for one in machine.spaces:
        # A small disk is not full because it is small.
        out, low = stops_below(one.size), min(SPACE_LOW, one.size // 8)
        if one.is_read_only:
            yield bad(
                "Nothing can be written to {place}.",
                "The disk may be failing: make a backup, then put a new disk in.",
                place=one.place,
            )
        elif one.free < out:
            yield bad(
                "The disk is full: calls still work, but they are no longer recorded.",
                "Delete old recordings, or put a larger disk in.",
            )
        elif one.free < low:
            yield warn(
                "The disk is nearly full: {free} MB are left.",
                "Delete old recordings, or put a larger disk in.",
                free=one.free // 10**6,
            )
        if one.errors:
            yield bad(
                "What is stored on {place} has been found damaged.",
                "Make a backup now; the disk may be failing.",
                place=one.place,
            )


def disks(machine: Machine) -> Iterator[Finding]:
    for disk in machine.disks:
        if disk.is_worn_out or (disk.life_used or 0) >= LIFE_OUT:
            yield bad(
                "The disk {disk} has reached the end of its life.",
                "Make a backup now and put a new disk in.",
                disk=disk.model or disk.name,
            )
        elif (disk.life_used or 0) >= LIFE_LOW:
            yield warn(
                "The disk {disk} has used {percent} % of its life.",
                "Plan for a new disk.",
                disk=disk.model or disk.name,
                percent=disk.life_used or 0,
            )
        if disk.errors:
            yield bad(
                "The disk {disk} could not read or write {count} times.",
                "Make a backup now and put a new disk in.",
                disk=disk.model or disk.name,
                count=disk.errors,
            )
        if disk.is_other_system:
            yield warn(
                "There is a second disk with Foyer's system in the box: {disk}.",
                "The box uses the disk that it was started from, and leaves the other one alone. Take that"
                " one out before the box is started again: with both in, it may not start.",
                disk=disk.model or disk.name,
            )


def memory(machine: Machine) -> Iterator[Finding]:
    if machine.memory_size and machine.memory_free < machine.memory_size * MEMORY_LOW:
        yield warn(
            "The memory is nearly full: {free} MB are left.",
            "Start the box again when nobody calls; if it comes back, send a support file.",
            free=machine.memory_free // 10**6,
        )


def temperature(machine: Machine) -> Iterator[Finding]:
    for sensor in machine.temperatures:
        critical, high = sensor.critical or TOO_HOT, sensor.high or HOT
        if sensor.now >= critical:
            yield bad(
                "The box is too hot: {degrees} °C ({sensor}).",
                "Switch it off before it is damaged; clean its fan and give it room.",
                degrees=round(sensor.now),
                sensor=sensor.name,
            )
        elif sensor.now >= high:
            yield warn(
                "The box is hot: {degrees} °C ({sensor}).",
                "Clean its fan, give it room, or move it to a cooler place.",
                degrees=round(sensor.now),
                sensor=sensor.name,
            )


def clock(machine: Machine) -> Iterator[Finding]:
    found = machine.clock
    if found.built is not None and found.now < found.built:
        yield bad(
            "The clock is wrong: it shows a day before this version was made.",
            "Connect the box to the internet, or set the clock in its firmware; its battery may be empty.",
        )
    elif found.is_synchronised is False:
        yield warn(
            "The clock is not compared with any other.",
            "Times in the records may be wrong. Let the box reach the internet, if your rules allow it.",
        )


def certificate(machine: Machine) -> Iterator[Finding]:
    match machine.certificate.state:
        case "silent":
            yield bad(
                "The front door of the pages does not answer.",
                "Restart it on the page System, or with: systemctl restart caddy",
            )
        case "expired" | "early":
            yield bad(
                "Browsers refuse the box's certificate: its dates do not fit the clock.",
                "Set the clock right, then restart the front door of the pages.",
            )
        case "bad":
            yield bad(
                "The box's certificate does not belong to its own authority.",
                "Restart the front door of the pages.",
            )
        case "good" if (machine.certificate.until or 0) < machine.clock.now + CERTIFICATE_LATE_MS:
            yield warn(
                "The box's certificate was not renewed in time.", "Restart the front door of the pages."
            )


def drivers(machine: Machine) -> Iterator[Finding]:
    for module in machine.refused_modules:
        if machine.driver_key in _LET_IN:
            yield bad(
                "Secure Boot keeps the driver {driver} from being loaded; its card does not work.",
                _LET_IN[machine.driver_key],
                driver=module,
            )
        else:
            yield bad(
                "The driver {driver} was refused by the system; its card does not work.",
                "Send a support file.",
                driver=module,
            )


def data(machine: Machine) -> Iterator[Finding]:
    if found := fault(machine.data_fault):
        yield bad(found.message, found.hint)


def database(contact: Contact) -> Iterator[Finding]:
    if contact.database_problem:
        yield bad(
            "The database is damaged: {problem}.",
            "Bring back a backup, and send a support file.",
            problem=contact.database_problem,
        )


def telephone(contact: Contact) -> Iterator[Finding]:
    if not contact.is_telephone_up:
        yield bad(
            "The telephone service is not running.",
            "The box starts it again by itself; if it stays away, restart it on the page System.",
        )
        return
    for line in contact.lines:
        if line.signs_in and line.is_registered is False:
            yield bad(
                "The phone line {line} is not signed in at its provider.",
                "Its page in the settings says why, as far as it is known, and tries again at once.",
                line=line.name,
            )
        elif line.is_reachable is False:
            yield bad(
                "The provider of the phone line {line} does not answer.",
                "Its page in the settings says why, as far as it is known, and tries again at once.",
                line=line.name,
            )


def calls_out(contact: Contact) -> Iterator[Finding]:
    if contact.is_guard_on:
        yield bad(
            "Calls to expensive numbers are stopped: more were made in an hour than is allowed.",
            "Look at the calls of the last hours; release them on the page Settings, Calls out.",
        )


def settings(contact: Contact) -> Iterator[Finding]:
    if contact.failed_revision is not None:
        yield bad(
            "The newest settings (number {number}) did not work; the last good ones are in use.",
            "The page Changes says which part it was. Correct it, or go back.",
            number=contact.failed_revision,
        )
    for queue in contact.queues_without_agents:
        yield warn(
            "Nobody answers the queue {queue}: it has no agents.",
            "Give it agents on the page Settings.",
            queue=queue,
        )


def key(contact: Contact) -> Iterator[Finding]:
    if contact.is_key_unseen:
        yield warn(
            "If this machine breaks, nobody can open its data: the recovery key was never looked at.",
            "Open it on the page System, and keep it in a safe place away from the box.",
        )


MACHINE_CHECKS: tuple[Callable[[Machine], Iterator[Finding]], ...] = (
    data,
    units,
    failed_units,
    certificate,
    space,
    disks,
    drivers,
    clock,
    temperature,
    memory,
)
CONTACT_CHECKS: tuple[Callable[[Contact], Iterator[Finding]], ...] = (
    database,
    telephone,
    calls_out,
    settings,
    key,
)


def of_machine(machine: Machine | None) -> list[Finding]:
    """What is wrong with the machine alone; None for one that could not be asked."""
    if machine is None:
        return [
            warn(
                "The box's own state could not be read.",
                "Try again; if it stays so, switch the box off and on.",
            )
        ]
    if cause := list(data(machine)):
        return cause  # without its data nothing of the box runs: all else follows from that
    return [finding for check in MACHINE_CHECKS for finding in check(machine)]


def findings(facts: Facts) -> list[Finding]:
    """Everything that is wrong, the worst first, else in the order of the lists."""
    found = of_machine(facts.machine)
    if facts.machine and facts.machine.data_fault:
        return found
    if facts.contact is None:
        found.append(
            bad(
                "The database could not be opened.",
                "Switch the box off and on; if it stays so, send a support file.",
            )
        )
    else:
        found += [finding for check in CONTACT_CHECKS for finding in check(facts.contact)]
    return sorted(found, key=lambda finding: finding.severity != "bad")
