"""A repository of exactly the packages that something was made of, from the files that the build keeps."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Collection, Iterable
from pathlib import Path

import dpkg
import lock
import steps


def repository(
    packages: Iterable[dpkg.Package | lock.Locked], folder: Path, required: Collection[str] = ()
) -> str:
    """Makes the new `folder` a repository of these packages, and returns its line for apt.

    Debian's own index overrides what a package says of its priority: `required` are those that it has so.
    """
    folder.mkdir()
    index = []
    for package in packages:
        deb = folder / package.file_name
        kept = next(place / deb.name for place in lock.DEBS if (place / deb.name).exists())
        os.link(kept, deb)
        shown = subprocess.run(["dpkg-deb", "--field", deb], capture_output=True, text=True, check=True)
        control = shown.stdout
        if package.name in required:
            control = re.sub(r"^Priority: .*", "Priority: required", control, flags=re.MULTILINE)
        sha256 = dpkg.sha256(deb)
        index.append(f"{control}Filename: ./{deb.name}\nSize: {deb.stat().st_size}\nSHA256: {sha256}\n")
    text = "\n".join(index).encode()
    (folder / "Packages").write_bytes(text)
    (folder / "Release").write_text(
        f"Codename: {steps.SUITE}\nArchitectures: amd64\n"
        f"SHA256:\n {dpkg.sha256(folder / 'Packages')} {len(text)} Packages\n"
    )
    return f"deb [trusted=yes] copy:{folder} ./"


def required(root: Path) -> set[str]:
    """The packages of a root that mmdebstrap added of itself, since Debian requires them: neither asked for
    nor wanted by another.
    """
    states = (root / "var/lib/apt/extended_states").read_text()
    other = {fields["package"] for fields in dpkg.paragraphs(states)}
    other.update(steps.package_names(steps.IMAGE / "packages"))
    return {package.name for package in dpkg.packages([root])} - other
