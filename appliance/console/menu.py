"""The menu on the box's own screen: reads lines, asks back, and has foyer-privileged do the rest.

Who is here is physically present, so there is no sign-in. What cannot be undone is asked for twice.
"""

from __future__ import annotations

import os
import secrets
import select
import time
from collections.abc import Callable
from typing import TextIO

from appliance.console.screen import menu, plain, screen
from appliance.console.status import Status
from appliance.console.wrong import what_is_wrong
from appliance.errors import FoyerError, TransientError
from appliance.health.facts import Machine
from appliance.network.plan import NetworkPlan
from appliance.network.trial import TRIAL_S
from appliance.privileged.client import Privileged
from appliance.secure_boot import new_code

REFRESH_S = 5.0
# Nobody goes on typing: the screen shows the box again.
PATIENCE_S = 120.0
# A trial begins two seconds after it was asked for, or later on a busy box; a yes before that waits for it.
KEEP_S = 15.0
_LINE_MAX = 200
_CLEAR = "\x1b[2J\x1b[H"


ON_THE_BLUE_SCREEN = """
  The box starts again, and a blue screen asks. It waits ten seconds:
  press a key, then choose Enroll MOK, Continue, Yes. Type this code,
  which does not show, then Enter, and choose Reboot.

     {code}

"""


class LeftAlone(Exception):
    """Nobody answered a question, or the terminal went away."""


class Console:
    """One terminal: `keys` is the descriptor that lines are read from, `paper` is written to."""

    def __init__(
        self,
        keys: int,
        paper: TextIO,
        status: Callable[[], Status],
        root: Privileged,
        kept_plan: Callable[[], NetworkPlan | None],
        machine: Callable[[], Machine],
    ) -> None:
        self._keys = keys
        self._paper = paper
        self._status = status
        self._root = root
        self._kept_plan = kept_plan
        self._machine = machine
        self._typed = b""
        self.is_open = True

    def run(self) -> None:
        """Shows the box and does what is asked, until the terminal is gone."""
        while self.is_open:
            try:
                self._choose(self._watch())
            except LeftAlone:
                continue
            except FoyerError as error:
                self._say(f"\n  {error}\n")
                self._pause()

    def _watch(self) -> str:
        """The screen, drawn anew when something on it changes, until somebody types a line."""
        shown = ""
        while True:
            text = screen(self._status())
            if text != shown:
                self._say(f"{_CLEAR}{text}  Number, then Enter: ")
                shown = text
            try:
                return self._line(REFRESH_S)
            except LeftAlone:
                if not self.is_open:
                    raise

    def _choose(self, key: str) -> None:
        if key not in dict(menu(self._status())):
            return
        match key:
            case "1":
                self._network()
            case "2":
                self._new_password()
            case "3" | "4":
                self._power(key)
            case "5":
                self._open_data()
            case "6":
                self._confirm_drivers()
            case "7":
                self._tell_what_is_wrong()
            case "9":
                self._reset()

    def _new_password(self) -> None:
        if self._ask("Make a new one-time administrator password? yes/no") == "yes":
            self._root.new_password()

    def _power(self, key: str) -> None:
        question = (
            "Switch the box off? Nobody can call then. yes/no"
            if key == "3"
            else "Start the box again? yes/no"
        )
        if self._ask(question) == "yes":
            self._root.power("poweroff" if key == "3" else "reboot")
            self._say("\n  Goodbye.\n")
            self._pause()

    def _open_data(self) -> None:
        self._root.open_data(self._ask("The recovery key, eight groups of eight letters"))
        self._say("\n  It fits. The box starts again, with its data.\n")
        self._root.power("reboot")
        self._pause()

    def _confirm_drivers(self) -> None:
        if self._ask("Have the box ask for it when it starts again, now? yes/no") != "yes":
            return
        code = new_code()
        self._root.confirm_drivers(code)
        self._say(ON_THE_BLUE_SCREEN.format(code=code))
        if self._ask("Written down? yes starts the box again") == "yes":
            self._root.power("reboot")
            self._pause()

    def _tell_what_is_wrong(self) -> None:
        lines = what_is_wrong(self._machine).splitlines()
        self._say("".join(f"{line}\n" for line in ("", *map(plain, lines))))
        self._pause()

    def _reset(self) -> None:
        self._say(
            "\n  Every call, recording, person, setting and password of this box is deleted for good.\n"
        )
        if self._ask("Delete everything? Type DELETE") != "DELETE":
            return
        if self._ask("Nothing brings it back. Are you sure? Type yes") == "yes":
            self._root.factory_reset()
            self._say("\n  The box starts again as it was when it was new.\n")
            self._pause()

    def _network(self) -> None:
        cards = self._status().cards
        if not cards:
            self._say("\n  There is no network card.\n")
            self._pause()
            return
        card = cards[0] if len(cards) == 1 else self._ask(f"Which card? {' '.join(cards)}")
        address = self._ask("Fixed address with its size, such as 192.168.1.20/24 (empty: from the router)")
        gateway = self._ask("Router, such as 192.168.1.1 (empty: none)") if address else ""
        names = self._ask("Name servers (empty: the router)") if address else ""
        plan = plan_of(card, address, gateway, names, self._kept_plan())
        token = secrets.token_urlsafe(24)
        self._root.try_network(plan, token)
        if (
            self._ask(f"It is being tried. Keep it? Without a yes it goes back in {TRIAL_S} seconds. yes/no")
            == "yes"
        ):
            self._keep_network(token)
        else:
            self._root.leave_network()

    def _keep_network(self, token: str) -> None:
        """Nobody types the yes a second time: it holds for a network that is about to change, too."""
        end = time.monotonic() + KEEP_S
        while True:
            try:
                return self._root.confirm_network(token)
            except TransientError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.5)

    def _ask(self, question: str) -> str:
        self._say(f"\n  {question}: ")
        return self._line(PATIENCE_S)

    def _pause(self) -> None:
        try:
            self._ask("Enter goes on")
        except LeftAlone:
            return

    def _line(self, timeout_s: float) -> str:
        """A line that somebody typed, trimmed. LeftAlone when none came in time."""
        while b"\n" not in self._typed:
            ready, _, _ = select.select([self._keys], [], [], timeout_s)
            if not ready:
                raise LeftAlone
            piece = self._read()
            if not piece:
                self.is_open = False
                raise LeftAlone
            self._typed = (self._typed + piece)[-_LINE_MAX:]
        line, _, self._typed = self._typed.partition(b"\n")
        return line.decode("utf-8", "replace").strip()

    def _read(self) -> bytes:
        try:
            return os.read(self._keys, _LINE_MAX)
        except OSError:  # the other end of a pseudo terminal is gone
            return b""

    def _say(self, text: str) -> None:
        self._paper.write(text)
        self._paper.flush()


def plan_of(card: str, address: str, gateway: str, names: str, kept: NetworkPlan | None) -> NetworkPlan:
    """The plan that was typed. RejectedError says what does not fit.

    A network of the phones' own stays as the `kept` plan has it: nobody is asked for it here, and without it
    every desk phone in it would be silent.
    """
    servers = tuple(names.split()) or ((gateway,) if gateway else ())
    if kept is None:
        return NetworkPlan(card, address, gateway, servers)
    return NetworkPlan(card, address, gateway, servers, kept.phones_vlan, kept.phones_address)
