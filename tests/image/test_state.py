"""What outlives a box, what does not, who may use it: two starts, a power cut, a fresh start, refusals."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.image.box import BOOT, Box
from tests.image.conftest import OTHER_PORTS
from tests.image.processes import processes_of, told_of
from tests.small_disk import small_disk
from tests.until import Stopwatch, until

pytestmark = pytest.mark.box


def boot(state: Path, **options: str) -> subprocess.CompletedProcess[str]:
    """Starts a box that is expected to refuse."""
    return subprocess.run(
        [BOOT, "run"],
        env={**os.environ, "STATE": str(state), **options},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def live_revision(box: Box) -> str:
    return (box.state / "config/live").readlink().name.partition("-")[0]


def test_a_box_survives_a_power_cut_and_ends_whole(tmp_path: Path) -> None:
    box = Box(tmp_path / "state", **OTHER_PORTS)
    box.start()
    left = processes_of(box.state)
    assert len(left()) > 5
    password = box.otp
    # What lies behind the number depends on the ports that happen to be free.
    revision = live_revision(box)
    box.power_cut()
    until(lambda: not left(), 5, "every process of the box to be gone")
    with box:
        left = processes_of(box.state)
        assert box.ready_s < 10
        assert box.otp == password
        assert live_revision(box) == revision
        assert box.run("systemctl", "--failed", "--no-legend") == ""
        looking = [str(BOOT), "exec", "journalctl", "-f"]
        follower = subprocess.Popen(looking, env={"STATE": str(box.state)}, stdout=subprocess.PIPE, text=True)
        assert follower.stdout is not None
        assert follower.stdout.readline()
        watch = Stopwatch()
    # Whoever looks in does not keep it from ending: systemd would wait ten seconds for such a process.
    assert watch.seconds < 8
    assert left() == []
    follower.communicate(timeout=60)


def test_a_second_box_on_the_same_state_is_refused(box: Box, tmp_path: Path) -> None:
    refused = boot(box.state, PORT="9443", HTTP_PORT="9080", SIP_PORT="9060")
    assert refused.returncode == 1
    assert "a box already runs on" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    taken = boot(tmp_path / "other", PORT=str(box.https_port), BIND="0.0.0.0")
    assert f"port {box.https_port} of 0.0.0.0 is taken" in taken.stderr
    assert box.is_active("foyer.target")


def test_fresh_starts_anew(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with Box(state, **OTHER_PORTS) as box:
        old = box.otp
    environment = {**os.environ, "STATE": str(state), "FRESH": "1", "BIND": "127.0.0.1"}
    process = subprocess.Popen([BOOT, "run"], env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        until(lambda: process.stdout and process.stdout.readline().startswith("ready in"), 30, "a fresh box")
        assert Box(state).otp != old
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"BIND": "198.51.100.7"}, "is not an address of this machine"),
        ({"BIND": "here"}, "is not an IPv4 address"),
        ({"PORT": "0"}, "is not a port"),
        ({"SIP_PORT": "sip"}, "is not a port"),
        ({"PORT": "8888", "HTTP_PORT": "8888"}, "PORT and HTTP_PORT are both 8888: choose another"),
        ({"NET": "none"}, "neither host nor private"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(tmp_path: Path, options: dict[str, str], sentence: str) -> None:
    refused = boot(tmp_path / "state", **options)
    assert refused.returncode == 1
    assert sentence in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("option", "kind"),
    [
        ("PORT", socket.SOCK_STREAM),
        ("HTTP_PORT", socket.SOCK_STREAM),
        # No box speaks SIP over TCP (test_listening.py).
        ("SIP_PORT", socket.SOCK_DGRAM),
    ],
)
def test_a_taken_port_is_refused_and_nothing_stays(
    tmp_path: Path, option: str, kind: socket.SocketKind
) -> None:
    state = tmp_path / "state"
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        if kind == socket.SOCK_STREAM:
            other.listen()
        refused = boot(state, **{option: str(port)})
    assert refused.returncode == 1 and refused.stdout == ""
    assert refused.stderr == (
        f"foyer: port {port} of 127.0.0.1 is taken by another program:"
        f" end it or choose another with {option}=.\n"
    )
    assert [path.name for path in state.iterdir()] == [".foyer-box"]
    assert told_of(state) == []
    # What others on this machine mount meanwhile says nothing.
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    assert [line for line in mounts if str(tmp_path) in line] == []


def test_a_full_disk_is_said_so(tmp_path: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "small", tmp_path], check=True)
    try:
        refused = boot(tmp_path / "state")
    finally:
        subprocess.run(["umount", tmp_path], check=True)
    assert refused.returncode == 1
    assert "has 0.0 GB free" in refused.stderr and "STATE=" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    refused = boot(tmp_path, FRESH="1")
    assert "has files that are not a box's" in refused.stderr
    assert (tmp_path / "letter.txt").read_text() == "dear"


@pytest.mark.parametrize("wrong", ["address", "port", "build"])
def test_a_fresh_start_that_is_refused_deletes_nothing(tmp_path: Path, wrong: str) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / ".foyer-box").touch()
    (state / "letter.txt").write_text("dear")
    with socket.socket() as other, small_disk(tmp_path / "disk", 1):
        other.bind(("127.0.0.1", 0))
        options = {
            "address": {"BIND": "198.51.100.7"},
            "port": {"PORT": str(other.getsockname()[1])},
            "build": {"FOYER_LAYERS": "", "FOYER_BUILD": str(tmp_path / "disk")},
        }
        refused = boot(state, FRESH="1", **options[wrong])
    assert refused.returncode == 1
    assert (state / "letter.txt").read_text() == "dear"


def test_a_fresh_virtual_machine_without_an_image_deletes_nothing(tmp_path: Path) -> None:
    (tmp_path / "vm").mkdir()
    (tmp_path / "vm/disk").write_text("calls")
    refused = subprocess.run(
        ["/usr/bin/python3", BOOT.with_name("vm.py")],
        env={**os.environ, "FOYER_BUILD": str(tmp_path), "FRESH": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert refused.returncode == 1
    assert "make image makes it" in refused.stderr
    assert (tmp_path / "vm/disk").read_text() == "calls"


def test_no_box_to_look_into_is_said_so(tmp_path: Path) -> None:
    done = subprocess.run(
        [BOOT, "exec", "true"], env={"STATE": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "no box runs on" in done.stderr


def test_an_ordinary_user_is_told_to_become_root(tmp_path: Path) -> None:
    done = subprocess.run(
        [BOOT, "run"],
        env={"STATE": str(tmp_path)},
        user="nobody",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "needs root" in done.stderr
