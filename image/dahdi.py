"""The telephony drivers: Debian's DAHDI source, compiled for the image's kernel in a root that is thrown
away.
"""

import os
import textwrap
from pathlib import Path

import apt_layer
import lock
import reproducible
from steps import BUILD, CACHE, IMAGE, content_stamp, remove_tree, run, step, versioned

PATCHES = IMAGE / "dahdi-patches"
INPUTS = (
    IMAGE / "dahdi.py",
    IMAGE / "dahdi.sh",
    IMAGE / "reproducible.py",
    *sorted(PATCHES.glob("*.patch")),
)
SOURCE = "dahdi-dkms"
# What is in the folder of a build.
TREE, MADE_WITH = "tree", "packages"
COMPILER = ["gcc", "libc6-dev", "make", "openssl", "patch"]
# Debian's dahdi asks for one of the packages that compile the drivers on the box itself.
CONTROL = """\
    Package: foyer-drivers
    Version: 1
    Architecture: all
    Maintainer: Foyer <foyer@localhost>
    Provides: dahdi-dkms
    Description: stands for the drivers that the image has compiled already
"""


def build(root: Path, kernel: str, source: str = "") -> Path:
    """The folder build/dahdi/<stamp>. TREE in it is to be laid over the root: signed modules and their key;
    MADE_WITH is a lock of the packages that it was compiled with, and from. `source` is as in
    `apt_layer.install`.
    """
    return versioned("dahdi", stamp(kernel), lambda new: compile_drivers(root, kernel, new, source))


def stamp(kernel: str) -> str:
    """The name of such a folder."""
    return content_stamp([*INPUTS, *apt_layer.INPUTS], kernel)


def compile_drivers(root: Path, kernel: str, new: Path, source: str) -> None:
    """Compiles the drivers into the empty folder `new`."""
    with step(f"compiling the telephony drivers for Linux {kernel}"):
        layer = new.with_name("compiler")
        remove_tree(layer)
        layer.mkdir()
        packages = [*COMPILER, f"linux-headers-{kernel}"]
        apt_layer.install([root], layer, packages, "installing a compiler", unpacked=SOURCE, source=source)
        work = new.with_name("work")
        remove_tree(work)
        work.mkdir()
        keys = CACHE / "driver-keys"
        keys.mkdir(mode=0o700, exist_ok=True)
        run(
            "unshare", "--mount", IMAGE / "dahdi.sh", root, layer, work, kernel, new / TREE, keys, PATCHES,
            cwd=BUILD, env={**os.environ, **reproducible.ENVIRONMENT}, what="compiling the telephony drivers",
        )  # fmt: skip
        (new / MADE_WITH).write_text(lock.render(lock.present(layer, below=root)))
        remove_tree(layer)
        remove_tree(work)


def stand_in(folder: Path) -> None:
    """Puts the stand-in package into an empty `folder`, for dpkg."""
    remove_tree(folder)
    control = folder / "tree/DEBIAN/control"
    control.parent.mkdir(parents=True)
    control.write_text(textwrap.dedent(CONTROL))
    run("dpkg-deb", "--build", "--root-owner-group", folder / "tree", folder, what="making a package")
    remove_tree(folder / "tree")
