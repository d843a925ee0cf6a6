"""Asterisk's console, as foyer-apply uses it: ask, reload, and look at what is loaded. Never a call,
never a restart.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Collection
from pathlib import Path

from appliance.apply import objects
from appliance.errors import TransientError
from appliance.pbx.conf import extensions_conf, indications_conf, pjsip_conf, queuerules_conf, queues_conf

# The files that a site decides, and the commands that make Asterisk read them again, in the order in which
# they are given: what the dialplan refers to comes before it. None of these drops a call. All other files
# depend on the box alone, and are read when Asterisk starts.
RELOADS: tuple[tuple[frozenset[str], tuple[str, ...]], ...] = (
    (frozenset({indications_conf.FILE}), ("module reload indications",)),
    (frozenset({queuerules_conf.FILE, queues_conf.FILE}), ("queue reload all",)),
    (
        frozenset({pjsip_conf.FILE}),
        (
            "module reload res_pjsip.so",
            "module reload res_pjsip_endpoint_identifier_ip.so",
            "module reload res_pjsip_outbound_registration.so",
        ),
    ),
    (frozenset({extensions_conf.FILE, *extensions_conf.DIALPLAN}), ("dialplan reload",)),
)
# res_sorcery_config: the object stays as it was before, and nothing but the log says so.
_REFUSED = re.compile(r"Could not create an object of type '(\w+)' with id '([\w-]+)'")
_MAX_LOG_BYTES = 1024 * 1024

type Life = tuple[int, int]


class Console:
    """The running Asterisk, through its control socket and its log; `config` is its asterisk.conf."""

    def __init__(
        self, config: Path, socket: Path, log: Path, *, timeout_s: float = 20.0, settle_s: float = 10.0
    ) -> None:
        self._config = config
        self._socket = socket
        self._log = log
        self._timeout_s = timeout_s
        self._settle_s = settle_s

    def life(self) -> Life | None:
        """Differs for each start of Asterisk; None while it does not run. Costs one stat."""
        try:
            found = self._socket.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_ctime_ns

    def ask(self, command: str) -> str:
        """The answer to one command. TransientError: Asterisk does not run, or does not answer."""
        call = ("asterisk", "-C", str(self._config), "-rx", command)
        try:
            done = subprocess.run(call, capture_output=True, text=True, timeout=self._timeout_s, check=False)
        except subprocess.TimeoutExpired as error:
            raise TransientError("The telephone service does not answer.") from error
        if done.returncode != 0:
            raise TransientError("The telephone service does not run.")
        return done.stdout

    def wait_booted(self) -> None:
        """Returns once every module is loaded; TransientError if that takes too long."""
        self.ask("core waitfullybooted")

    def load(self, files: Collection[str], wanted: objects.Objects) -> list[objects.Difference]:
        """Makes Asterisk read these files again; returns in what it differs from `wanted` at last, if
        anything.
        """
        log_size = self._log_size()
        for names, commands in RELOADS:
            if names.intersection(files):
                for command in commands:
                    self.ask(command)
        return self._settle(wanted, log_size)

    def loaded(self) -> objects.Objects:
        """What Asterisk has loaded now."""
        return objects.shown({command: self.ask(command) for command in objects.COMMANDS})

    def _settle(self, wanted: objects.Objects, log_size: int) -> list[objects.Difference]:
        """Looks until all is as wanted, or time is up: a reload goes on after its command has answered."""
        deadline = time.monotonic() + self._settle_s
        pause_s = 0.05
        while True:
            found = objects.differences(wanted, self.loaded(), self._refused(log_size))
            only_lookups = all(difference.is_lookup for difference in found) and pause_s > 0.5
            if not found or only_lookups or time.monotonic() > deadline:
                return found
            time.sleep(pause_s)
            pause_s *= 2

    def _log_size(self) -> int:
        try:
            return self._log.stat().st_size
        except OSError:
            return 0

    def _refused(self, log_size: int) -> Collection[tuple[str, str]]:
        """Kind and name of the objects that Asterisk has refused since its log had that size (bytes)."""
        try:
            with self._log.open("rb") as file:
                file.seek(log_size if log_size <= self._log_size() else 0)
                text = file.read(_MAX_LOG_BYTES).decode("utf-8", "replace")
        except OSError:
            # A log that is missing or turned away hides refusals only of objects that existed before.
            return ()
        return set(_REFUSED.findall(text))
