"""The telephony drivers: Debian's DAHDI source, compiled for the image's kernel in a root that is thrown
away.
"""

import textwrap
from pathlib import Path

import apt_layer
from steps import BUILD, CACHE, IMAGE, content_stamp, remove_tree, run, step, versioned

INPUTS = (IMAGE / "dahdi.py", IMAGE / "dahdi.sh")
COMPILER = ["gcc", "libc6-dev", "make", "openssl"]
# Debian's dahdi asks for one of the packages that compile the drivers on the box itself.
CONTROL = """\
    Package: foyer-drivers
    Version: 1
    Architecture: all
    Maintainer: Foyer <foyer@localhost>
    Provides: dahdi-dkms
    Description: stands for the drivers that the image has compiled already
"""


def build(root: Path, kernel: str) -> Path:
    """A folder, build/dahdi/<stamp>, to be laid over the root: signed modules and their key."""
    stamp = content_stamp([*INPUTS, *apt_layer.INPUTS], kernel)
    return versioned("dahdi", stamp, lambda new: compile_drivers(root, kernel, new))


def compile_drivers(root: Path, kernel: str, new: Path) -> None:
    """Compiles the drivers into the empty folder `new`."""
    with step(f"compiling the telephony drivers for Linux {kernel}"):
        layer = new.with_name("compiler")
        remove_tree(layer)
        layer.mkdir()
        packages = [*COMPILER, f"linux-headers-{kernel}"]
        apt_layer.install([root], layer, packages, "installing a compiler", unpacked="dahdi-dkms")
        work = new.with_name("work")
        remove_tree(work)
        work.mkdir()
        keys = CACHE / "driver-keys"
        keys.mkdir(mode=0o700, exist_ok=True)
        run(
            "unshare", "--mount", IMAGE / "dahdi.sh", root, layer, work, kernel, new, keys,
            cwd=BUILD, what="compiling the telephony drivers",
        )  # fmt: skip
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
