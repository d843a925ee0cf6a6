"""image/host.sh on machines that cannot build or run a box: one sentence that says what to do."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.until import Stopwatch

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


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """A machine that has all that is needed: what the test root lacks is here, and does nothing. Its apt-get
    knows of no package, and notes what it is asked.
    """
    for tool in ("npm", "mmdebstrap", "zstd", "flock", "pivot_root", "setpriv", "unshare", "mount"):
        put(tmp_path / tool, "")
    apt = f"""
        echo "$*" >>{tmp_path}/asked
        case "$*" in *update) exit 0 ;; esac
        echo "E: Unable to locate package ${{!#}}" >&2
        exit 100"""
    put(tmp_path / "apt-get", apt)
    put(tmp_path / "pip.py", "")
    return {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(tmp_path)}


def put(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/bash\n{script}\n" if script else "")
    path.chmod(0o755)


def test_where_all_is_there_nothing_is_said_and_apt_is_not_asked(
    machine: dict[str, str], tmp_path: Path
) -> None:
    watch = Stopwatch()
    done = run(str(HOST), **machine)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (tmp_path / "asked").exists()
    assert watch.seconds < 1


def test_only_what_is_missing_is_installed_and_a_package_that_nobody_has_is_named(
    machine: dict[str, str], tmp_path: Path
) -> None:
    """It stands in apt's own words, which are shown."""
    (tmp_path / "pip.py").write_text("raise SystemExit(1)")
    done = run(str(HOST), **machine)
    assert done.stdout == "foyer: installing on this machine: python3-pip\n"
    assert done.stderr.splitlines() == [
        "E: Unable to locate package python3-pip",
        "foyer: Debian's packages could not be installed: see apt's message above, then run make again.",
    ]
    assert done.returncode == 1
    update, install = (tmp_path / "asked").read_text().splitlines()
    assert update.endswith(" update") and install.endswith(" --no-install-recommends python3-pip")


@pytest.mark.slow
def test_without_a_mirror_the_network_is_named() -> None:
    """The test root lacks what builds a root, and has no network to get it from."""
    done = run(str(HOST))
    assert "foyer: installing on this machine: " in done.stdout
    assert (
        sentence(done)
        == "foyer: the Debian mirror cannot be reached: check the network, then run make again."
    )
