"""The units as files: walls, limits, restarts without a storm, and what only a real machine starts."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from appliance.network.networkd import render
from appliance.network.plan import NetworkPlan
from appliance.network.trial import Network
from appliance.privileged.actions import ACTIONS
from appliance.setup.secrets import ONE_TIME

UNITS = Path("/etc/systemd/system")
OURS = sorted(
    {path.name for path in UNITS.glob("foyer-*.service") if path.is_file()}
    | {"asterisk.service", "caddy.service"}
)
# They have no walls: they load drivers, mount and format.
LIMITED_SCRIPTS = ("box-data-watch.service", "box-profile.service")
UNLIMITED = ("box-data.service",)
ALWAYS_UP = ("asterisk", "caddy", "foyer-apply", "foyer-pbx", "foyer-webui")
# Whose account each has; "" is one that systemd makes for as long as it runs.
ACCOUNTS = {
    **{name: name for name in ("foyer-apply", "foyer-health", "foyer-names", "foyer-pbx", "foyer-webui")},
    "foyer-console@": "foyer-console",
    "foyer-hw": "",
    "foyer-sound": "",
    **dict.fromkeys(("asterisk", "foyer-disk"), "asterisk"),
    **dict.fromkeys(("caddy", "foyer-fault-door"), "caddy"),
}
# Root stays in foyer-privileged alone, and without root's powers. The others do one thing, and end.
ROOT_STAYS = "foyer-privileged"
ROOT_ENDS = {
    *("box-data", "box-data-watch", "box-profile", "foyer-calls-first", "foyer-confirm-drivers"),
    *("foyer-factory-reset", "foyer-find-cards", "foyer-load-firmware", "foyer-network@"),
    "foyer-set-line-mode",
    *("foyer-new-password", "foyer-open-data", "foyer-set-up-cards", "foyer-setup", "foyer-wear"),
}
# systemd-analyze security: 0 is no exposure, 10 is no sandbox.
EXPOSURE_MAX = 4.0
# What has Asterisk start before the others.
FIRST = "foyer-calls-first.service"
REAL_MACHINES = ("nftables", "systemd-networkd", "systemd-resolved", "systemd-timesyncd")


def text_of(unit: str) -> str:
    """A unit with its drop-ins, as systemd puts them together."""
    prefix = re.sub(r"^(foyer-).*", r"\1", unit.removesuffix(".service"))
    folders = (UNITS / f"{unit}.d", UNITS / f"{prefix}.service.d")
    parts = [UNITS / unit, *(path for folder in folders for path in sorted(folder.glob("*.conf")))]
    return "\n".join(path.read_text() for path in parts)


def values(unit: str, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", text_of(unit), re.MULTILINE)


@pytest.mark.parametrize("unit", [*OURS, *LIMITED_SCRIPTS, *UNLIMITED])
def test_what_stays_is_not_root(unit: str) -> None:
    name = unit.removesuffix(".service")
    if name in ACCOUNTS:
        assert values(unit, "User") == [ACCOUNTS[name]] * bool(ACCOUNTS[name])
        assert values(unit, "DynamicUser") == ["yes"] * (not ACCOUNTS[name])
        return
    assert values(unit, "User") == values(unit, "DynamicUser") == []
    if name == ROOT_STAYS:
        assert values(unit, "CapabilityBoundingSet") == [""]
    else:
        assert name in ROOT_ENDS and values(unit, "Type") == ["oneshot"]


@pytest.mark.parametrize("unit", OURS)
def test_the_walls_are_strict(unit: str) -> None:
    name = unit.replace("@.", "@start.")
    verdict = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--no-pager", name],
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"exposure level for .*: ([0-9.]+)", verdict.stdout)
    assert found, verdict
    assert float(found[1]) <= EXPOSURE_MAX, verdict.stdout


@pytest.mark.parametrize("unit", [one for one in OURS if one.startswith("foyer-")])
def test_an_exception_from_the_common_walls_counts(unit: str) -> None:
    """systemd.unit(5): a unit's own file is read before every drop-in, also before those of its prefix."""
    common = (UNITS / "foyer-.service.d/10-sandbox.conf").read_text()
    settings = set(re.findall("^([A-Za-z]+)=(?:yes|strict|invisible|native)$", common, re.MULTILINE))
    own = set(re.findall("^([A-Za-z]+)=", (UNITS / unit).read_text(), re.MULTILINE))
    assert len(settings) > 15 and not own & settings
    walls = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--no-pager", unit.replace("@.", "@start.")],
        capture_output=True,
        text=True,
        check=False,
    )
    for name, value in re.findall("^(ProtectKernel[A-Za-z]+)=(yes|no)$", text_of(unit), re.MULTILINE):
        if value == "no":
            assert re.search(f"^✗ {name}= ", walls.stdout, re.MULTILINE), walls.stdout


def test_every_script_of_the_boot_is_limited_or_says_why_not() -> None:
    scripts = {path.name for path in UNITS.glob("box-*.service")}
    assert scripts == {*LIMITED_SCRIPTS, *UNLIMITED}
    for unit in UNLIMITED:
        assert "# No limit of memory: " in text_of(unit)


@pytest.mark.parametrize("unit", [*OURS, *LIMITED_SCRIPTS])
def test_memory_is_limited(unit: str) -> None:
    (high,), (most,) = values(unit, "MemoryHigh"), values(unit, "MemoryMax")
    assert int(high.removesuffix("M")) < int(most.removesuffix("M"))


@pytest.mark.parametrize("unit", OURS)
def test_it_comes_back_without_a_storm(unit: str) -> None:
    if values(unit, "Type") == ["oneshot"]:
        return
    assert values(unit, "Restart")[0] in ("always", "on-failure")
    assert int(values(unit, "RestartSteps")[0]) > 1 and int(values(unit, "RestartMaxDelaySec")[0]) <= 5
    # Nobody is there to start it by hand: it never gives up.
    assert values(unit, "StartLimitIntervalSec") == ["0"]


@pytest.mark.parametrize("name", [name for name in ALWAYS_UP if name.startswith("foyer-")])
def test_it_says_that_it_is_alive(name: str) -> None:
    assert values(f"{name}.service", "Type") == ["notify"]
    assert 5 <= int(values(f"{name}.service", "WatchdogSec")[0]) <= 30


@pytest.mark.parametrize("unit", OURS)
def test_who_says_that_it_is_up_is_watched_or_says_why_not(unit: str) -> None:
    if values(unit, "Type") == ["notify"]:
        assert bool(values(unit, "WatchdogSec")) != ("\n# No watchdog: " in text_of(unit))


@pytest.mark.parametrize("name", [name for name in ALWAYS_UP if name != "asterisk"])
def test_calls_come_before_pages(name: str) -> None:
    unit = f"{name}.service"
    assert FIRST in " ".join(values(unit, "After")).split()
    # It is there all the same when Asterisk is not, and also when Asterisk's start never ends.
    for relation in ("After", "Requires"):
        assert "asterisk.service" not in " ".join(values(unit, relation)).split()


def test_the_journal_and_a_hanging_box() -> None:
    journal = Path("/etc/systemd/journald.conf.d/foyer.conf").read_text()
    assert re.search(r"^RuntimeMaxUse=\d+M$", journal, re.MULTILINE) and "RateLimitBurst=" in journal
    assert "RuntimeWatchdogSec=" in Path("/etc/systemd/system.conf.d/foyer.conf").read_text()


@pytest.mark.parametrize("name", REAL_MACHINES)
def test_real_machines_alone_start_it(name: str) -> None:
    drop_in = UNITS / f"{name}.service.d/10-machine.conf"
    assert "ConditionKernelCommandLine=foyer.slot" in drop_in.read_text()
    wants = [path for path in UNITS.glob("*.wants/*") if path.name == f"{name}.service"]
    assert len(wants) == 1
    assert Path("/usr/lib/systemd/system", f"{name}.service").is_file()


def test_without_a_plan_of_the_network_nothing_is_started_for_it() -> None:
    """A start has no trial: that lies in memory."""
    place = Network.kept / "plan.json"
    drop_in = UNITS / "foyer-network@start.service.d/10-first.conf"
    assert f"ConditionPathExists={place}\n" in drop_in.read_text()


def test_the_way_back_to_a_network_that_works_is_tried_until_it_is_there() -> None:
    drop_in = (UNITS / "foyer-network@back.service.d/20-again.conf").read_text()
    for setting in ("Restart=on-failure", "RestartSec=5", "StartLimitIntervalSec=0"):
        assert f"{setting}\n" in drop_in


def test_the_router_knows_the_box_again_after_a_restart() -> None:
    """The machine's id, of which networkd makes its name otherwise, is another one at each start."""
    for text in (
        Path("/etc/systemd/network/80-foyer.network").read_text(),
        render(NetworkPlan("eth0"))["10-foyer.network"],
    ):
        assert re.search(r"^\[DHCPv4\]\n(#.*\n)*ClientIdentifier=mac$", text, re.MULTILINE)


def test_only_who_may_ask_root_for_something_reaches_its_socket() -> None:
    """The account that makes settings live, and the group of the others: the box's own screen and the pages,
    which may read the one-time password.
    """
    socket = (UNITS / "foyer-privileged.socket").read_text()
    assert {name for action in ACTIONS for name in action.callers} == {
        *("foyer-webui", "foyer-console", "foyer-apply")
    }
    for setting in ("SocketUser=foyer-apply", "SocketGroup=foyer-console", "SocketMode=0660"):
        assert f"{setting}\n" in socket
    assert values("foyer-console@.service", "Group") == ["foyer-console"]
    in_group = {
        unit for unit in OURS if "foyer-console" in " ".join(values(unit, "SupplementaryGroups")).split()
    }
    assert in_group == {"foyer-webui.service"}
    assert (ONE_TIME.owner, ONE_TIME.group) == ("foyer-webui", "foyer-console")


def test_the_box_is_found_by_its_name() -> None:
    assert "MulticastDNS=yes" in Path("/etc/systemd/resolved.conf.d/foyer.conf").read_text()
    assert "MulticastDNS=yes" in Path("/etc/systemd/network/80-foyer.network").read_text()


def test_nobody_signs_in_over_the_network_and_nobody_with_a_password() -> None:
    for program in ("/usr/sbin/sshd", "/usr/bin/dropbear", "/usr/sbin/telnetd"):
        assert not Path(program).exists()
    # Keys of a host, in an image that many boxes share, would be known to all of them.
    assert not list(Path("/etc").glob("**/*host*key*"))
    for line in Path("/etc/shadow").read_text().splitlines():
        assert line.split(":")[1].startswith(("*", "!")), line.split(":")[0]


def test_asterisk_reaches_cards_whose_driver_comes_later() -> None:
    """By what there is before a driver: the folder, and DAHDI's number."""
    text = (UNITS / "asterisk.service.d/20-cards.conf").read_text()
    assert "BindPaths=-/dev/dahdi\n" in text
    folders = Path("/usr/lib/tmpfiles.d/foyer.conf").read_text()
    assert re.search("^d /dev/dahdi 0755 root root -$", folders, re.MULTILINE)
    allowed = re.findall("^DeviceAllow=(.*)$", text, re.MULTILINE)
    assert allowed == [f"/dev/char/196:{minor} rw" for minor in (0, 253, 254, 255)]
