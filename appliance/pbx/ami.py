"""Asterisk's manager interface, on pyst2: the one file that imports it.

pyst2's `Manager` gives the actions (`login`, `ping`, `originate`, `hangup` ...). Its reading, parsing,
sending and dispatch are replaced here, since version 0.5.1
- reads one byte per system call, and drops all events after a value that holds "status will follow";
- raises in its reader thread on `ChanVariable`, keeps only the last `Output` line of a command;
- gives replies to callers by order, not by ActionID, and lets them wait for ever;
- sends CR and LF inside values, so that a name becomes a second action; mixes the fields of two actions;
- cannot connect again, and ends dispatch for good when a callback raises.
tests/pbx/test_ami_faults.py has one test for each. Its `AGI` has faults of its own and no subclass here:
nothing in the product speaks AGI, and a lint keeps its modules out. Used by `ami_session.py`; nothing else
connects to Asterisk.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping

from asterisk.manager import Manager

from appliance.errors import DeviceGone, RejectedError, TransientError
from appliance.pbx.ami_parser import Message
from appliance.pbx.ami_wire import Field, Reply, Wire

type Callback = Callable[[Message, "Ami"], object]

CONNECT_TIMEOUT_S = 3.0
ACTION_TIMEOUT_S = 5.0


class Ami(Manager):  # type: ignore[misc]  # pyst2 has no types
    """A manager session that can be connected, lost and connected again. Its methods may be called from
    any thread.
    """

    def __init__(
        self, name: str, action_timeout_s: float = ACTION_TIMEOUT_S, *, keeps_events: bool = True
    ) -> None:
        """`name` appears in the ActionIDs and as the name of the reader thread.

        Without `keeps_events` the session only acts: events are dropped, there is nothing to `take`.
        """
        # Manager.__init__ is left out: it makes queues and threads that can be used for one connection only.
        self.name = name
        self.action_timeout_s = action_timeout_s
        self.keeps_events = keeps_events
        self.title: str | None = None
        self.version = ""
        self._wire: Wire | None = None
        self._event_callbacks: dict[str, list[Callback]] = {}

    def __del__(self) -> None:
        self.close()

    def connected(self) -> bool:
        """Whether actions can be sent."""
        return self._wire is not None and self._wire.is_open()

    def connect(self, host: str, port: int = 5038) -> None:
        """Opens a new connection, ending one that is open. Raises `DeviceGone` when nobody answers there."""
        self.close()
        try:
            sock = socket.create_connection((host, port), CONNECT_TIMEOUT_S)
        except OSError as error:
            raise DeviceGone(f"Asterisk cannot be reached: {error.strerror or error}.") from error
        wire = Wire(sock, self.name, keeps_events=self.keeps_events)
        self.title, _, self.version = wire.greeting(CONNECT_TIMEOUT_S).partition("/")
        self._wire = wire

    def close(self) -> None:
        """Ends the connection; whoever waits for a reply is told. May be called again."""
        wire, self._wire = getattr(self, "_wire", None), None
        if wire is not None:
            wire.close()

    def login(self, username: str, secret: str, events: bool = True) -> Message:
        """Names the user; with `events` False only answers to actions will come.

        Raises `TransientError` when refused: the account is a file of Asterisk's that may be about to be
        reloaded.
        """
        fields = {"Username": username, "Secret": secret, "Events": "on" if events else "off"}
        try:
            return self.ask("Login", fields)
        except RejectedError as error:
            self.close()
            raise TransientError(f"Asterisk refused the account {username}: {error}") from error

    # Actions

    def submit(
        self, action: str, fields: Mapping[str, Field] | None = None, whole_list: bool = False
    ) -> Reply:
        """Sends an action without waiting. See `Wire.submit`."""
        return self._open_wire().submit({"Action": action, **(fields or {})}, whole_list)

    def ask(
        self, action: str, fields: Mapping[str, Field] | None = None, timeout_s: float | None = None
    ) -> Message:
        """Sends an action and returns its reply.

        Raises `RejectedError` with Asterisk's own words when it refuses, `TransientError` when no answer came
        in `timeout_s` (the session's own timeout if None), `DeviceGone` when the connection is lost.
        """
        return self._answer(self.submit(action, fields), timeout_s)

    def list_of(self, action: str, fields: Mapping[str, Field] | None = None) -> list[Message]:
        """Sends an action that is answered by a list (`QueueStatus`, `CoreShowChannels` ...) and returns its
        items.

        Raises as `ask` does.
        """
        reply = self.submit(action, fields, whole_list=True)
        self._answer(reply, None)
        return reply.items

    def command(self, command: str) -> str:
        """Runs one of the CLI commands that the code names, and returns everything it printed. Raises as
        `ask` does.
        """
        return self.ask("Command", {"Command": command}).output()

    def send_action(self, cdict: Mapping[str, Field] | None = None, **kwargs: Field) -> Message:
        """What the actions inherited from pyst2 call: sends the fields and returns the reply, a refusal as
        well.
        """
        fields = {**(cdict or {}), **kwargs}
        if "ActionID" in fields:
            raise RejectedError("ActionID is set by the session.")
        return self._open_wire().submit(fields).wait(self.action_timeout_s)

    def _open_wire(self) -> Wire:
        wire = self._wire
        if wire is None:
            raise DeviceGone("Not connected to Asterisk.")
        return wire

    def _answer(self, reply: Reply, timeout_s: float | None) -> Message:
        message = reply.wait(self.action_timeout_s if timeout_s is None else timeout_s)
        if message.response == "Error":
            raise RejectedError(message.get("Message", "Asterisk refused the action."))
        return message

    # Events

    def take(self, timeout_s: float) -> list[Message]:
        """The events read so far, in the order Asterisk sent them. See `Wire.take`."""
        return self._open_wire().take(timeout_s)

    def register_event(self, event: str, function: Callback) -> None:
        """Calls `function(message, session)` for events of this name, or for all when it is `*`."""
        self._event_callbacks.setdefault(event, []).append(function)

    def unregister_event(self, event: str, function: Callback) -> None:
        """Ends what `register_event` began."""
        self._event_callbacks.get(event, []).remove(function)

    def event_dispatch(self, timeout_s: float = 1.0) -> int:
        """Takes the waiting events and calls their callbacks, all in order, in the caller's thread.

        Returns how many events there were. A callback that returns True ends the callbacks of that event, as
        in pyst2. What callbacks raise is raised as one `ExceptionGroup` after every event of the batch was
        dispatched.
        """
        failures: list[Exception] = []
        events = self.take(timeout_s)
        for message in events:
            for name in (message.event, "*"):
                if self._call(name, message, failures):
                    break
        if failures:
            raise ExceptionGroup("Callbacks for events of Asterisk failed.", failures)
        return len(events)

    def _call(self, name: str, message: Message, failures: list[Exception]) -> bool:
        for function in tuple(self._event_callbacks.get(name, ())):
            try:
                if function(message, self) is True:
                    return True
            except Exception as error:  # noqa: BLE001 - raised again by event_dispatch
                failures.append(error)
        return False
