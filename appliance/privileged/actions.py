"""What may be done as root: each action is a function here, listed in ACTIONS. Its arguments are `Literal`
types, so that nothing but the values written in this file ever reaches a command line.
"""

from __future__ import annotations

import inspect
import subprocess
from collections.abc import Callable
from functools import partial
from typing import Literal, get_args, get_origin, get_type_hints

from appliance.errors import RejectedError, TransientError

SystemService = Literal["asterisk", "caddy"]
# Asterisk may take a few seconds to end its calls' recordings; systemd kills it after TimeoutStopSec.
RESTART_TIMEOUT_S = 40.0


def restart_service(name: SystemService) -> None:
    """Restarts one of the system's services and waits until it is up; TransientError if it does not come
    up.
    """
    command = ["systemctl", "restart", f"{name}.service"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=RESTART_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise TransientError("The service did not come up in time.") from error
    if done.returncode != 0:
        raise TransientError("The service could not be restarted.", done.stderr.strip()[:300])


ACTIONS: tuple[Callable[..., None], ...] = (restart_service,)


def prepare(
    action: str, args: dict[str, str], actions: tuple[Callable[..., None], ...] = ACTIONS
) -> Callable[[], None]:
    """The action with its arguments, ready to be called; RejectedError if one of them is not allowed."""
    for function in actions:
        if function.__name__ == action:
            break
    else:
        raise RejectedError("There is no such privileged action.", field="action")
    hints = get_type_hints(function)
    names = list(inspect.signature(function).parameters)
    if sorted(args) != sorted(names):
        raise RejectedError("The privileged action takes other arguments.", field="args")
    for name in names:
        if get_origin(hints[name]) is not Literal:
            raise TypeError(f"{action}: the type of {name} must be a Literal")
        if args[name] not in get_args(hints[name]):
            raise RejectedError("This value is not allowed for the privileged action.", field=name)
    return partial(function, **args)
