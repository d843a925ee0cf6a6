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
    read_stamp,
    remove_tree,
    replace_folder,
    run,
    step,
)

LAYER = BUILD / "test"
STAMP = "usr/lib/foyer/test-stamp"
INPUTS = [IMAGE / "packages-test", IMAGE / "test_root.py", IMAGE / "test-root.sh"]


def build() -> Path:
    """Builds build/test if its inputs or the root below changed since; returns it."""
    root = base_root.build()
    stamp = content_stamp(INPUTS, read_stamp(root / base_root.STAMP))
    if read_stamp(LAYER / STAMP) == stamp:
        return LAYER
    need_disk(4)
    new = BUILD / "test.new"
    work = BUILD / "test.work"
    for folder in (new, work):
        remove_tree(folder)
        folder.mkdir()
    for folder in (CACHE / "debs-test/partial", CACHE / "lists/partial"):
        folder.mkdir(parents=True, exist_ok=True)
    with step("building the test root: SIPp, Chromium, linters (once, about a minute)"):
        run(
            "unshare",
            "--mount",
            IMAGE / "test-root.sh",
            *package_names(IMAGE / "packages-test"),
            what="building the test root",
            cwd=BUILD,
            env={
                **os.environ,
                "FOYER_ROOT": str(root),
                "FOYER_UPPER": str(new),
                "FOYER_WORK": str(work),
                "FOYER_CACHE": str(CACHE),
            },
        )
        remove_tree(work)
        (new / STAMP).parent.mkdir(parents=True, exist_ok=True)
        (new / STAMP).write_text(stamp + "\n")
        replace_folder(new, LAYER)
    return LAYER
