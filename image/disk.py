#!/usr/bin/python3
"""The file to flash: a disk with boot loaders and the system, from the very root that `make run` boots.

    disk.py      makes build/foyer-<version>-amd64.img, with what lies beside it, and prints its path
Called by the Makefile; vm.py and tests boot what it made.
"""

import os
import sys
from pathlib import Path

import artifacts
import base_root
import machine
import product
import release
import reproducible
import test_root
from steps import (
    BUILD,
    IMAGE,
    Failed,
    build_lock,
    content_stamp,
    finish,
    need_disk,
    run,
    step,
    versioned,
)

INPUTS = [
    IMAGE / "disk.py",
    IMAGE / "disk.sh",
    *(IMAGE / "disk" / name for name in ("assemble.py", "grub.cfg", "partitions.sfdisk")),
]
NAME = "foyer.img"
# The folder with the files under the names that they are given away with.
PUBLIC = "public"


def named_image() -> Path:
    """The image under its public name."""
    return BUILD / f"{release.release().image_name}.img"


def layers() -> list[Path]:
    """The layers of the box's root, top first."""
    return [product.build(), machine.build(), base_root.build()]


def build() -> Path:
    """The raw image, build/disk/<stamp>/foyer.img."""
    box = layers()
    stamp = content_stamp(INPUTS, *(layer.name for layer in box))
    return versioned("disk", stamp, lambda new: make(box, new)) / NAME


def make(box: list[Path], new: Path) -> None:
    """Makes the image in the empty folder `new`."""
    need_disk(2)
    tools = [test_root.build(), box[-1]]
    with step("packing the root into a disk image (about two minutes)"):
        run(
            "unshare", "--mount", IMAGE / "disk.sh", lowerdir(tools), lowerdir(box), new,
            cwd=BUILD, env={**os.environ, **reproducible.ENVIRONMENT}, what="packing the disk image",
        )  # fmt: skip
    (new / PUBLIC).mkdir()
    artifacts.write(new / NAME, box, tools, new / PUBLIC)


def lowerdir(parts: list[Path]) -> str:
    """Layers in the form of overlayfs's option."""
    return ":".join(str(part.relative_to(BUILD)) for part in parts)


def main() -> int:
    if os.geteuid() != 0:
        raise Failed("this needs root (namespaces and mounts): run it again with sudo, or as root.")
    with build_lock():
        image = build()
        for file in (image.parent / PUBLIC).iterdir():
            (BUILD / file.name).unlink(missing_ok=True)
            (BUILD / file.name).hardlink_to(file)
    print(named_image())
    return 0


if __name__ == "__main__":
    sys.exit(finish(main))
