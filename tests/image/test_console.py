"""What the box's own screen may have root do, in a booted box: its account, real units, real walls."""

import subprocess

import pytest

from tests.image.box import Box

ASK = """
import sys
from pathlib import Path
from appliance.privileged.client import Privileged
getattr(Privileged(Path("/run/foyer-privileged.sock")), sys.argv[1])()
"""


def ask(box: Box, user: str, group: str, action: str) -> subprocess.CompletedProcess[str]:
    command = [
        "setpriv",
        f"--reuid={user}",
        f"--regid={group}",
        "--clear-groups",
        "python3",
        "-P",
        "-c",
        ASK,
        action,
    ]
    text = box.run("sh", "-c", '"$@" 2>&1; echo "code $?"', "sh", *command)
    return subprocess.CompletedProcess(command, int(text.rsplit("code ", 1)[1]), text)


# Gives the unit one end of a pseudo terminal inside the box, reads and types at the other.
TERMINAL = """
import codecs, os, pty, select, subprocess, sys
decoder = codecs.getincrementaldecoder("utf-8")()
ours, theirs = pty.openpty()
unit = f"foyer-console@{os.ttyname(theirs).removeprefix('/dev/').replace('/', '-')}.service"
subprocess.run(["systemctl", "start", unit], check=True)
def until(words):
    said = ""
    while words not in said:
        if not select.select([ours], [], [], 20)[0]:
            sys.exit(f"no {words!r} in {said!r}")
        said += decoder.decode(os.read(ours, 65536))
    return said
print(until("Number, then Enter:"))
os.write(ours, b"7\\n")
print(until("Enter goes on:"))
os.write(ours, b"\\n")
until("Number, then Enter:")
os.write(ours, b"2\\n")
until("yes/no")
os.write(ours, b"yes\\n")
print("AFTERWARDS", until("Number, then Enter:"))
subprocess.run(["systemctl", "stop", unit], check=True)
"""


@pytest.mark.box
def test_the_unit_shows_the_box_on_its_terminal(box: Box) -> None:
    old = box.otp
    box.run("mkdir", "-p", "/run/systemd/system/foyer-console@.service.d")
    drop_in = "/run/systemd/system/foyer-console@.service.d/zz-test.conf"
    box.run("sh", "-c", f"printf '[Unit]\\nConditionKernelCommandLine=\\n' >{drop_in}")
    box.run("systemctl", "daemon-reload")
    before, after = box.run("python3", "-P", "-c", TERMINAL).split("AFTERWARDS")
    assert f"https://{box.address}:{box.https_port}/" in before and old in before
    # foyer-health answers this account, too.
    assert "phone lines and settings, the page System says" in before and "could not be read" not in before
    # Root made another one, and the account that shows it may read it.
    assert box.otp != old and box.otp in after and old not in after


@pytest.mark.box
def test_a_new_password_is_shown_on_the_screen_alone(box: Box) -> None:
    old = box.otp
    assert ask(box, "foyer-console", "foyer-console", "new_password").returncode == 0
    assert box.otp != old
    shown = box.run("setpriv", "--reuid=foyer-console", "--regid=foyer-console", "--clear-groups",
                    "cat", "/data/secrets/admin-otp")  # fmt: skip
    assert shown.strip() == box.otp
    for user in ("foyer-pbx", "foyer-apply", "asterisk", "caddy"):
        assert box.run("setpriv", f"--reuid={user}", "--clear-groups", "cat", "/data/secrets/admin-otp",
                       check=False) == ""  # fmt: skip
    assert box.otp not in box.run("journalctl", "-q", "--no-pager")


@pytest.mark.box
def test_the_pages_can_neither_reset_the_box_nor_switch_it_off(box: Box) -> None:
    for action in ("factory_reset", "new_password"):
        answer = ask(box, "foyer-webui", "foyer-console", action)
        assert answer.returncode != 0 and "ForbiddenError" in answer.stdout
    # Without a disk of its own there is nothing to reset: systemd refuses by the unit's condition.
    assert ask(box, "foyer-console", "foyer-console", "factory_reset").returncode == 0
    assert box.is_active("foyer.target")
