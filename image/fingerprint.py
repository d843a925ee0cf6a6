"""What a root is, path by path, and one digest of it: the manifest has it, and a test compares by it."""

import hashlib
import os
import stat
from pathlib import Path

import reproducible


def entries(root: Path) -> dict[str, str]:
    """What each path of the root is: type, mode, owner, time, attributes, content. Keyed by path.

    The time of the root's own folder is left out: build steps mark by it when a layer was used last.
    """
    found = {str(path.relative_to(root)): _entry(path) for path in reproducible.paths(root)}
    status = root.lstat()
    found["."] = f"{stat.filemode(status.st_mode)} {status.st_uid}:{status.st_gid}"
    return found


def digest(root: Path) -> str:
    """One SHA-256 over all entries: equal digests mean equal roots."""
    total = hashlib.sha256()
    for name, facts in sorted(entries(root).items()):
        total.update(f"{name}\0{facts}\0".encode(errors="surrogateescape"))
    return total.hexdigest()


def _entry(path: Path) -> str:
    status = path.lstat()
    facts = [stat.filemode(status.st_mode), f"{status.st_uid}:{status.st_gid}", str(status.st_mtime_ns)]
    if stat.S_ISREG(status.st_mode):
        with path.open("rb") as file:
            facts.append(hashlib.file_digest(file, "sha256").hexdigest())
    elif stat.S_ISLNK(status.st_mode):
        facts.append(str(path.readlink()))
    elif stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
        facts.append(f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}")
    for name in sorted(os.listxattr(path, follow_symlinks=False)):
        # overlayfs's own notes about a layer depend on the disk that it lies on.
        if not name.startswith("trusted.overlay."):
            facts.append(f"{name}={os.getxattr(path, name, follow_symlinks=False).hex()}")
    return " ".join(facts)
