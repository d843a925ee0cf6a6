"""image/packages.lock: read and written, what is said of a suite that moved, and that it fits the root."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import dpkg
import lock
import pytest
import steps

A = lock.Locked("a", "1:1.0-1", "amd64", "a" * 64)
B = lock.Locked("b", "2.0", "all", "b" * 64)
STATUS = """\
Package: b
Status: install ok installed
Maintainer: Somebody <b@example.org>
Architecture: all
Version: 2.0
Description: one line
 and a second: with a colon

Package: foyer-drivers
Status: install ok installed
Maintainer: Foyer <foyer@localhost>
Architecture: all
Version: 1

Package: gone
Status: deinstall ok config-files
Architecture: all
Version: 1

Package: a
Status: install ok installed
Architecture: amd64
Source: alpha (1.0)
Version: 1:1.0-1
Homepage: https://example.org/
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root with two packages of Debian's, one of our own, and their files beside it."""
    status = tmp_path / "root" / dpkg.STATUS
    status.parent.mkdir(parents=True)
    status.write_text(STATUS)
    debs = tmp_path / "debs"
    debs.mkdir()
    (debs / "a_1%3a1.0-1_amd64.deb").write_bytes(b"a")
    (debs / "b_2.0_all.deb").write_bytes(b"b")
    monkeypatch.setattr(lock, "DEBS", (debs,))
    return tmp_path / "root"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A lock that is not written yet."""
    return tmp_path / "packages.lock"


def test_what_is_installed_is_read_from_dpkg(root: Path, tmp_path: Path) -> None:
    a, b, own = dpkg.packages([tmp_path / "a layer without packages", root])
    assert (a.is_ours, b.is_ours, own.is_ours) == (False, False, True)
    assert (a.name, a.version, a.source, a.source_version) == ("a", "1:1.0-1", "alpha", "1.0")
    assert (b.name, b.architecture, b.source, b.source_version) == ("b", "all", "b", "2.0")
    assert (a.homepage, b.maintainer) == ("https://example.org/", "Somebody <b@example.org>")
    with pytest.raises(FileNotFoundError):
        dpkg.packages([tmp_path])


def test_a_lock_is_sorted_text_that_reads_back() -> None:
    text = lock.render([B, A])
    assert text == lock.render([A, B])
    assert lock.parse(text) == [A, B]
    with pytest.raises(steps.Failed, match="make lock"):
        lock.parse("a 1.0 amd64\n")


def test_every_kind_of_drift_is_told() -> None:
    newer = lock.Locked("b", "2.1", "all", "c" * 64)
    other = lock.Locked("a", A.version, "amd64", "d" * 64)
    added = lock.Locked("c", "3", "all", "e" * 64)
    assert lock.drift([A, B], [A, B]) == []
    assert lock.drift([A, B], [A, newer]) == ["  b 2.0 -> 2.1"]
    assert lock.drift([A, B], [B, added]) == ["- a 1:1.0-1", "+ c 3"]
    assert lock.drift([A], [other]) == ["! a 1:1.0-1: another file of the same version"]


def test_a_drift_is_printed_and_make_lock_ends_it(
    root: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock.report(root, file)
    said = capsys.readouterr().err
    assert "2 Debian packages are not as in image/packages.lock" in said
    assert "    + a 1:1.0-1\n    + b 2.0\n" in said
    lock.write(root, file)
    assert f"a 1:1.0-1 amd64 {hashlib.sha256(b'a').hexdigest()}\n" in file.read_text()
    capsys.readouterr()
    lock.report(root, file)
    assert capsys.readouterr().err == ""
    many = [lock.Locked(f"p{number}", "1", "all", "f" * 64) for number in range(30)]
    file.write_text(lock.render(many))
    lock.report(root, file)
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 2 + lock.SHOWN
    assert "and 20 more" in said


def test_what_cannot_be_compared_is_said_and_stops_no_build(
    root: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text("nonsense\n")
    lock.report(root, file)
    assert "make lock writes it anew" in capsys.readouterr().err
    file.unlink()
    (lock.DEBS[0] / "b_2.0_all.deb").unlink()
    lock.report(root, file)
    assert "has no b_2.0_all.deb" in capsys.readouterr().err
    with pytest.raises(steps.Failed):
        lock.write(root, file)


def test_a_layers_own_packages_are_those_that_the_root_below_has_not(root: Path, tmp_path: Path) -> None:
    below = tmp_path / "below"
    status = below / dpkg.STATUS
    status.parent.mkdir(parents=True)
    status.write_text(STATUS.replace("Version: 2.0", "Version: 1.9"))
    assert [item.name for item in lock.present(root)] == ["a", "b"]
    assert [item.name for item in lock.present(root, below)] == ["b"]


@pytest.mark.parametrize(("file", "packages"), [(lock.BASE, "packages"), (lock.MACHINE, "packages-machine")])
def test_a_lock_names_every_package_of_its_list(file: Path, packages: str) -> None:
    locked = lock.parse(file.read_text())
    assert set(steps.package_names(steps.IMAGE / packages)) <= {item.name for item in locked}
    assert file.read_text() == lock.render(locked)


def test_no_compiler_no_headers_and_no_test_tool_ships() -> None:
    """What is locked is what an image has. A drift from the lock is printed by each build."""
    names = {item.name for file in (lock.BASE, lock.MACHINE) for item in lock.parse(file.read_text())}
    # gcc-16-base is a folder of documents that the C library wants.
    building = re.compile(
        r"(?!gcc-\d+-base$)(.*-dev|gcc.*|g\+\+.*|cpp.*|clang.*|binutils.*|linux-headers.*|make|dkms)"
    )
    assert [name for name in sorted(names) if building.fullmatch(name)] == []
    # But for what the machine itself needs: it checks its file system, and packs what it keeps.
    tools = set(steps.package_names(steps.IMAGE / "packages-test")) - {"e2fsprogs", "zstd"}
    assert len(tools) > 20 and tools & names == set()
