"""The test root: what image/packages-test adds, as an overlay layer on the root. Never shipped."""

from pathlib import Path

import apt_layer
import base_root
from steps import IMAGE, content_stamp, need_disk, package_names, step, versioned

INPUTS = [IMAGE / "packages-test", IMAGE / "test_root.py", *apt_layer.INPUTS]


def build() -> Path:
    """The layer, build/test-tools/<stamp>, of the inputs as they are."""
    root = base_root.build()
    return versioned("test-tools", content_stamp(INPUTS, root.name), lambda new: make(root, new))


def make(root: Path, new: Path) -> None:
    """Installs the packages into the empty folder `new`, as an overlay on `root`."""
    need_disk(4)
    packages = package_names(IMAGE / "packages-test")
    with step("building the test root: SIPp, Chromium, QEMU, linters (once, about a minute)"):
        apt_layer.install([root], new, packages, "building the test root")
