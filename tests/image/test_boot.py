"""The booted box: everything comes up, comes back, and stays within its walls."""

import contextlib
import http.client
import re
import socket
import ssl
import subprocess
import urllib.error
import urllib.request
from functools import partial
from pathlib import Path

import pytest

from appliance.webui.forms import MAX_BODY
from appliance.webui.server import THREADS
from tests.image.box import BOOT, Box
from tests.until import Stopwatch, until

pytestmark = pytest.mark.box

ALWAYS_UP = ("asterisk", "caddy", "foyer-apply", "foyer-pbx", "foyer-webui")
ON_DEMAND = ("foyer-names", "foyer-privileged")
# systemd-analyze security: 0 is no exposure, 10 is no sandbox. foyer-setup gives files to other users.
EXPOSURE = {"foyer-setup": 2.5}
EXPOSURE_OF_OTHERS = 1.6


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object) -> None:
        """A redirect is an answer, not an errand."""


def fetch(url: str, tls: ssl.SSLContext | None = None) -> http.client.HTTPResponse | urllib.error.HTTPError:
    handlers: list[urllib.request.BaseHandler] = [_Stay()]
    if tls:
        handlers.append(urllib.request.HTTPSHandler(context=tls))
    try:
        response: http.client.HTTPResponse = urllib.request.build_opener(*handlers).open(url, timeout=60)
    except urllib.error.HTTPError as error:
        return error
    return response


def http_url(box: Box) -> str:
    return f"http://{box.address}:{box.http_port}"


@pytest.fixture(scope="package")
def tls(box: Box) -> ssl.SSLContext:
    """Trusts the box's authority and nothing else."""
    answer = fetch(f"{http_url(box)}/foyer-ca.crt")
    assert answer.headers["Content-Type"] == "application/x-x509-ca-cert"
    return ssl.create_default_context(cadata=answer.read().decode())


def is_started(box: Box) -> bool:
    """Whether systemd has nothing left to start; the box is ready for calls a moment before."""
    return box.run("systemctl", "is-system-running", check=False).strip() not in ("initializing", "starting")


def test_everything_is_up_and_nothing_failed(box: Box) -> None:
    until(lambda: is_started(box), 30, "the start to be over")
    assert box.run("systemctl", "is-system-running").strip() == "running"
    assert box.run("systemctl", "--failed", "--no-legend") == ""
    for unit in ALWAYS_UP:
        assert box.is_active(unit), box.journal(unit)
        assert int(box.run("systemctl", "show", "-P", "NRestarts", unit)) == 0, box.journal(unit)


def test_asterisk_loaded_its_configuration_without_a_complaint(box: Box) -> None:
    messages = (box.state / "asterisk/log/messages").read_text()
    complaints = [line for line in messages.splitlines() if re.search(r"\] (WARNING|ERROR)\[", line)]
    assert complaints == []


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", Box.address])
def test_the_pages_open_under_every_address(box: Box, tls: ssl.SSLContext, host: str) -> None:
    assert fetch(f"https://{host}:{box.https_port}/health", tls).status == 200


def test_no_certificate_is_made_for_a_foreign_name(box: Box) -> None:
    certificates = box.state / "caddy/certificates/local"
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPSConnection(box.address, box.https_port, timeout=60, context=context)
    connection.connect()
    before = sorted(path.name for path in certificates.iterdir())
    with pytest.raises(ssl.SSLError):
        context.wrap_socket(
            socket.create_connection((box.address, box.https_port)), server_hostname="bank.example"
        )
    assert sorted(path.name for path in certificates.iterdir()) == before


def test_http_leads_to_https_and_gives_no_key(box: Box) -> None:
    answer = fetch(f"{http_url(box)}/people?q=1")
    assert (answer.status, answer.headers["Location"]) == (
        302,
        f"https://{box.address}:{box.https_port}/people?q=1",
    )
    for path in ("/root.key", "/foyer-ca.crt/../root.key", "/foyer-ca.crt%2f..%2froot.key"):
        answer = fetch(f"{http_url(box)}{path}")
        assert b"PRIVATE" not in answer.read()


def test_strangers_do_not_reach_asterisk(box: Box, tls: ssl.SSLContext) -> None:
    """Who is signed in does: the browsers of tests/box."""
    connection = http.client.HTTPSConnection(box.address, box.https_port, timeout=60, context=tls)
    connection.request(
        "GET",
        "/ws",
        headers={
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Protocol": "sip",
        },
    )
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Sec-WebSocket-Protocol"]) == (401, None)


def test_a_form_that_is_too_long_is_told_so(box: Box, tls: ssl.SSLContext) -> None:
    connection = http.client.HTTPSConnection(box.address, box.https_port, timeout=60, context=tls)
    body = b"note=" + b"x" * (MAX_BODY + 1)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/login", body, headers)
    answer = connection.getresponse()
    assert answer.status == 413
    assert "what you typed is still there" in answer.read().decode()
    # As long as a page takes at most, it gets through to the pages.
    connection = http.client.HTTPSConnection(box.address, box.https_port, timeout=60, context=tls)
    connection.request("POST", "/login", body[:MAX_BODY], headers)
    assert connection.getresponse().status == 403  # by them: the form's word is missing


def test_asterisks_own_ports_are_not_reachable_from_outside(box: Box) -> None:
    listening = box.run("ss", "-Hlnt").splitlines()
    outside = {line.split()[3] for line in listening if not line.split()[3].startswith("127.0.0.1:")}
    for name, port in (("AMI", "5038"), ("HTTP", "8088"), ("names", "8188")):
        assert not [entry for entry in outside if entry.endswith(f":{port}")], name


def is_up_again(box: Box, unit: str, old_pid: int) -> bool:
    return box.is_active(unit) and box.main_pid(unit) != old_pid


def test_a_unit_that_is_killed_comes_back(box: Box) -> None:
    for unit in ALWAYS_UP:
        old = box.main_pid(unit)
        box.kill(unit)
        until(partial(is_up_again, box, unit, old), 10, f"{unit} again")
    assert box.run("systemctl", "--failed", "--no-legend") == ""


def test_a_process_that_is_frozen_is_started_again(box: Box) -> None:
    old = box.main_pid("foyer-pbx")
    box.kill("foyer-pbx", "SIGSTOP")
    until(partial(is_up_again, box, "foyer-pbx", old), 40, "foyer-pbx again", every_s=1)
    assert "Watchdog timeout" in box.journal("foyer-pbx")
    assert box.run("systemctl", "--failed", "--no-legend") == ""


def test_the_pages_wait_for_a_restart_of_theirs(box: Box, tls: ssl.SSLContext) -> None:
    def is_waited_for() -> bool:
        box.kill("foyer-webui")
        return fetch(f"{box.https_url}/health", tls).status == 200

    # Not for ever: a very busy machine may need longer than Caddy waits, but not each time.
    until(is_waited_for, 15, "an answer across a restart", every_s=5)


def test_forms_that_never_end_hold_nobody_up(box: Box, tls: ssl.SSLContext) -> None:
    head = "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    with contextlib.ExitStack() as open_forms:
        for _ in range(THREADS + 10):
            connection = socket.create_connection((box.address, box.https_port), timeout=60)
            secured = open_forms.enter_context(tls.wrap_socket(connection, server_hostname="localhost"))
            secured.sendall(f"{head}Content-Length: 1000\r\n\r\nlogin=".encode())
        watch = Stopwatch()
        assert fetch(f"{box.https_url}/health", tls).status == 200
        assert watch.seconds < 3


def test_a_long_outage_of_the_pages_is_said_so(box: Box, tls: ssl.SSLContext) -> None:
    box.stop("foyer-webui")
    try:
        answer = fetch(f"{box.https_url}/", tls)
        assert answer.status == 502
        assert "Foyer is starting" in answer.read().decode()
    finally:
        box.begin("foyer-webui")


@pytest.mark.parametrize("unit", [*ALWAYS_UP, *ON_DEMAND, "foyer-setup"])
def test_the_sandbox_is_strict(box: Box, unit: str) -> None:
    verdict = box.run("systemd-analyze", "security", "--no-pager", f"{unit}.service").splitlines()[-1]
    found = re.search(r"exposure level for .*: ([0-9.]+)", verdict)
    assert found, verdict
    assert float(found.group(1)) <= EXPOSURE.get(unit, EXPOSURE_OF_OTHERS), verdict


@pytest.mark.parametrize(
    ("user", "path"),
    [
        ("foyer-webui", "/data/secrets/ami-actions"),
        ("foyer-webui", "/data/secrets/ami-mirror"),
        ("foyer-webui", "/data/caddy/pki"),
        ("foyer-pbx", "/data/secrets/session"),
        ("foyer-names", "/data/foyer/foyer.db"),
        ("asterisk", "/data/foyer/foyer.db"),
        ("asterisk", "/data/secrets/sim-trunk"),
        ("caddy", "/data/secrets/admin-otp"),
        ("caddy", "/data/asterisk/recordings"),
    ],
)
def test_a_process_cannot_read_what_is_not_its_own(box: Box, user: str, path: str) -> None:
    box.run("test", "-e", path)
    assert box.run("setpriv", "--reuid", user, "--regid", user_group(box, user), "--init-groups",
                   "sh", "-c", f"ls {path}/ || cat {path}", check=False) == ""  # fmt: skip


def user_group(box: Box, user: str) -> str:
    return box.run("id", "-gn", user).strip()


@pytest.mark.parametrize(
    ("unit", "path"),
    [
        ("foyer-webui", "/data/config"),
        ("foyer-webui", "/run/asterisk"),
        ("foyer-pbx", "/data/config"),
        ("asterisk", "/data/foyer"),
        ("caddy", "/data/foyer"),
    ],
)
def test_a_unit_does_not_even_see_it(box: Box, unit: str, path: str) -> None:
    listed = box.run("ls", "-A", f"/proc/{box.main_pid(unit)}/root{path}", check=False)
    assert listed == ""


def test_asterisk_is_restarted_on_request_only_of_foyers_processes(box: Box) -> None:
    ask = (
        "from pathlib import Path; from appliance.privileged.client import Privileged;"
        "Privileged(Path('/run/foyer-privileged.sock')).restart_service('asterisk')"
    )
    old = box.main_pid("asterisk")
    # The pages reach root's socket by the last group of their unit.
    for user, groups, allowed in (
        ("foyer-apply", "--init-groups", False),
        ("foyer-webui", "--groups=foyer-console", True),
    ):
        box.run("setpriv", "--reuid", user, "--regid", user_group(box, user), groups,
                "python3", "-P", "-c", ask, check=allowed)  # fmt: skip
        assert (box.main_pid("asterisk") != old) is allowed
    assert box.is_active("asterisk")
    until(lambda: "restart_service" in box.journal("foyer-privileged"), 5, "the journal to tell of it")


def test_foyer_pbx_may_tell_asterisk_who_is_blocked(box: Box) -> None:
    block = (
        "from appliance.settings import Settings; from appliance.store import Store, people\n"
        "with Store(Settings.load().db).change() as change:"
        " people.set_blocked(change, people.person_for(change, 'phone', '+84901234567'), True)"
    )
    box.run("setpriv", "--reuid", "foyer-webui", "--regid", user_group(box, "foyer-webui"), "--init-groups",
            "python3", "-P", "-c", block)  # fmt: skip
    ask = ("asterisk", "-C", "/data/config/live/asterisk/asterisk.conf", "-rx", "database show foyer-caller")
    until(lambda: "/0901234567" in box.run(*ask), 10, "the number in AstDB")


def test_foyer_pbx_may_delete_what_asterisk_recorded(box: Box) -> None:
    """The recording of a person who was erased: folders and files as Asterisk makes them."""
    umask = box.run("systemctl", "show", "-P", "UMask", "asterisk").strip()
    folder = "/data/asterisk/recordings/2026/01/02"
    box.run("setpriv", "--reuid", "asterisk", "--regid", "asterisk", "--init-groups",
            "sh", "-c", f"umask {umask}; mkdir -p {folder}; echo sound > {folder}/one.wav")  # fmt: skip
    doom = (
        "from appliance.settings import Settings; from appliance.store import Store, doomed_files\n"
        "with Store(Settings.load().db).change() as change: doomed_files.doom(change, ['2026/01/02/one.wav'])"
    )
    box.run("setpriv", "--reuid", "foyer-webui", "--regid", user_group(box, "foyer-webui"), "--init-groups",
            "python3", "-P", "-c", doom)  # fmt: skip
    box.run("systemctl", "restart", "foyer-pbx")  # it tidies up when it starts, and every half minute
    recording = box.state / "asterisk/recordings/2026/01/02/one.wav"
    until(lambda: not recording.exists(), 20, "the recording to be deleted")


def test_the_machine_is_out_of_reach(box: Box) -> None:
    assert box.run("ls", "-A", "/home") == ""
    for place in ("/src", "/sys/kernel/debug/sched", "/proc/1/root/src"):
        assert box.run("ls", place, check=False) == ""
    seen = box.run("findmnt", "-rno", "TARGET", "-t", "ext4,xfs,btrfs", check=False).split()
    assert set(seen) <= {"/data"}


def test_a_command_inside_fails_as_itself(box: Box) -> None:
    done = subprocess.run([BOOT, "exec", "sh", "-c", "exit 42"], env={"STATE": str(box.state)}, check=False)
    assert done.returncode == 42
    assert Path(BOOT).is_file()


def test_the_space_on_the_disk_is_looked_at(box: Box) -> None:
    """By a process that is started anew each time, and may do nothing but tell Asterisk."""

    def told() -> str:
        return box.run("asterisk", "-C", "/data/config/live/asterisk/asterisk.conf", "-rx", ASKED)

    until(lambda: "Value: no" in told(), 45, "foyer-disk to tell Asterisk that there is room")
    assert box.run("cat", "/run/foyer-disk/told").startswith("room ")
    assert box.is_active("foyer-disk.timer")
    box.begin("foyer-disk.service")
    assert box.run("systemctl", "show", "-P", "Result", "foyer-disk.service").strip() == "success"
    # Twice a minute is no news.
    assert "Started" not in box.journal("foyer-disk.service")
    assert (box.state / "foyer/foyer.reserve").stat().st_size > 1_000_000


ASKED = "database get foyer-disk full"
