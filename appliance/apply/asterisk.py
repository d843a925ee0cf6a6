"""Asterisk's console, as foyer-apply uses it: ask, reload, look at what is loaded, and send those on who wait
where nobody comes any more. Never another call, never a restart.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from appliance.apply import lists, objects
from appliance.errors import TransientError
from appliance.pbx.conf import (
    extensions_conf,
    indications_conf,
    musiconhold_conf,
    pjsip_conf,
    queuerules_conf,
    queues_conf,
)

QUEUE_RELOAD = "queue reload all"
# The files that a site decides, and the commands that make Asterisk read them again, in the order in which
# they are given: what the dialplan refers to comes before it. None of these drops a call. Channels of
# cards are made by cards.py; all other files depend on the box alone, and are read when Asterisk starts.
RELOADS: tuple[tuple[frozenset[str], tuple[str, ...]], ...] = (
    (frozenset({indications_conf.FILE}), ("module reload indications",)),
    (frozenset({musiconhold_conf.FILE}), ("moh reload",)),
    (frozenset({queuerules_conf.FILE, queues_conf.FILE}), (QUEUE_RELOAD,)),
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
# main/loader.c, of one reload while another goes on, as of a foyer-apply that was killed: nothing is done.
_IN_PROGRESS = "already in progress"
_LOOKS = 3
_MAX_PAUSE_S = 2.0
_MAX_LOG_BYTES = 1024 * 1024
CHANNELS = "core show channels concise"
# Where the dialplan puts somebody into a queue: the step with the label "queue" does so once more.
_WAITS = ("foyer-wait", "foyer-back-wait")
# How long who is put back into a queue may take until he is in it, and all of them together: on a busy
# machine the next one waits for him, as he would else stand before him.
_JOIN_S = 10.0
_JOIN_ALL_S = 60.0
_LOOK_S = 0.02

type Life = tuple[int, int]


class Anew(Protocol):
    """Queues that have to be dropped before queues.conf is read (anew.py)."""

    def drop(self) -> lists.Dropped | None:
        """Drops them; returns what is to be put back, from a process that was killed as well."""

    def done(self) -> None:
        """All is put back."""


class Console:
    """The running Asterisk, through its control socket and its log; `config` is its asterisk.conf.

    `settle_s`: how long it may differ from files that it has read, or of which it says that it refuses
    something; `patience_s`: how long it may take to read them.
    """

    def __init__(
        self,
        config: Path,
        socket: Path,
        log: Path,
        *,
        timeout_s: float = 20.0,
        settle_s: float = 10.0,
        patience_s: float = 60.0,
    ) -> None:
        self._config = config
        self._socket = socket
        self._log = log
        self._timeout_s = timeout_s
        self._settle_s, self._patience_s = settle_s, patience_s

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

    def queues(self) -> Mapping[str, objects.Queue]:
        """The queues that Asterisk has now."""
        return objects.shown_queues(self.ask(objects.QUEUES))

    def kept(self, queues: Mapping[str, Sequence[str]]) -> lists.Kept:
        """Who is in these queues, each with the agents of its list, and who waits in them."""
        members = {name: self.ask(f"database get {lists.MEMBERS} {name}") for name in queues}
        came = objects.waiting(self.ask(CHANNELS))
        listed = [
            channel for name in queues for channel in lists.callers(self.ask(f"{objects.QUEUES} {name}"))
        ]
        connecting = [one.channel for one in came if one.queue in queues and one.channel not in listed]
        return lists.Kept(queues, members, (*connecting, *listed), self.life() or ())

    def load(
        self,
        files: Collection[str],
        wanted: objects.Objects,
        anew: Anew | None = None,
        *,
        busy: Callable[[], None] = lambda: None,
    ) -> list[objects.Difference]:
        """Makes Asterisk read these files again; returns in what it differs from `wanted` at last, if
        anything. The queues of `anew` are dropped immediately before they are read: callers who come in
        between are told to wait. `busy` is called if it takes long without Asterisk refusing anything.
        TransientError: it is busy with what it was told before, too.
        """
        log_size = self._log_size()
        for names, commands in RELOADS:
            is_read = bool(names.intersection(files))
            dropped = anew.drop() if anew is not None and is_read and queues_conf.FILE in names else None
            for command in commands if is_read else ():
                if _IN_PROGRESS in self.ask(command):
                    raise TransientError("The telephone service is busy.")
            if anew is not None and dropped is not None:
                self._put_back(dropped, wanted.queues)
                anew.done()
        if queues_conf.FILE in files:
            # app_queue keeps a queue that is gone for those who wait in it, but no news of agents reach it.
            for one in objects.waiting(self.ask(CHANNELS)):
                if one.queue not in wanted.queues:
                    self.ask(f"channel redirect {one.channel} {extensions_conf.ANEW},s,1")
        return self._settle(wanted, log_size, busy)

    def _put_back(self, dropped: lists.Dropped, queues: Collection[str]) -> None:
        """Members and callers of queues that are there again. Each caller waits until the one before is in
        it: who comes first stands first, also before those who came in meanwhile.
        """
        kept = dropped.kept
        # Before the members: nobody can be on his way from the new queue to an agent.
        came = objects.waiting(self.ask(CHANNELS)) if dropped.queues else []
        lost = dropped.lost(came, lists.callers(self.ask(objects.QUEUES))) if came else []
        lost = [one for one in lost if one.queue in queues]
        for name in sorted({*kept.agents, *(one.queue for one in lost)}.intersection(queues)):
            answer = kept.members.get(name) or self.ask(f"database get {lists.MEMBERS} {name}")
            for command in lists.put_in(name, answer, kept.agents.get(name, ())):
                self.ask(command)
        over = time.monotonic() + _JOIN_ALL_S
        order = list(dict.fromkeys((*kept.waiting, *(one.channel for one in lost))))
        for one in lost:
            if one.context in _WAITS:
                there = lists.callers(self.ask(f"{objects.QUEUES} {one.queue}"))
                place = lists.place(one.channel, order, there)
                self.ask(f"dialplan set chanvar {one.channel} FOYER_PLACE {place}")
                self.ask(f"channel redirect {one.channel} {one.context},s,queue")
                deadline = min(time.monotonic() + _JOIN_S, over)
                while not self._has_come(one) and time.monotonic() < deadline:
                    time.sleep(_LOOK_S)

    def _has_come(self, one: objects.Waiting) -> bool:
        """Whether who was sent back stands in the queue, or needs it no more."""
        if one.channel in lists.callers(self.ask(f"{objects.QUEUES} {one.queue}")):
            return True
        return objects.is_talking_or_gone(self.ask(CHANNELS), one.channel)

    def loaded(self) -> objects.Objects:
        """What Asterisk has loaded now."""
        answers = {command: self.ask(command) for command in objects.COMMANDS}
        tones = objects.tones_of(answers[objects.ZONES])
        return objects.shown(answers | ({tones: self.ask(tones)} if tones else {}))

    def _settle(
        self, wanted: objects.Objects, log_size: int, busy: Callable[[], None]
    ) -> list[objects.Difference]:
        """Looks until all is as wanted, or time is up: a reload goes on after its command has answered. One
        look may take long by itself on a busy machine, so time alone says nothing.
        """
        began = time.monotonic()
        read_at: float | None = None
        pause_s = 0.05
        looks = 0
        while True:
            loaded, refused = self.loaded(), self._refused(log_size)
            found = objects.differences(wanted, loaded, refused)
            looks += 1
            only_lookups = all(difference.is_lookup for difference in found) and pause_s > 0.5
            if not found or only_lookups:
                return found
            now = time.monotonic()
            if read_at is None and (refused or objects.is_read(wanted, loaded)):
                read_at = now
            if looks >= _LOOKS and read_at is not None and now - read_at > self._settle_s:
                return found
            if looks >= _LOOKS and now - began > self._patience_s:
                return found
            if looks >= _LOOKS and read_at is None and now - began > self._settle_s:
                busy()
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, _MAX_PAUSE_S)

    def _log_size(self) -> int:
        try:
            return self._log.stat().st_size
        except OSError:
            return 0

    def _refused(self, log_size: int) -> Collection[tuple[str, str]]:
        """What Asterisk has refused since its log had that size (bytes)."""
        try:
            with self._log.open("rb") as file:
                file.seek(log_size if log_size <= self._log_size() else 0)
                text = file.read(_MAX_LOG_BYTES).decode("utf-8", "replace")
        except OSError:
            # A log that is missing or turned away hides refusals only of objects that existed before.
            return ()
        return objects.refusals(text)
