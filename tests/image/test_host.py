"""image/host.sh on machines that cannot build or run a box: one sentence that says what to do."""

import os
import subprocess
from pathlib import Path

import pytest

HOST = Path(__file__).parents[2] / "image/host.sh"
# Not a Debian: in a mount namespace of its own, the file that says so is hidden.
ELSEWHERE = "mount --bind /dev/null /etc/debian_version && exec"


def run(*command: str, **options: str) -> subprocess.CompletedProcess[str]:
    """What the script says in a machine without a network; it has to refuse."""
    return subprocess.run(
        command, env={**os.environ, **options}, capture_output=True, text=True, timeout=100, check=False
    )


def sentence(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stderr.splitlines()[-1]


def test_an_ordinary_user_is_told_to_become_root() -> None:
    done = run("setpriv", "--reuid=65534", "--clear-groups", str(HOST))
    assert sentence(done).startswith("foyer: this needs root")
    assert len(done.stderr.splitlines()) == 1 and done.stdout == ""


def test_another_system_is_told_which_one_to_use() -> None:
    done = run("unshare", "--mount", "sh", "-c", f"{ELSEWHERE} {HOST}")
    assert sentence(done).startswith("foyer: this machine is not a Debian: use Debian 12 or newer")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.slow
def test_without_a_mirror_the_network_is_named() -> None:
    """The test root lacks what builds a root, and has no network to get it from."""
    done = run(str(HOST))
    assert "foyer: installing on this machine: " in done.stdout
    assert (
        sentence(done)
        == "foyer: the Debian mirror cannot be reached: check the network, then run make again."
    )
