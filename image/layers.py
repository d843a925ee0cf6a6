"""Builds what is missing or out of date under build/, and prints the overlay layers of the root asked for.

    layers.py run      the root that ships
    layers.py test     with the test tools
    layers.py lock     writes image/packages.lock and packages-machine.lock
Layers are printed top first, relative to the build folder, in the form of overlayfs's `lowerdir`.
"""

import os
import sys

import base_root
import lock
import machine
import product
import test_root
from steps import BUILD, Failed, build_lock, finish


def layers(kind: str) -> str:
    """Builds the root of that kind ("run" or "test") and returns its layers."""
    if os.geteuid() != 0:
        raise Failed("this needs root (namespaces and mounts): run it again with sudo, or as root.")
    with build_lock():
        parts = [product.build()]
        if kind == "test":
            parts.append(test_root.build())
        parts.append(base_root.build())
    return ":".join(str(part.relative_to(BUILD)) for part in parts)


def main() -> int:
    match sys.argv[1:]:
        case ["lock"]:
            with build_lock():
                base = base_root.build()
                lock.write(base)
                lock.write(machine.build(), lock.MACHINE, below=base)
        case ["run" | "test" as kind]:
            print(layers(kind))
        case _:
            sys.stderr.write(__doc__ or "")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(finish(main))
