"""image/packages.lock: the Debian packages, to the byte, that the root was last looked at with. And
image/packages-machine.lock: those that an image has beside them.

Debian's suite moves on. A build takes what the suite has today and says what is not as in the lock; the lock
changes when a person has it written and commits it, so that git shows what moved, and when.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import dpkg
from steps import CACHE, IMAGE, Failed, say

BASE, MACHINE = IMAGE / "packages.lock", IMAGE / "packages-machine.lock"
DEBS = (CACHE / "debs", CACHE / "debs-test")
SHOWN = 12


@dataclass(frozen=True, order=True)
class Locked:
    """One line of the lock."""

    name: str
    version: str
    architecture: str
    sha256: str

    @property
    def file_name(self) -> str:
        """The name of its .deb, as apt keeps it."""
        return dpkg.file_name(self.name, self.version, self.architecture)


def parse(text: str) -> list[Locked]:
    """The lines of a lock; raises Failed on one that is none."""
    found = []
    for line in text.splitlines():
        match line.split():
            case [] | ["#", *_]:
                continue
            case [name, version, architecture, sha256] if len(sha256) == 64:
                found.append(Locked(name, version, architecture, sha256))
            case _:
                raise Failed(f"a lock has a line that is not understood ({line}): make lock writes it anew.")
    return sorted(found)


def render(locked: Iterable[Locked]) -> str:
    """The text of a lock: sorted, one package a line."""
    lines = [
        "# Debian packages that ship: name, version, architecture, SHA-256 of the .deb.",
        "# Written by `make lock`; compared after each build of the root.",
    ]
    lines += [f"{item.name} {item.version} {item.architecture} {item.sha256}" for item in sorted(locked)]
    return "\n".join(lines) + "\n"


def present(root: Path, below: Path | None = None) -> list[Locked]:
    """What a root is made of; or, with a root `below` it, what a layer adds to that.

    Raises Failed for a package whose file is not among the downloads.
    """
    known = set(dpkg.packages([below])) if below else set()
    found = []
    for package in dpkg.packages([root]):
        if package in known or package.is_ours:
            continue
        sha256 = dpkg.file_hash(package, DEBS)
        if not sha256:
            raise Failed(f"{CACHE} has no {package.file_name}: run make clean, then try again.")
        found.append(Locked(package.name, package.version, package.architecture, sha256))
    return found


def drift(old: Iterable[Locked], new: Iterable[Locked]) -> list[str]:
    """What moved from `old` to `new`, a line each: gone, new, another version, another file."""
    before = {(item.name, item.architecture): item for item in old}
    after = {(item.name, item.architecture): item for item in new}
    lines = []
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key), after.get(key)
        if now is None and was is not None:
            lines.append(f"- {was.name} {was.version}")
        elif was is None and now is not None:
            lines.append(f"+ {now.name} {now.version}")
        elif was is not None and now is not None and was.version != now.version:
            lines.append(f"  {now.name} {was.version} -> {now.version}")
        elif was != now and now is not None:
            lines.append(f"! {now.name} {now.version}: another file of the same version")
    return lines


def report(root: Path, lock: Path | None = None, below: Path | None = None) -> None:
    """Says how a root that was just built differs from its lock, the base's if none is named. Never an error:
    the suite moves.
    """
    lock = lock or BASE
    try:
        lines = drift(parse(lock.read_text()) if lock.exists() else [], present(root, below))
    except Failed as failure:
        say(f"the packages cannot be compared with the lock: {failure}")
        return
    if not lines:
        return
    say(f"{len(lines)} Debian packages are not as in image/{lock.name} (make lock records them):")
    for line in lines[:SHOWN]:
        print(f"    {line}", file=sys.stderr)
    if len(lines) > SHOWN:
        print(f"    and {len(lines) - SHOWN} more", file=sys.stderr, flush=True)


def write(root: Path, lock: Path = BASE, below: Path | None = None) -> None:
    """Writes the lock of that root (make lock)."""
    text = render(present(root, below))
    new = lock.with_suffix(".new")
    new.write_text(text)
    new.replace(lock)
    say(f"image/{lock.name} holds {len(parse(text))} packages; git diff shows what moved.")
