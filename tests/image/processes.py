"""The processes of a box as its host sees them: those of its process namespace, and those around it."""

import json
import os
from collections.abc import Callable
from pathlib import Path


def namespace(pid: int) -> str:
    """The process namespace of a process; "" once it is gone."""
    try:
        return str(Path(f"/proc/{pid}/ns/pid").readlink())
    except OSError:
        return ""


def processes_of(state: Path) -> Callable[[], list[str]]:
    """Tells, also later, which processes are left of the box that runs on this state folder now."""
    wanted = namespace(json.loads((state / ".foyer-box").read_text())["pid"])
    assert wanted
    assert wanted != namespace(os.getpid())
    return lambda: [
        path.name
        for path in Path("/proc").iterdir()
        if path.name.isdigit() and namespace(int(path.name)) == wanted
    ]


def told_of(state: Path) -> list[str]:
    """The processes, in a box or beside it, that were started for this state folder: their environment names
    it.
    """
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            environment = path.read_bytes()
        except OSError:  # it is gone
            continue
        if os.fsencode(state) in environment:
            found.append(path.parent.name)
    return found
