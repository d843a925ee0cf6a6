"""The same packages give the same root, whoever builds it, when and where."""

from __future__ import annotations

import os
import runpy
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import apt_layer
import base_root
import dahdi
import dpkg
import fingerprint
import lock
import machine
import product
import psutil
import pytest
import release
import reproducible
import steps

from tests.image.debs import repository, required

FIRST = 2_000_000_000
LONG_S = 1800
PLENTY = 6e9
# A program of its own: the module `disk` has its folder's name.
PACKING = runpy.run_path(str(steps.IMAGE / "disk/assemble.py"))["PACKING"]


@pytest.fixture
def shipped() -> Path:
    """The base of the root that ships: built by another system's tools, at another time."""
    return steps.BUILD / "base" / steps.content_stamp(base_root.INPUTS)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder on the disk that the build folder is on."""
    with tempfile.TemporaryDirectory(prefix="again-", dir=steps.BUILD) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def roomy(place: Path) -> Iterator[Path]:
    """A folder for a whole root, many thousand small files: in memory, where there is plenty of it."""
    if psutil.virtual_memory().available < PLENTY:
        yield place
        return
    # The test root keeps what is written to it in memory.
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        yield Path(name)


def differences(one: Path, other: Path) -> list[str]:
    """Every path that is not the same in both roots, with what it is; the digest is made of nothing else."""
    left, right = fingerprint.entries(one), fingerprint.entries(other)
    return [
        f"{name}\n  {left.get(name)}\n  {right.get(name)}"
        for name in sorted(left.keys() | right.keys())
        if left.get(name) != right.get(name)
    ]


def behind(packages: Sequence[lock.Locked], to: Path) -> str:
    """Writes a lock that is behind these packages by a version and by a package; returns the lines that a
    build says then.
    """
    moved, new, *others = sorted(packages)
    to.write_text(lock.render([replace(moved, version="0"), *others]))
    return (
        f"foyer: 2 Debian packages are not as in image/{to.name} (make lock records them):\n"
        f"      {moved.name} 0 -> {moved.version}\n    + {new.name} {new.version}\n"
    )


@pytest.mark.slow
@pytest.mark.timeout(LONG_S)
def test_the_same_packages_give_the_same_base(
    shipped: Path,
    place: Path,
    roomy: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """And a build says how they differ from the lock."""
    debs = place / "debs"
    source = repository(dpkg.packages([shipped]), debs, required(shipped))
    sources_list, bootstrap = "etc/apt/sources.list", base_root.bootstrap

    def make(new: Path) -> None:
        base_root.make(new)
        # The one thing that is different on purpose: where the packages came from.
        shutil.copy2(shipped / sources_list, new / sources_list)

    monkeypatch.setattr(steps, "BUILD", roomy)
    monkeypatch.setattr(base_root, "bootstrap", lambda new, _: bootstrap(new, debs, source))
    monkeypatch.setattr(base_root, "fetch_pypi", lambda: steps.CACHE / "pypi")
    monkeypatch.setattr(lock, "BASE", place / "some.lock")
    drift = behind(lock.present(shipped), lock.BASE)
    umask = os.umask(0o077)
    try:
        again = steps.versioned("base", "again", make)
    finally:
        os.umask(umask)
    assert not differences(shipped, again)
    assert capsys.readouterr().err.endswith(drift)


@pytest.mark.slow
@pytest.mark.timeout(LONG_S)
def test_the_same_packages_give_the_same_machine_layer(
    shipped: Path, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Kernel, initial RAM disk, and drivers that are compiled again, signed with the same key. And the build
    says how they differ from the lock.
    """
    layer = steps.BUILD / "machine" / steps.content_stamp(machine.INPUTS, shipped.name)
    drivers = steps.BUILD / "dahdi" / dahdi.stamp(machine.kernel_version(layer))
    present = lock.present(layer, below=shipped)
    packages = {*present, *lock.parse((drivers / dahdi.MADE_WITH).read_text())}
    source = repository(sorted(packages), place / "debs")
    monkeypatch.setattr(lock, "MACHINE", place / "some.lock")
    drift = behind(present, lock.MACHINE)
    (place / "mnt").mkdir()
    monkeypatch.setattr(apt_layer, "CACHE", place / "cache")
    for module in (apt_layer, dahdi, machine, steps):
        monkeypatch.setattr(module, "BUILD", place)
    umask = os.umask(0o077)
    try:
        again = steps.versioned("machine", "again", lambda new: machine.make(shipped, new, source))
    finally:
        os.umask(umask)
    assert not differences(layer, again)
    assert capsys.readouterr().err.endswith(drift)


@pytest.mark.slow
def test_the_same_files_give_the_same_product_layer(
    shipped: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "BUILD", place)
    monkeypatch.setattr(product, "BUILD", place)
    monkeypatch.setattr(product, "PROMPTS", place / "prompts")
    (place / "mnt").mkdir()
    browser = place / "browser"
    browser.mkdir()
    (browser / "jssip.min.js").write_text("// built elsewhere")
    what = release.Release("1.2.3", "0123456789ab", FIRST)
    layers = []
    for attempt, umask in (("one", 0o022), ("two", 0o077)):
        # Spoken again, too, where they would be copied.
        steps.remove_tree(product.PROMPTS)
        before = os.umask(umask)
        try:
            layer = steps.versioned("product", attempt, lambda new: product.make(shipped, browser, new, what))
        finally:
            os.umask(before)
        layers.append(layer)
    one, other = layers
    assert not differences(one, other)
    assert 'IMAGE_VERSION="1.2.3"' in (one / "etc/os-release").read_text()
    assert (one / "usr/lib/clock-epoch").stat().st_mtime == FIRST
    assert list(one.rglob("*.pyc"))


def a_tree(root: Path, names: Sequence[str]) -> Path:
    """Files of each kind that the slot packs in its own way, made in the order of `names`."""
    for name in names:
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"".join(f"{name} {line}\n".encode() for line in range(1 << len(place.stem))))
    reproducible.settle(root)
    return root


def test_the_same_root_is_packed_to_the_same_bytes(tmp_path: Path) -> None:
    """By however many processors, in whatever order the folders were filled."""
    names = [
        f"{folder}/{'n' * length}{suffix}"
        for folder, suffix in (
            ("boot", ""),
            ("usr/bin", ""),
            ("usr/lib", ".so"),
            ("etc", ".conf"),
            ("var/log", ""),
        )
        for length in range(1, 15)
    ]
    packed = []
    for processors, order in ((1, names), (4, names[::-1])):
        root, slot = a_tree(tmp_path / str(processors), order), tmp_path / f"{processors}.squashfs"
        subprocess.run(
            ["mksquashfs", root, slot, "-processors", str(processors), *shlex.split(PACKING)],
            env={**os.environ, **reproducible.ENVIRONMENT}, stdout=subprocess.DEVNULL, check=True,
        )  # fmt: skip
        packed.append(slot.read_bytes())
    one, other = packed
    assert len(one) > 1 << 20 and one == other
    # squashfs_fs.h, struct squashfs_super_block: mkfs_time, four bytes from the eighth on.
    assert int.from_bytes(one[8:12], "little") == reproducible.EPOCH_S


def test_byte_code_is_tied_to_no_time(shipped: Path) -> None:
    stamps = set()
    for path in (shipped / "usr/lib/python3").rglob("*.pyc"):
        with path.open("rb") as file:
            stamps.add(file.read(8)[4:])
    assert stamps == {reproducible.HASH_UNCHECKED}


def test_nothing_in_the_base_says_when_it_was_built(shipped: Path) -> None:
    days = {line.split(":")[2] for line in (shipped / "etc/shadow").read_text().splitlines()}
    assert days == {str(reproducible.EPOCH_S // 86400)}
    late = [path for path in reproducible.paths(shipped) if path.lstat().st_mtime > reproducible.EPOCH_S]
    assert late in ([], [shipped])
    assert (shipped / "etc/machine-id").read_text() == ""
    logs = [path for path in (shipped / "var/log").rglob("*") if path.is_file()]
    assert logs == []


def test_the_digest_tells_every_kind_of_difference(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    file, link = root / "file", root / "link"
    file.write_text("one")
    link.symlink_to("file")
    seen = {fingerprint.digest(root)}

    def changed() -> None:
        digest = fingerprint.digest(root)
        assert digest not in seen
        seen.add(digest)

    file.write_text("two")
    os.utime(file, (0, 0))
    changed()
    file.chmod(0o600)
    changed()
    os.chown(file, 1, 1)
    changed()
    os.utime(file, (1, 1))
    changed()
    os.setxattr(file, "user.note", b"three")
    changed()
    link.unlink()
    link.symlink_to("elsewhere")
    changed()
    (root / "folder").mkdir()
    changed()
    file.rename(root / "other")
    changed()
    before = fingerprint.digest(root)
    os.utime(root, (5, 5))
    assert fingerprint.digest(root) == before
