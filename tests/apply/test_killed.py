"""foyer-apply killed at any moment leaves one whole rendering live, and the next one carries on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from appliance.apply.folders import Folders, rendering
from appliance.store.sitemodel import Site
from tests.apply.box import FIRST, Box, LiveAsterisk
from tests.apply.test_applier import all_in
from tests.until import until

SERVICE = (
    "import sys; from pathlib import Path; from appliance.apply.__main__ import main;"
    " sys.exit(main(sys.argv[2:], Path(sys.argv[1])))"
)


def start(box: Box, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", SERVICE, str(box.run), *arguments]
    return subprocess.Popen(command, env={**os.environ, **box.environment()}, stderr=subprocess.DEVNULL)


def assert_whole(box: Box) -> str:
    """The live link leads to a folder with every file; returns its label."""
    label = str((box.settings.config / "live").readlink())
    tree = {
        path.name: path.read_text("utf-8") for path in (box.settings.config / label / "asterisk").iterdir()
    }
    number = int(label.split("-")[0])
    assert rendering(number, Site(), tree).label == label
    assert (box.settings.config / label / "site.json").read_text("utf-8").endswith("}\n")
    return label


@pytest.mark.slow
@pytest.mark.asterisk
def test_killed_again_and_again_while_revisions_are_saved(box: Box, asterisk: LiveAsterisk) -> None:
    moments = random.Random(7)
    assert start(box, "--once").wait(timeout=20) == 0
    assert assert_whole(box).startswith("0-")
    asterisk.start()
    for turn in range(8):
        box.save(queues=[{**FIRST["queues"][0], "greeting_text": f"Xin chào {turn}."}])
        process = start(box)
        time.sleep(moments.uniform(0.3, 1.2))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert_whole(box)
    process = start(box)
    number = box.save(business_name="Cuối cùng")
    try:
        until(lambda: box.states(number) == all_in("live"), 20, "the newest revision to be live")
    finally:
        process.terminate()
        assert process.wait(timeout=10) == 0
    assert assert_whole(box).startswith(f"{number}-")
    assert "q1 has 0 calls" in asterisk.cli("queue show")


def test_once_falls_back_to_the_last_good_one(box: Box) -> None:
    box.save(agents=[{"id": "a1", "name": "Hoa", "extension": "113"}], queues=[], numbers=[])
    assert start(box, "--once").wait(timeout=20) == 0
    assert assert_whole(box).startswith("0-")


def test_once_says_what_is_missing(box: Box) -> None:
    (box.settings.secrets / "ami-events").unlink()
    assert start(box, "--once").wait(timeout=20) == 1
    assert not (box.settings.config / "live").is_symlink()


def test_a_folder_left_half_written_is_never_live(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    made = rendering(3, Site(), {"queues.conf": "[general]\n", "pjsip.conf": ""})
    (tmp_path / f"{made.label}.tmp" / "asterisk").mkdir(parents=True)
    (tmp_path / f"{made.label}.tmp" / "asterisk" / "queues.conf").write_text("[gen", "utf-8")
    assert folders.live() is None
    folders.write(made)
    folders.make_live(made.label)
    assert folders.live() == made.label and folders.tree(made.label) == made.tree
    (tmp_path / "live").unlink()
    (tmp_path / "live").symlink_to("9-0000000000000000")
    assert folders.live() is None
