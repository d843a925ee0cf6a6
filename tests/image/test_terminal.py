"""What the person who runs the box sees at the terminal, and how Ctrl-C ends it."""

import os
import pty
import re
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import Self

import boot
import options
import pytest
import steps

from tests.image.box import BOOT, Box
from tests.image.conftest import OTHER_PORTS
from tests.image.processes import processes_of, told_of
from tests.until import until

pytestmark = pytest.mark.box


def test_it_says_where_the_pages_are_the_password_and_how_to_make_a_test_call(tmp_path: Path) -> None:
    with Box(tmp_path / "state", bind="", **OTHER_PORTS) as box:
        said = box.said
        assert re.search(r"^ready in \d+\.\d s$", said, re.M), said
        assert f"pages      https://localhost:{box.https_port}\n" in said
        assert f"password   {box.otp}   (once, for the first steps)" in said
        assert f"phones     localhost:{box.sip_port}" in said
        command = f"make test-call STATE={box.state}"
        assert f"test call  the button on the page Live, or in another terminal: {command}\n" in said
        assert f"look in    STATE={box.state} image/boot.py exec journalctl -f\n" in said
        assert "end        Ctrl-C" in said and str(box.state) in said


def test_it_names_the_address_that_it_was_told(tmp_path: Path) -> None:
    with Box(tmp_path / "state", bind=Box.address, **OTHER_PORTS) as box:
        assert f"pages      https://{Box.address}:{box.https_port}\n" in box.said


def test_it_lists_the_addresses_of_the_machine_where_it_listens_on_all(tmp_path: Path) -> None:
    with Box(tmp_path / "state", bind="0.0.0.0", **OTHER_PORTS) as box:
        assert f"pages      https://{Box.address}:{box.https_port}\n" in box.said
        assert f"phones     {Box.address}:{box.sip_port}" in box.said


def test_commands_need_no_folder_where_it_is_the_usual_one(capsys: pytest.CaptureFixture[str]) -> None:
    usual = options.read({}, steps.REPOSITORY / "build")
    boot.introduce(usual, {"FOYER_HTTPS_PORT": "8443", "FOYER_SIP_PORT": "5060"}, 7.0)
    said = capsys.readouterr().out
    assert "in another terminal: make test-call\n" in said
    assert "look in    image/boot.py exec journalctl -f\n" in said


def test_ctrl_c_at_a_terminal_ends_every_process(tmp_path: Path) -> None:
    """The terminal sends it to everything in the foreground, not only to the one that started the box."""
    state = tmp_path / "state"
    ports = {name.upper().replace("HTTPS_", ""): str(port) for name, port in OTHER_PORTS.items()}
    near, far = pty.openpty()
    shell = subprocess.Popen(
        ["setsid", "--ctty", "--wait", "sh", "-c", f"trap : INT; {BOOT} run; echo code=$?"],
        env={**os.environ, **ports, "STATE": str(state)},
        stdin=far,
        stdout=far,
        stderr=far,
    )
    os.close(far)
    with Terminal(near) as terminal:
        until(lambda: "Ctrl-C" in terminal.said, 60, "the box to be ready")
        left = processes_of(state)
        assert len(left()) > 5
        # Around the box: the shell, what boots it, what waits for it.
        assert len(told_of(state)) > 2
        os.write(near, b"\x03")
        until(lambda: "code=" in terminal.said, 40, "the end")
        assert shell.wait(60) == 0
        assert "code=0" in terminal.said and "Traceback" not in terminal.said, terminal.said
        assert left() == []
        assert told_of(state) == []


class Terminal:
    """Reads what is written to a terminal, as its screen does."""

    def __init__(self, near: int) -> None:
        self.said = ""
        self._near = near
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(60)
        os.close(self._near)

    def _read(self) -> None:
        with suppress(OSError):  # EIO: nobody has the other end any more
            while data := os.read(self._near, 4096):
                self.said += data.decode("utf-8", "replace")
