"""foyer-hw on the box: it looks at the machine that is really there, behind its walls, and takes little, or
nothing where there are no cards.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from appliance.hw import watch
from appliance.store import Store, live, requests
from tests.image.box import Box
from tests.until import until

pytestmark = pytest.mark.box

# Its share of memory.
PSS_MAX_KB = 30_000


def opened(box: Box) -> Store:
    """The box's store."""
    return Store.open(box.state / "foyer" / "foyer.db")


def test_it_keeps_what_the_kernel_shows(box: Box) -> None:
    def dahdi() -> object:
        with opened(box).read() as db:
            return live.snapshot(db).rows["dahdi"].get("state")

    until(lambda: dahdi() is not None, 10, "foyer-hw to look")
    # The box runs on another machine's kernel here, which has no drivers of ours.
    assert dahdi() == {"built": False, "loaded": Path("/sys/module/dahdi").exists()}


def test_it_looks_when_a_page_asks_and_ends_when_there_is_nothing(box: Box) -> None:
    # One that runs already may be about to end.
    box.run("systemctl", "restart", "foyer-hw")
    pid = box.main_pid("foyer-hw")
    rollup = box.run("cat", f"/proc/{pid}/smaps_rollup")
    found = re.search(r"^Pss: +(\d+) kB$", rollup, re.MULTILINE)
    assert found and int(found[1]) <= PSS_MAX_KB, rollup
    store = opened(box)
    with store.change() as change:
        asked = requests.ask(change, "hw", "look", {}, "a page", 60.0)
    assert requests.wait(store, asked, 60).state == "done"
    until(lambda: not box.is_active("foyer-hw"), watch.LINGER_S + 10, "foyer-hw to end")
    assert box.run("systemctl", "show", "-P", "Result", "foyer-hw").strip() == "success"
