"""The machine layer: kernel, initial RAM disk, disk tools and telephony drivers, on the root that ships.

Only the image has it: a box in another machine's namespaces has that machine's kernel. The drivers are
compiled against this very kernel in a root that is thrown away, so that no compiler gets near the image.
"""

import os
import shutil
from pathlib import Path

import apt_layer
import base_root
import dahdi
import lock
import reproducible
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
FILES = [path for path in sorted(TREE.rglob("*")) if path.is_file()]
LEFT_OUT, INITRD = IMAGE / "modules-left-out", IMAGE / "modules-initrd"
# What the installation wrote of itself; one of the caches has inode numbers.
LEFTOVERS = ("var/cache/apt", "var/cache/ldconfig", "var/log")
INPUTS = [
    *FILES,
    *(IMAGE / name for name in ("packages-machine", "machine.py", "machine.sh", "reproducible.py")),
    LEFT_OUT,
    INITRD,
    *apt_layer.INPUTS,
    *dahdi.INPUTS,
]


def build() -> Path:
    """The layer, build/machine/<stamp>, of the inputs as they are."""
    root = base_root.build()
    return versioned("machine", content_stamp(INPUTS, root.name), lambda new: make(root, new))


def make(root: Path, new: Path, source: str = "") -> None:
    """Fills the empty folder `new`, a layer on `root`; `source` is as in `apt_layer.install`."""
    need_disk(4)
    with step("adding kernel, disk tools and drivers for a machine of its own (once, about two minutes)"):
        own = new.with_name("own-packages")
        dahdi.stand_in(own)
        packages = package_names(IMAGE / "packages-machine")
        apt_layer.install([root], new, packages, "installing the kernel", own=own, source=source)
        drivers = dahdi.build(root, kernel_version(new), source)
        shutil.copytree(drivers / dahdi.TREE, new, dirs_exist_ok=True)
        modules = new / "usr/lib/modules" / kernel_version(new)
        leave_out(modules / "kernel")
        for file in FILES:
            target = new / file.relative_to(TREE)
            target.parent.mkdir(parents=True, exist_ok=True)
            # Their content alone: modes are the clone's.
            shutil.copyfile(file, target)
        work = new.with_name("work")
        remove_tree(work)
        work.mkdir()
        run(
            "unshare", "--mount", IMAGE / "machine.sh", root, new, work, modules.name, *for_initrd(modules),
            cwd=BUILD, env={**os.environ, **reproducible.ENVIRONMENT}, what="making the initial RAM disk",
        )  # fmt: skip
        remove_tree(work)
        remove_tree(own)
        for name in LEFTOVERS:
            remove_tree(new / name)
        reproducible.settle(new)
    lock.report(new, lock.MACHINE, below=root)


def kernel_version(layer: Path) -> str:
    """The one kernel's version, as `uname -r` says it."""
    found = [path.name for path in (layer / "usr/lib/modules").iterdir()]
    if len(found) != 1:
        raise Failed(f"{layer} has not one kernel but {found}: delete it and run make again.")
    return found[0]


def leave_out(modules: Path) -> None:
    """Deletes the kernel's modules that no box needs; a line that names nothing is a mistake."""
    for name in package_names(LEFT_OUT):
        folder = modules / name
        if not folder.is_dir():
            raise Failed(f"image/{LEFT_OUT.name} names {name}, which this kernel does not have.")
        shutil.rmtree(folder)


def for_initrd(modules: Path) -> list[str]:
    """What the initial RAM disk gets of the kernel's folder `modules`: names, and folders after a `=`.

    A line that names nothing is a mistake, unless the kernel has it built in.
    """
    files = [path.name for path in modules.rglob("*.ko*")]
    built_in = [Path(line).name for line in (modules / "modules.builtin").read_text().splitlines()]
    known = {name.partition(".")[0].replace("-", "_") for name in (*files, *built_in)}
    entries = package_names(INITRD)
    for entry in entries:
        folder = entry.removeprefix("=")
        if not ((modules / "kernel" / folder).is_dir() if folder != entry else entry in known):
            raise Failed(f"image/{INITRD.name} names {entry}, which this kernel does not have.")
    return entries
