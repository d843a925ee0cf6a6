"""flash.sh with stand-ins, and a disk to write to."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.provisioning.disks import disk, guard, loop_device, part, put_lsblk

FLASH = Path(__file__).parents[2] / "provisioning/flash.sh"
MIB = 1 << 20
# Two of the pieces that dd writes, and a part of a third.
SIZE = 9 * MIB
CONTENT = random.Random(7).randbytes(MIB)
OLD = b"old content " * MIB
DISK_SIZE = len(OLD)


class Flash:
    """flash.sh with a folder of stand-ins first in its PATH, and an image to write."""

    def __init__(self, folder: Path) -> None:
        self.bin, self.image = folder / "bin", folder / "foyer-1.2.3-amd64.img"
        self.content = b"".join(bytes([piece]) + CONTENT[1:] for piece in range(SIZE // MIB))
        self.disks()

    def disks(self, *disks: dict[str, object]) -> None:
        put_lsblk(self.bin, list(disks))

    def put(self, name: str, script: str) -> None:
        """A stand-in for a tool."""
        (self.bin / name).write_text(script)
        (self.bin / name).chmod(0o755)

    def write_image(self) -> Path:
        self.image.write_bytes(self.content)
        self.list_checksums(self.image)
        return self.image

    def list_checksums(self, *files: Path) -> None:
        lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
        self.image.with_suffix(".sha256").write_text("".join(lines))

    def command(self, *arguments: str | Path) -> list[str]:
        guard()
        return [str(FLASH), *(str(argument) for argument in arguments)]

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "PATH": f"{self.bin}:{os.environ['PATH']}"}

    def run(self, *arguments: str | Path, answer: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            env=self.environment,
            input=answer,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )


@pytest.fixture
def flash(tmp_path: Path) -> Flash:
    return Flash(tmp_path)


@pytest.fixture
def target(flash: Flash, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A disk to write to, larger than the image and full of other content, and the file it stands on."""
    file = tmp_path / "disk"
    file.write_bytes(OLD)
    with loop_device(file) as name:
        flash.disks(disk("sda", children=[part("sda1", MOUNTPOINT="/")]), disk(name, DISK_SIZE))
        yield name, file
