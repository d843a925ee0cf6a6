"""The test root: what image/packages-test adds, as an overlay layer on the root. Never shipped."""

import os
from pathlib import Path

import base_root
from steps import (
    BUILD,
    CACHE,
    IMAGE,
    content_stamp,
    need_disk,
    package_names,
    remove_tree,
    run,
    step,
    versioned,
)

INPUTS = [IMAGE / "packages-test", IMAGE / "test_root.py", IMAGE / "test-root.sh"]


def build() -> Path:
    """The layer, build/test-tools/<stamp>, of the inputs as they are."""
    root = base_root.build()
    return versioned("test-tools", content_stamp(INPUTS, root.name), lambda new: make(root, new))


def make(root: Path, new: Path) -> None:
    """Installs the packages into the empty folder `new`, as an overlay on `root`."""
    need_disk(4)
    work = new.with_name("work")
    remove_tree(work)
    work.mkdir()
    for folder in (CACHE / "debs-test/partial", CACHE / "lists/partial"):
        folder.mkdir(parents=True, exist_ok=True)
    places = {"FOYER_ROOT": root, "FOYER_UPPER": new, "FOYER_WORK": work, "FOYER_CACHE": CACHE}
    with step("building the test root: SIPp, Chromium, linters (once, about a minute)"):
        run(
            "unshare",
            "--mount",
            IMAGE / "test-root.sh",
            *package_names(IMAGE / "packages-test"),
            what="building the test root",
            cwd=BUILD,
            env={**os.environ, **{name: str(place) for name, place in places.items()}},
        )
    remove_tree(work)
