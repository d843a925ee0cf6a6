"""The process on its unix socket: permissions, limits, and stopping with a stream open."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from appliance.settings import Settings
from appliance.store import Store, users
from appliance.webui import cookies
from appliance.webui.server import make_server
from tests.until import until
from tests.webui.conftest import PASSWORD


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket, as Caddy speaks it."""

    def __init__(self, path: Path, timeout_s: float = 60) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def test_a_header_that_only_looks_like_caddys_is_dropped(tmp_path: Path) -> None:
    seen: list[str | None] = []

    def app(environ: dict[str, Any], start: Any) -> list[bytes]:
        seen.append(environ.get("HTTP_X_FOYER_DOOR"))
        start("200 OK", [("Content-Length", "0")])
        return []

    server = make_server(cast("Any", app), tmp_path / "web.sock", 1)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        connection = UnixConnection(tmp_path / "web.sock")
        connection.request("GET", "/", headers={"X-Foyer-Door": "192.0.2.1", "X_Foyer_Door": "6.6.6.6"})
        connection.getresponse().read()
        connection.close()
    finally:
        server.stop()
        thread.join(60)
    assert seen == ["192.0.2.1"]


@pytest.fixture
def process(
    settings: Settings, store: Store, box: dict[str, str], tmp_path: Path
) -> Iterator[subprocess.Popen[bytes]]:
    log = tmp_path / "webui.log"
    env = {
        **os.environ,
        "FOYER_DATA": str(settings.data),
        "FOYER_RUN": str(settings.run),
        "FOYER_NAMES": "phones.example.org",
    }
    with log.open("wb") as out:
        started = subprocess.Popen([sys.executable, "-m", "appliance.webui"], env=env, stdout=out, stderr=out)
    try:
        until(
            lambda: answer(settings, "/health")[0] == 200 if settings.webui_socket.exists() else False,
            15,
            "the pages",
        )
        yield started
    finally:
        started.kill()
        started.wait()
        sys.stderr.write(log.read_text()[-3000:])


def answer(settings: Settings, path: str, **headers: str) -> tuple[int, str]:
    connection = UnixConnection(settings.webui_socket)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read().decode()
    except ConnectionError:
        return 0, ""
    finally:
        connection.close()


def test_it_serves_and_ends(settings: Settings, process: subprocess.Popen[bytes]) -> None:
    mode = settings.webui_socket.stat().st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o660
    assert "Sign in" in answer(settings, "/login")[1]
    assert answer(settings, "/login", Host="phones.example.org")[0] == 200
    assert answer(settings, "/login", Host="evil.example")[0] == 421
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


def test_the_address_comes_from_caddy(
    settings: Settings, store: Store, process: subprocess.Popen[bytes]
) -> None:
    with store.change() as change:
        boss = next(user for user in users.every(change.db) if user.login == "boss")
        token = users.start_session(change, boss.id, "")
    status, body = answer(
        settings, "/account", Cookie=f"{cookies.SESSION}={token}", **{"X-Forwarded-For": "198.51.100.7"}
    )
    assert status == 200 and PASSWORD not in body


def test_too_much_is_refused(settings: Settings, process: subprocess.Popen[bytes]) -> None:
    connection = UnixConnection(settings.webui_socket)
    headers = {"Transfer-Encoding": "chunked", "Content-Type": "application/x-www-form-urlencoded"}
    with contextlib.suppress(BrokenPipeError):  # it may hang up before all is sent
        connection.request("POST", "/login", iter([b"x" * 65536] * 8), headers, encode_chunked=True)
        assert connection.getresponse().status in (400, 413)
    connection.close()
    assert answer(settings, "/health")[0] == 200


def test_it_ends_with_a_stream_open(
    settings: Settings, store: Store, process: subprocess.Popen[bytes]
) -> None:
    with store.change() as change:
        boss = next(user for user in users.every(change.db) if user.login == "boss")
        token = users.start_session(change, boss.id, "")
    connection = UnixConnection(settings.webui_socket)
    connection.request("GET", "/events", headers={"Cookie": f"{cookies.SESSION}={token}"})
    response = connection.getresponse()
    assert response.status == 200 and response.fp.readline()
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    connection.close()


def test_a_box_without_a_database_says_so(settings: Settings) -> None:
    env = {**os.environ, "FOYER_DATA": str(settings.data), "FOYER_RUN": str(settings.run)}
    done = subprocess.run(
        [sys.executable, "-m", "appliance.webui"],
        env=env,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert "There is no database at" in done.stderr and "Traceback" not in done.stderr
