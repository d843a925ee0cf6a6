"""The machine layer: kernel, initial RAM disk, disk tools and telephony drivers, on the root that ships.

Only the image has it: a box in another machine's namespaces has that machine's kernel. The drivers are
compiled against this very kernel in a root that is thrown away, so that no compiler gets near the image.
"""

import shutil
from pathlib import Path

import apt_layer
import base_root
import dahdi
import lock
from steps import (
    BUILD,
    IMAGE,
    Failed,
    content_stamp,
    need_disk,
    package_names,
    remove_tree,
    run,
    step,
    versioned,
)

TREE = IMAGE / "tree-machine"
INPUTS = [
    *(path for path in sorted(TREE.rglob("*")) if path.is_file()),
    *(IMAGE / name for name in ("packages-machine", "modules-left-out", "machine.py", "machine.sh")),
    *apt_layer.INPUTS,
    *dahdi.INPUTS,
]


def build() -> Path:
    """The layer, build/machine/<stamp>, of the inputs as they are."""
    root = base_root.build()
    return versioned("machine", content_stamp(INPUTS, root.name), lambda new: make(root, new))


def make(root: Path, new: Path) -> None:
    """Fills the empty folder `new`, a layer on `root`."""
    need_disk(4)
    with step("adding kernel, disk tools and drivers for a machine of its own (once, about two minutes)"):
        own = new.with_name("own-packages")
        dahdi.stand_in(own)
        packages = package_names(IMAGE / "packages-machine")
        apt_layer.install([root], new, packages, "installing the kernel", own=own)
        drivers = dahdi.build(root, kernel_version(new))
        shutil.copytree(drivers, new, dirs_exist_ok=True)
        leave_out(new / "usr/lib/modules" / kernel_version(new) / "kernel")
        shutil.copytree(TREE, new, dirs_exist_ok=True)
        work = new.with_name("work")
        remove_tree(work)
        work.mkdir()
        run(
            "unshare", "--mount", IMAGE / "machine.sh", root, new, work, kernel_version(new),
            cwd=BUILD, what="making the initial RAM disk",
        )  # fmt: skip
        remove_tree(work)
        remove_tree(own)
    lock.report(new, lock.MACHINE, below=root)


def kernel_version(layer: Path) -> str:
    """The one kernel's version, as `uname -r` says it."""
    found = [path.name for path in (layer / "usr/lib/modules").iterdir()]
    if len(found) != 1:
        raise Failed(f"{layer} has not one kernel but {found}: delete it and run make again.")
    return found[0]


def leave_out(modules: Path) -> None:
    """Deletes the kernel's modules that no box needs; a line that names nothing is a mistake."""
    for name in package_names(IMAGE / "modules-left-out"):
        folder = modules / name
        if not folder.is_dir():
            raise Failed(f"image/modules-left-out names {name}, which this kernel does not have.")
        shutil.rmtree(folder)
