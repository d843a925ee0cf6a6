"""How the other processes ask for a privileged action: the one module of this package that they import."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Literal

from appliance.errors import ForbiddenError, RejectedError, TransientError
from appliance.network.plan import NetworkPlan
from appliance.privileged.protocol import Call, Reply, decode_reply, encode_call, read_line

# What may be restarted.
SystemService = Literal["asterisk", "caddy", "foyer-apply", "foyer-pbx"]
Power = Literal["poweroff", "reboot"]
# Longer than any action takes: the answer says how it ended.
ANSWER_TIMEOUT_S = 60.0
OPEN_TIMEOUT_S = 4 * 3600.0 + 10.0
RESET_TIMEOUT_S = 80.0
FIRMWARE_TIMEOUT_S = 140.0
CARD_FILE_TIMEOUT_S = 160.0
CARDS_TIMEOUT_S = 150.0


class NoAnswer(TransientError):
    """Nobody answered, or not to the end: it may have been done, or not. To be asked again."""


class Privileged:
    """Calls over the socket at `path` (`Settings.privileged_socket`). Keeps no connection; any thread may
    use it.
    """

    def __init__(self, path: Path, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        self._path = path
        self._timeout_s = timeout_s

    def restart_service(self, name: SystemService) -> None:
        """Restarts the service and waits until it is up. TransientError: it is not, or nobody answered."""
        self.call(Call("restart_service", {"name": name}))

    def find_cards(self) -> None:
        """Has the kernel look for telephony cards again; returns when drivers that fit them are loaded, and
        foyer-hw is there to be asked.
        """
        self.call(Call("find_cards", {}))

    def load_firmware(self) -> None:
        """Has the file at `Settings.card_file` kept, and read by the drivers that want it, which may take a
        minute. TransientError: it is not a file that the card table has, or there is no room.
        """
        Privileged(self._path, CARD_FILE_TIMEOUT_S).call(Call("load_firmware", {}))

    def try_network(self, plan: NetworkPlan, token: str) -> None:
        """Tries a plan; the box goes back to what it had unless `confirm_network` follows in time."""
        self.call(Call("try_network", {"plan": plan.to_text(), "token": token}))

    def confirm_network(self, token: str) -> None:
        """Keeps the plan that is on trial. RejectedError: it is over, or this is not its token."""
        self.call(Call("confirm_network", {"token": token}))

    def leave_network(self) -> None:
        """Ends a trial; returns before the network changes."""
        self.call(Call("leave_network", {}))

    def new_password(self) -> None:
        """Makes a new one-time administrator password, where the box's own screen shows it."""
        self.call(Call("new_password", {}))

    def power(self, what: Power) -> None:
        """Switches the box off, or starts it again; returns before that happens."""
        self.call(Call("power", {"what": what}))

    def confirm_drivers(self, code: str) -> None:
        """Has the firmware ask at the next start whether it may take the drivers of telephony cards; who says
        yes there types the code, eight digits. TransientError: the firmware did not take the question.
        """
        Privileged(self._path, FIRMWARE_TIMEOUT_S).call(Call("confirm_drivers", {"code": code}))

    def open_data(self, key: str) -> None:
        """Opens the data with the recovery key that somebody typed; the box works once it is started again.
        RejectedError: it cannot be one. TransientError: it does not fit.
        """
        Privileged(self._path, OPEN_TIMEOUT_S).call(Call("open_data", {"key": key}))

    def set_up_cards(self) -> None:
        """Has the drivers of telephone cards take what the live revision says. TransientError: one of them
        refused.
        """
        Privileged(self._path, CARDS_TIMEOUT_S).call(Call("set_up_cards", {}))

    def factory_reset(self) -> None:
        """Deletes everything that the box keeps; it starts again at once. TransientError: it could not."""
        Privileged(self._path, RESET_TIMEOUT_S).call(Call("factory_reset", {}))

    def call(self, call: Call) -> None:
        """Raises RejectedError, ForbiddenError or TransientError, as the other side says; NoAnswer if it says
        nothing.
        """
        reply = self._ask(call)
        match reply.kind:
            case None:
                return
            case "rejected":
                raise RejectedError(reply.message)
            case "forbidden":
                raise ForbiddenError(reply.message)
            case "failed":
                raise TransientError(reply.message)

    def _ask(self, call: Call) -> Reply:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(self._timeout_s)
                connection.connect(str(self._path))
                connection.sendall(encode_call(call))
                line = read_line(connection)
        except OSError as error:
            raise NoAnswer("The box's privileged process does not answer.", "Try again.") from error
        if not line.endswith(b"\n"):
            raise NoAnswer("The box's privileged process does not answer.", "Try again.")
        return decode_reply(line)
