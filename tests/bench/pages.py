"""The pages' own process on a store full of calls, asked over its unix socket as Caddy asks it."""

from __future__ import annotations

import itertools
import os
import selectors
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from appliance.settings import Settings
from appliance.store import Store, migrate, people, site, users
from appliance.store.sitemodel import Site
from appliance.webui import cookies
from appliance.webui.events import PER_USER
from tests.until import until
from tests.webui import seed

CALLS = 400
PASSWORD = "a long enough password"


class Pages:
    """foyer-webui on a data directory below `folder`; complete with the people and calls of some days."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "webui.log"
        self._settings = Settings(data=folder / "data", run=folder / "run")
        for path in (self._settings.db.parent, self._settings.secrets, self._settings.run):
            path.mkdir(parents=True)
        (self._settings.secrets / "session").write_text("0123456789abcdef0123456789abcdef\n")
        migrate(self._settings.db)
        self.store = Store.open(self._settings.db)
        with self.store.change() as change:
            self._boss = users.create(change, "boss", "Mai", "administrator", PASSWORD)
            site.save(change, Site.from_dict(seed.SITE), self._boss, "", 0)
            seed.past(change, self._boss, CALLS)
            seed.present(change)
            self.person = people.person_for(change, "phone", seed.PEOPLE[0][0])
        self._staff = [self._account("agent", f"a{number}") for number in range(1, 9)]
        self._process: subprocess.Popen[bytes] | None = None

    def _account(self, role: str, agent: str | None = None) -> str:
        with self.store.change() as change:
            login = f"user{users.count(change.db)}"
            return users.create(change, login, login, role, PASSWORD, agent_id=agent)

    def __enter__(self) -> Self:
        env = {
            **os.environ,
            "FOYER_DATA": str(self._settings.data),
            "FOYER_RUN": str(self._settings.run),
        }
        with self._log.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "appliance.webui"], env=env, stdout=out, stderr=out
            )
        until(self._is_up, 15, "the pages")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(10)
        self.store.close()

    def _is_up(self) -> bool:
        try:
            return self.get("/health", "").startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    def sessions(self, count: int) -> list[str]:
        """Signed-in browsers, one token each: one administrator's, then agents' and supervisors'.

        Nobody gets more of them than one account may have streams open.
        """
        while len(self._staff) * PER_USER < count - 1:
            self._staff.append(self._account("supervisor"))
        owners = itertools.islice(itertools.cycle(self._staff), count - 1)
        with self.store.change() as change:
            return [users.start_session(change, owner, "") for owner in (self._boss, *owners)]

    def open(self, path: str, token: str) -> socket.socket:
        """A request that was sent; its answer is to be read."""
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(10)
        connection.connect(str(self._settings.webui_socket))
        lines = (f"GET {path} HTTP/1.1", "Host: localhost", f"Cookie: {cookies.SESSION}={token}")
        connection.sendall("\r\n".join([*lines, "Accept-Language: en", "", ""]).encode())
        return connection

    def get(self, path: str, token: str) -> bytes:
        """The whole answer; the server ends the connection behind it."""
        with self.open(path, token) as connection:
            chunks = []
            while chunk := connection.recv(65536):
                chunks.append(chunk)
        return b"".join(chunks)


class Streams:
    """Event streams of these sessions, read by a thread that keeps when each of them was told what."""

    def __init__(self, pages: Pages, tokens: Sequence[str]) -> None:
        self._connections = [pages.open("/events", token) for token in tokens]
        self._told: dict[bytes, list[float]] = {}
        self._greeted = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, name="streams", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        until(lambda: self._greeted == len(self._connections), 15, "every stream to be greeted")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(5)
        for connection in self._connections:
            connection.close()

    def wait(self, subject: str) -> list[float]:
        """When (perf_counter) each stream was told of this thing for the first time, once all were."""
        told = self._told.setdefault(subject.encode(), [])
        until(lambda: len(told) == len(self._connections), 5, "every stream to be told", every_s=0.005)
        return told

    def _read(self) -> None:
        rest = dict.fromkeys(self._connections, b"")
        known: dict[socket.socket, set[bytes]] = {connection: set() for connection in self._connections}
        with selectors.DefaultSelector() as selector:
            for connection in self._connections:
                selector.register(connection, selectors.EVENT_READ, connection)
            while not self._stop.is_set():
                for key, _ in selector.select(0.1):
                    connection = key.data
                    data = connection.recv(65536)
                    at = time.perf_counter()
                    if not data:
                        selector.unregister(connection)
                        continue
                    *lines, rest[connection] = (rest[connection] + data).split(b"\n")
                    for line in lines:
                        self._note(line, at, known[connection])

    def _note(self, line: bytes, at: float, known: set[bytes]) -> None:
        if line == b"event: hello":
            self._greeted += 1
        _, is_data, rest = line.partition(b'"subject":"')
        subject = rest.partition(b'"')[0]
        if is_data and subject not in known:
            known.add(subject)
            self._told.setdefault(subject, []).append(at)
