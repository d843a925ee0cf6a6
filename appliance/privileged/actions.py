"""What may be done as root: each action is a function here, listed in ACTIONS with who may ask for it.

An argument's type is a `Literal`, or a class whose `parse` takes only what it can write itself, so that
nothing else ever reaches a command line or a file.
"""

from __future__ import annotations

import inspect
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from appliance.errors import RejectedError, TransientError
from appliance.network.plan import NetworkPlan
from appliance.network.trial import Network, Token
from appliance.privileged.client import Power, SystemService
from appliance.privileged.enrolment import Code
from appliance.privileged.recovery import RecoveryKey

# Asterisk may take a few seconds to end its calls' recordings; systemd kills it after TimeoutStopSec.
RESTART_TIMEOUT_S = 40.0
# What was switched off at once is looked through before it is used (box-data.service), on a large disk for an
# hour.
OPEN_TIMEOUT_S = 4 * 3600.0
# foyer-factory-reset.service ends after a minute.
RESET_TIMEOUT_S = 70.0
# Some firmwares are slow (foyer-confirm-drivers.service).
FIRMWARE_TIMEOUT_S = 130.0
# foyer-set-line-mode.service, then foyer-set-up-cards.service.
CARDS_TIMEOUT_S = 145.0
# Where the latter says why it failed (hw/dahdi/set_up.py).
CARDS_REFUSAL = Path("/run/foyer-cards/refusal")
# foyer-load-firmware.service.
CARD_FILE_TIMEOUT_S = 155.0


def restart_service(name: SystemService) -> None:
    """Restarts one of the system's services and waits until it is up; TransientError if it does not come
    up.

    Nobody waits for the front door: the answer to whoever asked has to go out through it.
    """
    wait = ["--no-block"] if name == "caddy" else []
    _systemctl("The service could not be restarted.", "restart", *wait, f"{name}.service")


def try_network(plan: NetworkPlan, token: Token) -> None:
    """Tries a plan of the network; it goes back by itself unless `confirm_network` follows with the token."""
    Network().begin(plan, token)


def confirm_network(token: Token) -> None:
    """Keeps the plan that is on trial; RejectedError if it has gone back already."""
    Network().confirm(token)


def leave_network() -> None:
    """Ends a trial; the network is as before, once whoever asked has the answer."""
    Network().give_up()


def new_password() -> None:
    """Makes a new one-time administrator password; nobody's password changes by that."""
    _systemctl("The password could not be made.", "start", "foyer-new-password.service")


def power(what: Power) -> None:
    """Switches the box off or starts it again; the caller has its answer first."""
    _systemctl("The box did not obey.", "--no-block", what)


def set_up_cards() -> None:
    """Sets up the telephone cards as the live revision says. TransientError: a card did not take it."""
    failure = "The telephone card did not take its settings."
    try:
        _systemctl(failure, "start", "foyer-set-up-cards.service", timeout_s=CARDS_TIMEOUT_S)
    except TransientError as error:
        # It tells more than systemd's words.
        said = CARDS_REFUSAL.read_text("utf-8") if CARDS_REFUSAL.exists() else error.sentence.hint
        raise TransientError(error.message, said) from error


def factory_reset() -> None:
    """Deletes all that the box keeps; it then starts as it was when it was new. TransientError: it did not
    get through to the disk.
    """
    hint = "Its disk may have failed. Switch the box off and on, and try once more."
    try:
        _systemctl(
            "The box could not be reset.", "start", "foyer-factory-reset.service", timeout_s=RESET_TIMEOUT_S
        )
    except TransientError as error:  # systemd's own words would say no more
        raise TransientError(error.message, hint) from error


def open_data(key: RecoveryKey) -> None:
    """Has box-data try the recovery key. TransientError: it does not fit."""
    key.hand_over()
    failure = "This recovery key does not open the data."
    try:
        _systemctl(failure, "start", "foyer-open-data.service", timeout_s=OPEN_TIMEOUT_S)
    except TransientError as error:  # systemd's own words would say no more
        raise TransientError(error.message) from error


def confirm_drivers(code: Code) -> None:
    """Leaves the question whether the drivers' key may be trusted for the next start, which asks for the
    code. TransientError: the firmware did not take it.
    """
    code.hand_over()
    failure = "The firmware does not take the question."
    _systemctl(failure, "start", "foyer-confirm-drivers.service", timeout_s=FIRMWARE_TIMEOUT_S)


def find_cards() -> None:
    """Has the kernel look for cards again, and load drivers that are not loaded yet; then foyer-hw runs."""
    for unit in ("foyer-find-cards", "foyer-hw"):
        _systemctl("The box could not look for cards.", "start", f"{unit}.service")


def load_firmware() -> None:
    """Keeps the file of a card's maker that foyer-webui has taken in, if its checksum is known, and has
    drivers read it. TransientError: it is not as the card table says, or could not be kept.
    """
    _systemctl(
        "The file was not taken.", "start", "foyer-load-firmware.service", timeout_s=CARD_FILE_TIMEOUT_S
    )


@dataclass(frozen=True)
class Action:
    """A function, and the accounts that may ask for it."""

    run: Callable[..., None]
    callers: tuple[str, ...]


ACTIONS = (
    Action(restart_service, ("foyer-webui",)),
    Action(find_cards, ("foyer-webui",)),
    Action(load_firmware, ("foyer-webui",)),
    Action(try_network, ("foyer-console", "foyer-webui")),
    Action(confirm_network, ("foyer-console", "foyer-webui")),
    Action(leave_network, ("foyer-console", "foyer-webui")),
    Action(set_up_cards, ("foyer-apply",)),
    # For who stands before the box.
    Action(new_password, ("foyer-console",)),
    Action(power, ("foyer-console",)),
    Action(confirm_drivers, ("foyer-console", "foyer-webui")),
    Action(open_data, ("foyer-console",)),
    Action(factory_reset, ("foyer-console",)),
)


@dataclass(frozen=True)
class Prepared:
    """An action with its arguments, ready to be run for one of `callers`."""

    run: Callable[[], None]
    callers: tuple[str, ...]


def prepare(action: str, args: dict[str, str], actions: tuple[Action, ...] = ACTIONS) -> Prepared:
    """The action with its arguments; RejectedError if there is none, or if one of them is not allowed."""
    for known in actions:
        if known.run.__name__ == action:
            break
    else:
        raise RejectedError("There is no such privileged action.", field="action")
    hints = get_type_hints(known.run)
    names = list(inspect.signature(known.run).parameters)
    if sorted(args) != sorted(names):
        raise RejectedError("The privileged action takes other arguments.", field="args")
    values = {name: _value(hints[name], args[name], name) for name in names}
    return Prepared(partial(known.run, **values), known.callers)


def _value(kind: Any, text: str, name: str) -> object:
    if get_origin(kind) is Literal:
        if text not in get_args(kind):
            raise RejectedError("This value is not allowed for the privileged action.", field=name)
        return text
    parse = getattr(kind, "parse", None)
    if parse is None:
        raise TypeError(f"the type of {name} must be a Literal, or have parse()")
    return parse(text)


def _systemctl(failure: str, *arguments: str, timeout_s: float = RESTART_TIMEOUT_S) -> None:
    command = ["systemctl", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired as error:
        raise TransientError("The service did not come up in time.") from error
    if done.returncode != 0:
        raise TransientError(failure, done.stderr.strip()[:300])
