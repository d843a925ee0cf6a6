"""The product layer: Foyer's own files, as an overlay layer on the root that ships. Made anew in a second."""

import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import base_root
import release
import reproducible
import vendor
from steps import BUILD, IMAGE, REPOSITORY, remove_tree, run, say, versioned

HOME = "usr/lib/foyer"
CLOCK = "usr/lib/clock-epoch"
SOUNDS = "usr/share/asterisk/sounds"
MAKERS = ("product.py", "product.sh", "compile.py", "release.py", "reproducible.py")
# What the sound of the phrases depends on; spoken once, then kept beside the layers.
SPOKEN = (
    "provisioning/prompts",
    "appliance/apply/prompts.py",
    "appliance/sound/speech.py",
    "appliance/sound/level.py",
    "appliance/sound/tools.py",
)
PROMPTS = BUILD / "prompts"
TREES = (
    (REPOSITORY / "appliance", f"{HOME}/appliance"),
    (REPOSITORY / "provisioning", f"{HOME}/provisioning"),
    (IMAGE / "tree", ""),
)
IGNORED = ("__pycache__", "*.pyc", "*.mo", "vendor", ".*_cache")


def build() -> Path:
    """The layer, build/product/<stamp>, of the files as they are now."""
    root = base_root.build()
    browser = vendor.build()
    what = release.release()
    stamp = tree_stamp(root.name, browser.name, repr(what))
    return versioned("product", stamp, lambda new: make(root, browser, new, what))


def make(root: Path, browser: Path, new: Path, what: release.Release) -> None:
    """Copies Foyer's files into the empty folder `new` and compiles them with the Python of `root`."""
    began = time.monotonic()
    work = new.with_name("work")
    remove_tree(work)
    work.mkdir()
    for source, target in TREES:
        ignore = shutil.ignore_patterns(*IGNORED)
        shutil.copytree(source, new / target, symlinks=True, ignore=ignore, dirs_exist_ok=True)
    shutil.copytree(browser, new / HOME / "appliance/webui/static/vendor")
    prompts = PROMPTS / prompts_stamp()
    if prompts.exists():
        shutil.copytree(prompts, new / SOUNDS)
    (new / "etc/os-release").write_text(what.os_release)
    own_by_root(new)
    compiler = IMAGE / "product.sh"
    environment = {**os.environ, **reproducible.ENVIRONMENT}
    run(
        "unshare", "--mount", compiler, root, new, work,
        cwd=BUILD, env=environment, what="compiling Foyer's files",
    )  # fmt: skip
    if not prompts.exists():
        remove_tree(PROMPTS)
        shutil.copytree(new / SOUNDS, prompts)
    remove_tree(work)
    reproducible.settle(new)
    # systemd(1): no clock of a box is behind the moment of this file.
    (new / CLOCK).touch()
    os.utime(new / CLOCK, (what.at_s, what.at_s))
    os.utime((new / CLOCK).parent, (reproducible.EPOCH_S, reproducible.EPOCH_S))
    say(f"Foyer's files put into a layer in {time.monotonic() - began:.1f} s")


def source_files() -> Iterator[Path]:
    """Every file that goes into the layer, and what makes it, in a fixed order."""
    yield from (IMAGE / name for name in MAKERS)
    ignored = shutil.ignore_patterns(*IGNORED)
    for tree, _ in TREES:
        for folder, folders, files in os.walk(tree):
            skipped = ignored(folder, [*folders, *files])
            folders[:] = sorted(name for name in folders if name not in skipped)
            yield from (Path(folder, name) for name in sorted(files) if name not in skipped)
            yield from (Path(folder, name) for name in folders if Path(folder, name).is_symlink())


def tree_stamp(*below: str) -> str:
    """Changes when a file of the layer, or a layer below, does. By size and time of change: quick."""
    digest = hashlib.sha256(repr(below).encode())
    for path in source_files():
        status = path.lstat()
        facts = (str(path.relative_to(REPOSITORY)), status.st_size, status.st_mtime_ns, status.st_mode)
        digest.update(repr(facts).encode())
    return digest.hexdigest()[:16]


def prompts_stamp() -> str:
    """Changes when a phrase does, or the way in which it is spoken."""
    digest = hashlib.sha256()
    for name in SPOKEN:
        place = REPOSITORY / name
        for path in sorted(place.iterdir()) if place.is_dir() else [place]:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def own_by_root(layer: Path) -> None:
    """The files are root's on the box, whoever owns the clone; folders keep no write bit of a umask."""
    os.chown(layer, 0, 0)
    layer.chmod(0o755)
    for folder, folders, files in os.walk(layer):
        for name in folders + files:
            path = Path(folder, name)
            os.lchown(path, 0, 0)
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
