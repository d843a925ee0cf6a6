"""The files of the database: shared by a group's users, on a disk that fills up. Needs root, as `make
test` has.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.errors import TransientError
from appliance.store import Store, migrate, new_id

GROUP, ONE, OTHER = 4200, 4201, 4202

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


WRITE = """
import os, sys
from pathlib import Path
from appliance.store import Store, new_id

os.umask(0o077)
store = Store(Path(sys.argv[1]))
with store.change() as change:
    change.db.execute("INSERT INTO person (id, created) VALUES (?, 1)", (new_id(),))
with store.read() as db:
    print(db.table("person").count, flush=True)
sys.stdin.readline()
"""


def start_as(user: int, path: Path) -> subprocess.Popen[str]:
    """A process of another user, whose umask would keep everybody out: writes, tells how many, waits for a
    line.
    """
    return subprocess.Popen(
        [sys.executable, "-c", WRITE, str(path)],
        user=user,
        group=GROUP,
        extra_groups=[],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.fixture
def folder() -> Iterator[Path]:
    """The database's folder as on the box; pytest's own temporary folders let no other user in."""
    with tempfile.TemporaryDirectory() as parent:
        Path(parent).chmod(0o755)
        folder = Path(parent) / "foyer"
        folder.mkdir()
        os.chown(folder, 0, GROUP)
        folder.chmod(0o2770)
        yield folder


def test_users_of_the_group_share_the_database(folder: Path) -> None:
    path = folder / "foyer.db"
    old = os.umask(0o077)
    try:
        migrate(path)
    finally:
        os.umask(old)
    # The first one to come creates -wal and -shm; the last one to go removes them.
    for user, count in ((ONE, "1"), (OTHER, "2")):
        process = start_as(user, path)
        assert said(process) == count
        process.communicate("\n", timeout=30)
        assert process.returncode == 0
    both = [start_as(user, path) for user in (ONE, OTHER)]
    assert sorted(map(said, both)) == ["3", "4"]
    files = {file.name: file.stat() for file in folder.iterdir()}
    assert {"foyer.db", "foyer.db-wal", "foyer.db-shm", "foyer.db.lock", "foyer.db.turn"} == set(files)
    for name, stat in files.items():
        assert (stat.st_gid, stat.st_mode & 0o777) == (GROUP, 0o660), name
    for process in both:
        process.communicate("\n", timeout=30)
        assert process.returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], check=False).returncode:
        pytest.skip("cannot mount here")
    yield disk
    # Lazily: a store that a failed test left open must not fail the next ones.
    subprocess.run(["umount", "--lazy", disk], check=True)


def test_a_full_disk_is_said_and_loses_nothing(small_disk: Path) -> None:
    path = small_disk / "foyer.db"
    migrate(path)
    store = Store(path)
    filler = small_disk / "filler"
    written = 0
    with pytest.raises(TransientError, match="full"):
        for _ in range(10_000):
            with store.change() as change:
                change.db.execute(
                    "INSERT INTO person (id, note, created) VALUES (?, ?, 1)", (new_id(), "x" * 900)
                )
            written += 1
            with contextlib.suppress(OSError):
                filler.write_bytes(b"x" * written * 10_000)
    filler.unlink(missing_ok=True)
    with store.change() as change:
        change.db.execute("INSERT INTO person (id, created) VALUES ('last', 1)")
    with store.read() as db:
        assert db.table("person").count == written + 1
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    store.close()
