"""The plan that is kept, the one that is on trial, and the way from either to systemd-networkd.

A trial lives in memory (/run) and has a timer of systemd's: whatever becomes of the pages, of this process or
of the power, the box goes back to the kept plan unless somebody says from the new address that it works.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import re
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from appliance.durable import sync_folder
from appliance.errors import NotFoundError, RejectedError, TransientError
from appliance.network.networkd import PHONES, PREFIX, render
from appliance.network.plan import NetworkPlan

log = logging.getLogger("foyer-network")

# As foyer-network-back.timer has it.
TRIAL_S = 120
BACK_TIMER = "foyer-network-back.timer"
NETWORKD = "systemd-networkd.service"
_COMMAND_TIMEOUT_S = 30.0
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,64}")


class Token(str):
    """The word that confirms a trial: who has it saw the page that began it, and came back."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """RejectedError unless it is letters, digits, - and _ of the right length."""
        if not _TOKEN.fullmatch(text):
            raise RejectedError("This is no word that confirms a trial.")
        return cls(text)

    def digest(self) -> str:
        """What is kept of it."""
        return hashlib.sha256(self.encode()).hexdigest()


@dataclass(frozen=True)
class Trial:
    """A plan that is being tried until `until` (UTC, ms). `is_applied`: the network has changed already."""

    plan: NetworkPlan
    digest: str
    until: int
    is_applied: bool = False

    def is_of(self, token: Token) -> bool:
        """Whether this is the trial that the token was made for."""
        return hmac.compare_digest(self.digest, token.digest())


def run(command: Sequence[str]) -> None:
    """Runs a command; TransientError with its last words if it fails."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_COMMAND_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TransientError("The network could not be changed.") from error
    if done.returncode != 0:
        raise TransientError("The network could not be changed.", done.stderr.strip()[:300])


@dataclass(frozen=True)
class Network:
    """The files' places; `run` carries out commands of systemd's and of the kernel's."""

    state: Path = Path("/run/foyer-network")
    networkd: Path = Path("/run/systemd/network")
    kept: Path = Path("/data/network")
    run: Callable[[Sequence[str]], None] = run
    cards: Path = Path("/sys/class/net")

    # By foyer-privileged

    def begin(self, plan: NetworkPlan, token: Token) -> None:
        """Tries a plan in place of the kept one, two seconds from now, so that whoever asked has an answer by
        the network that was. The way back is there before the first change. RejectedError: it is for no card
        of this machine.
        """
        if plan.card in ("lo", PHONES) or not (self.cards / plan.card).exists():
            raise RejectedError("Please choose one of these.", field="card")
        self.run(["systemctl", "restart", BACK_TIMER])
        until = int((time.time() + TRIAL_S) * 1000)
        text = json.dumps({"plan": plan.to_text(), "digest": token.digest(), "until": until})
        _write(self.state / "trial.json", text)
        self.run(["systemctl", "start", "--no-block", "foyer-network@again.service"])

    def confirm(self, token: Token) -> None:
        """Keeps the plan that is on trial. RejectedError: this is not its word, or there is none.
        TransientError: the network has not changed yet, so that nobody can know whether it works.
        """
        trial = self.trial()
        if trial is None or not trial.is_of(token):
            raise RejectedError("This trial is over; the box went back to what it had.")
        if not trial.is_applied:
            raise TransientError("The box has not changed its network yet.")
        self.run(["systemctl", "stop", BACK_TIMER])
        self.run(["systemctl", "start", "foyer-network@keep.service"])

    def give_up(self) -> None:
        """Goes back, two seconds from now, for the same reason. The timer stays until that is certain."""
        self.run(["systemctl", "start", "--no-block", "foyer-network@back.service"])
        self.run(["systemctl", "stop", BACK_TIMER])

    # By foyer-network@

    def apply(self, *, is_start: bool) -> None:
        """Hands networkd the plan on trial, else the kept one, else none: then every card uses DHCP."""
        trial = self.trial()
        plan = trial.plan if trial else self.kept_plan()
        wanted = render(plan) if plan else {}
        present = {path.name: path.read_text() for path in self.networkd.glob(f"{PREFIX}*")}
        phones = [name for name in (*present, *wanted) if name.endswith(".netdev")]
        # networkd neither changes nor removes a part that it made.
        if not is_start and any(present.get(name) != wanted.get(name) for name in phones if name in present):
            self._remove_phones()
        for name in present.keys() - wanted.keys():
            (self.networkd / name).unlink()
        for name, text in wanted.items():
            _write(self.networkd / name, text)
        if not is_start:
            self.run(["systemctl", "reload", NETWORKD])
        if trial:
            _write(self._applied, trial.digest)
        log.info("the network is now: %s", plan.to_text() if plan else "DHCP on every card")

    def keep(self) -> None:
        """Makes the plan on trial the kept one, for good. NotFoundError: it has gone back already."""
        trial = self.trial()
        if trial is None:
            raise NotFoundError("This trial is over; the box went back to what it had.")
        _write(self.kept / "plan.json", trial.plan.to_text(), durable=True)
        self._end_trial()

    def back(self) -> None:
        """Ends a trial that nobody confirmed."""
        self._end_trial()
        self.apply(is_start=False)

    # By everybody

    def trial(self) -> Trial | None:
        """The trial that goes on, if any."""
        try:
            plain = json.loads((self.state / "trial.json").read_text())
            plan, digest, until = NetworkPlan.parse(plain["plan"]), str(plain["digest"]), int(plain["until"])
            return Trial(plan, digest, until, self._is_applied(digest))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, RejectedError) as error:
            log.error("the trial cannot be read: %s", error)
            return None

    def kept_plan(self) -> NetworkPlan | None:
        """The plan that was confirmed last; None on a box that nobody gave one, or if it is damaged."""
        try:
            return NetworkPlan.parse((self.kept / "plan.json").read_text())
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RejectedError) as error:
            log.error("the plan of the network cannot be read: %s", error)
            return None

    @property
    def _applied(self) -> Path:
        """The digest of the trial whose plan networkd has: a trial that follows at once has another."""
        return self.state / "applied"

    def _is_applied(self, digest: str) -> bool:
        try:
            return self._applied.read_text() == digest
        except FileNotFoundError:
            return False

    def _end_trial(self) -> None:
        for name in ("trial.json", "applied"):
            (self.state / name).unlink(missing_ok=True)

    def _remove_phones(self) -> None:
        try:
            self.run(["ip", "link", "delete", PHONES])
        except TransientError as error:
            log.warning("the phones' network was not there: %s", error)


def _write(path: Path, text: str, *, durable: bool = False) -> None:
    """A file that is there whole or not at all, readable by everybody."""
    part = path.with_name(f".{path.name}.part")
    with part.open("w") as file:
        os.fchmod(file.fileno(), 0o644)
        file.write(text)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    part.rename(path)
    if durable:
        sync_folder(path.parent)
