"""The same packages give the same root, whoever builds it, when and where."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import base_root
import dpkg
import fingerprint
import product
import psutil
import pytest
import release
import reproducible
import steps

AUTOMATIC = "var/lib/apt/extended_states"
FIRST = 2_000_000_000
LONG_S = 600
PLENTY = 6e9


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
    """Every path that is not the same in both roots, with what it is."""
    left, right = fingerprint.entries(one), fingerprint.entries(other)
    return [
        f"{name}\n  {left.get(name)}\n  {right.get(name)}"
        for name in sorted(left.keys() | right.keys())
        if left.get(name) != right.get(name)
    ]


def repository(root: Path, folder: Path) -> str:
    """Makes `folder` a repository of exactly the packages of the root, and returns its line for apt."""
    folder.mkdir()
    automatic = {fields["package"] for fields in dpkg.paragraphs((root / AUTOMATIC).read_text())}
    asked_for = {*automatic, *steps.package_names(steps.IMAGE / "packages")}
    index = []
    for package in dpkg.packages([root]):
        deb = folder / package.file_name
        os.link(steps.CACHE / "debs" / deb.name, deb)
        shown = subprocess.run(["dpkg-deb", "--field", deb], capture_output=True, text=True, check=True)
        control = shown.stdout
        if package.name not in asked_for:
            # Debian's own index overrides what the package says.
            control = re.sub(r"^Priority: .*", "Priority: required", control, flags=re.MULTILINE)
        sha256 = dpkg.file_hash(package, [folder])
        index.append(f"{control}Filename: ./{deb.name}\nSize: {deb.stat().st_size}\nSHA256: {sha256}\n")
    packages = "\n".join(index).encode()
    (folder / "Packages").write_bytes(packages)
    sha256 = hashlib.sha256(packages).hexdigest()
    (folder / "Release").write_text(
        f"Codename: {steps.SUITE}\nArchitectures: amd64\nSHA256:\n {sha256} {len(packages)} Packages\n"
    )
    return f"deb [trusted=yes] copy:{folder} ./"


@pytest.mark.slow
@pytest.mark.timeout(LONG_S)
def test_the_same_packages_give_the_same_base(
    shipped: Path, place: Path, roomy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    debs = place / "debs"
    source = repository(shipped, debs)
    sources_list = "etc/apt/sources.list"

    def make(new: Path) -> None:
        base_root.bootstrap(new, debs, source)
        # The one thing that is different on purpose: where the packages came from.
        shutil.copy2(shipped / sources_list, new / sources_list)
        base_root.add_pypi(new, steps.CACHE / "pypi")
        base_root.settle(new)

    monkeypatch.setattr(steps, "BUILD", roomy)
    umask = os.umask(0o077)
    try:
        again = steps.versioned("base", "again", make)
    finally:
        os.umask(umask)
    assert not differences(shipped, again)
    assert fingerprint.digest(shipped) == fingerprint.digest(again)


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
