"""Debian packages as an overlay layer on roots that are there already."""

import os
from pathlib import Path

from steps import BUILD, CACHE, IMAGE, remove_tree, run

SCRIPT = IMAGE / "apt-layer.sh"
# What a layer depends on beside its own list.
INPUTS = (IMAGE / "apt_layer.py", SCRIPT)


def install(
    lower: list[Path],
    new: Path,
    packages: list[str],
    what: str,
    *,
    own: Path | None = None,
    unpacked: str = "",
    source: str = "",
) -> None:
    """Installs packages into the folder `new`, as an overlay on `lower` (top first).

    `own` is a folder with .deb files that are installed before; `unpacked` names a package of which only the
    files are wanted; `source` a line of sources.list(5), without which it is Debian's own servers. Downloads
    are kept in build/cache.
    """
    work = new.with_name("work")
    remove_tree(work)
    work.mkdir()
    for folder in (CACHE / "debs-test/partial", CACHE / "lists/partial"):
        folder.mkdir(parents=True, exist_ok=True)
    places = {
        "FOYER_ROOT": ":".join(str(root) for root in lower),
        "FOYER_UPPER": new,
        "FOYER_WORK": work,
        "FOYER_CACHE": CACHE,
        "FOYER_DEBS": own or "",
        "FOYER_UNPACKED": unpacked,
        "FOYER_SOURCE": source,
    }
    run(
        "unshare",
        "--mount",
        SCRIPT,
        *packages,
        what=what,
        cwd=BUILD,
        env={**os.environ, **{name: str(place) for name, place in places.items()}},
    )
    remove_tree(work)
