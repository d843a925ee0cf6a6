"""The trial of a plan, step by step, with commands that are only noted; and what is left by a power cut."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from appliance.errors import NotFoundError, RejectedError, TransientError
from appliance.network.plan import NetworkPlan
from appliance.network.trial import TRIAL_S, Network, Token

OLD, NEW = (
    NetworkPlan("eth0", "192.0.2.10/24"),
    NetworkPlan("eth0", "198.51.100.7/24", phones_vlan=7, phones_address="10.0.0.1/8"),
)
TIMER = Path(__file__).parents[2] / "image/tree/etc/systemd/system/foyer-network-back.timer"
TOKEN, OTHER = Token.parse("a" * 32), Token.parse("b" * 32)


@dataclass
class Systemd:
    """Notes commands, and does what the units that they start would do."""

    folder: Path
    commands: list[str] = field(default_factory=list)
    fails: str = ""
    is_late: bool = False

    @property
    def network(self) -> Network:
        for name in ("state", "networkd", "kept"):
            (self.folder / name).mkdir(exist_ok=True)
        (self.folder / "cards" / "eth0").mkdir(parents=True, exist_ok=True)
        state, networkd, kept, cards = (self.folder / name for name in ("state", "networkd", "kept", "cards"))
        return Network(state, networkd, kept, self.run, cards)

    def run(self, command: Sequence[str]) -> None:
        text = " ".join(command)
        self.commands.append(text)
        if self.fails and self.fails in text:
            raise TransientError("The network could not be changed.")
        if self.is_late and "@again" in text:
            return
        units: dict[str, Callable[[], None]] = {
            "systemctl start --no-block foyer-network@again.service": lambda: self.network.apply(
                is_start=False
            ),
            "systemctl start foyer-network@keep.service": self.network.keep,
            "systemctl start --no-block foyer-network@back.service": self.network.back,
        }
        units.get(text, lambda: None)()

    def files(self) -> str:
        return "\n".join(path.read_text() for path in sorted((self.folder / "networkd").iterdir()))

    def reboot(self) -> None:
        """Memory is gone."""
        for name in ("state", "networkd"):
            for path in (self.folder / name).iterdir():
                path.unlink()
        self.network.apply(is_start=True)


@pytest.fixture
def systemd(tmp_path: Path) -> Systemd:
    """A box that keeps the old plan and runs it."""
    made = Systemd(tmp_path)
    (made.network.kept / "plan.json").write_text(OLD.to_text())
    made.network.apply(is_start=True)
    assert "192.0.2.10" in made.files() and made.commands == []
    return made


def test_confirmed_it_stays(systemd: Systemd) -> None:
    systemd.network.begin(NEW, TOKEN)
    assert systemd.commands[0] == "systemctl restart foyer-network-back.timer"
    assert "198.51.100.7" in systemd.files() and systemd.network.kept_plan() == OLD
    systemd.network.confirm(TOKEN)
    assert "systemctl stop foyer-network-back.timer" in systemd.commands
    assert systemd.network.trial() is None and systemd.network.kept_plan() == NEW
    systemd.reboot()
    assert "198.51.100.7" in systemd.files()
    assert "Kind=vlan" in systemd.files() and "Address=10.0.0.1/8" in systemd.files()


def test_unconfirmed_it_goes_back(systemd: Systemd) -> None:
    systemd.network.begin(NEW, TOKEN)
    systemd.network.back()
    assert "192.0.2.10" in systemd.files() and "phones" not in systemd.files()
    assert "ip link delete phones" in systemd.commands
    assert systemd.network.trial() is None
    with pytest.raises(RejectedError):
        systemd.network.confirm(TOKEN)
    with pytest.raises(NotFoundError):
        systemd.network.keep()
    assert systemd.network.kept_plan() == OLD


def test_before_the_network_has_changed_nobody_can_confirm_it(systemd: Systemd) -> None:
    systemd.network.begin(OLD, OTHER)
    systemd.is_late = True
    systemd.network.begin(NEW, TOKEN)
    with pytest.raises(TransientError, match="has not changed its network yet"):
        systemd.network.confirm(TOKEN)
    assert "systemctl stop foyer-network-back.timer" not in systemd.commands
    assert systemd.network.kept_plan() == OLD and systemd.network.trial() is not None
    systemd.network.apply(is_start=False)
    systemd.network.confirm(TOKEN)
    assert systemd.network.kept_plan() == NEW and list(systemd.network.state.iterdir()) == []


def test_networkd_that_refuses_leaves_nothing_to_confirm(systemd: Systemd) -> None:
    systemd.fails = "reload"
    with pytest.raises(TransientError):
        systemd.network.begin(NEW, TOKEN)
    with pytest.raises(TransientError):
        systemd.network.confirm(TOKEN)
    assert systemd.network.kept_plan() == OLD


@pytest.mark.parametrize("card", ["lo", "phones", "eth1"])
def test_what_is_no_card_of_the_machine_is_refused(systemd: Systemd, card: str) -> None:
    for other in ("lo", "phones"):
        (systemd.network.cards / other).mkdir()
    with pytest.raises(RejectedError):
        systemd.network.begin(NetworkPlan(card), TOKEN)
    assert systemd.commands == [] and systemd.network.trial() is None


def test_what_could_not_go_back_at_once_goes_back_at_the_next_try(systemd: Systemd) -> None:
    systemd.network.begin(NEW, TOKEN)
    systemd.fails = "reload"
    with pytest.raises(TransientError):
        systemd.network.back()
    systemd.fails = ""
    tried = len(systemd.commands)
    systemd.network.back()
    assert "192.0.2.10" in systemd.files()
    assert "systemctl reload systemd-networkd.service" in systemd.commands[tried:]


def test_a_restart_in_between_goes_back(systemd: Systemd) -> None:
    systemd.network.begin(NEW, TOKEN)
    systemd.reboot()
    assert "192.0.2.10" in systemd.files() and systemd.network.trial() is None


def test_only_its_own_word_confirms_it(systemd: Systemd) -> None:
    systemd.network.begin(NEW, TOKEN)
    with pytest.raises(RejectedError):
        systemd.network.confirm(OTHER)
    assert systemd.network.trial() is not None
    for wrong in ("", "short", "a" * 32 + "\n", "é" * 32, "a" * 65):
        with pytest.raises(RejectedError):
            Token.parse(wrong)
    assert TOKEN not in (systemd.folder / "state/trial.json").read_text()


def test_without_a_way_back_nothing_is_changed(systemd: Systemd) -> None:
    systemd.fails = "back.timer"
    before = systemd.files()
    with pytest.raises(TransientError):
        systemd.network.begin(NEW, TOKEN)
    assert systemd.files() == before and systemd.network.trial() is None


def test_going_back_before_the_time(systemd: Systemd) -> None:
    systemd.network.begin(NEW, TOKEN)
    systemd.network.give_up()
    assert "192.0.2.10" in systemd.files()
    assert "systemctl stop foyer-network-back.timer" in systemd.commands


def test_the_timer_stays_if_it_cannot_go_back_at_once(systemd: Systemd) -> None:
    systemd.network.begin(NEW, TOKEN)
    systemd.fails = "@back.service"
    with pytest.raises(TransientError):
        systemd.network.give_up()
    assert "systemctl stop foyer-network-back.timer" not in systemd.commands


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"plan": 1}', '{"plan": "{}", "digest": "x", "until": 1}', "\xff"]
)
def test_a_damaged_file_is_no_plan(systemd: Systemd, damage: str) -> None:
    (systemd.network.state / "trial.json").write_text(damage, "latin-1")
    (systemd.network.kept / "plan.json").write_text(damage, "latin-1")
    systemd.network.apply(is_start=False)
    assert systemd.files() == ""


def test_a_box_without_a_plan_leaves_every_card_to_the_router(tmp_path: Path) -> None:
    systemd = Systemd(tmp_path)
    systemd.network.apply(is_start=True)
    assert systemd.files() == "" and systemd.network.kept_plan() is None


def test_the_timer_goes_back_when_the_pages_say_so() -> None:
    """What people are told (`TRIAL_S`) is what the unit that ships does, in systemd's own reading."""
    (span,) = [
        line.partition("=")[2] for line in TIMER.read_text().splitlines() if line.startswith("OnActiveSec=")
    ]
    read = subprocess.run(["systemd-analyze", "timespan", span], capture_output=True, text=True, check=True)
    microseconds = [line.split()[1] for line in read.stdout.splitlines() if line.split()[:1] == ["\u03bcs:"]]
    assert microseconds == [str(TRIAL_S * 1_000_000)]
