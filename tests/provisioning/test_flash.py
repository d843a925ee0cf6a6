"""provisioning/flash.sh: which disks it refuses, that it writes what it checked, what it says."""

from __future__ import annotations

import hashlib
import os
import pty
import signal
import subprocess
from pathlib import Path

import pytest

from tests.provisioning.conftest import DISK_SIZE, FLASH, MIB, OLD, SIZE, Flash
from tests.provisioning.disks import disk, loop_device, part
from tests.until import Stopwatch

OK, FAILED, USAGE, REFUSED, HALF_WRITTEN, WRONG_CONTENT, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130


def test_the_list_says_what_can_be_written_and_why_the_rest_cannot(flash: Flash) -> None:
    flash.disks(
        disk("sda", 500_107_862_016, TRAN="sata", MODEL="Old Disk", children=[part("sda1", MOUNTPOINT="/")]),
        disk("sdb"),
        disk("sdc", MODEL="Evil\\x1b[2J", children=[part("sdc1", MOUNTPOINT="/media/My\\x20Photos")]),
        disk("zram0", 1_000_000),
        disk("sdd", 0),
        disk("mmcblk0boot0", 4_194_304),
        disk("sr0", TYPE="rom"),
    )
    done = flash.run("--list")
    assert done.returncode == OK
    can, cannot = done.stdout.split("Not these:")
    assert can.splitlines()[1:] == ["  sdb          32 GB  Sample Stick (usb)"]
    assert "sda         500 GB  Old Disk (sata): this machine runs from it (/)" in cannot
    assert "umount '/media/My Photos'" in cannot
    assert "\x1b" not in done.stdout
    assert not any(name in done.stdout for name in ("zram0", "sdd", "boot0", "sr0"))


def test_nothing_to_write_to_is_said_so(flash: Flash) -> None:
    done = flash.run("--list")
    assert "none. Plug in the disk" in done.stdout


USED = {
    "system": (part("x1", children=[part("root", "lvm", MOUNTPOINT="/")]), "runs from it"),
    "encrypted": (part("x1", children=[part("luks", "crypt", MOUNTPOINT="/home")]), "runs from it"),
    "boot": (part("x1", MOUNTPOINT="/boot/efi"), "runs from it"),
    "swap": (part("x1", MOUNTPOINT="[SWAP]"), "swapoff"),
    "mounted": (part("x1", MOUNTPOINT="/srv/data"), "unmount it first"),
    "volumes": (part("x1", children=[part("vg-lv", "lvm")]), "part of lvm"),
    "unlocked": (part("x1", children=[part("luks", "crypt")]), "part of crypt"),
    "array": (part("x1", children=[part("md0", "raid1")]), "part of raid1"),
}


@pytest.mark.parametrize("use", USED)
@pytest.mark.parametrize("way", ["asked", "named", "yes"])
def test_a_disk_in_use_is_refused_whichever_way(flash: Flash, use: str, way: str) -> None:
    child, reason = USED[use]
    flash.disks(disk("sdx", children=[child]))
    image = flash.write_image()
    match way:
        case "asked":
            done = flash.run(image, answer="sdx\n")
        case "named":
            done = flash.run(image, "/dev/sdx", answer="sdx\n")
        case _:
            done = flash.run("--yes", "sdx", image)
    assert done.returncode == REFUSED
    assert done.stderr.startswith("flash.sh: sdx is refused: ")
    assert reason in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("row", "name", "reason"),
    [
        (disk("sdx", RO="1"), "sdx", "read-only"),
        (disk("sdx", SIZE - 512), "sdx", "the image needs 9437 kB"),
        (disk("sdx", children=[part("sdx1")]), "sdx1", "a part of a disk"),
        (disk("sdx"), "sdy", "not a disk of this machine"),
        (disk("sr0", TYPE="rom"), "sr0", "not a disk of this machine"),
        (disk("sdx"), "../etc/passwd", "not a disk of this machine"),
        (disk("sdx"), "/dev/../etc/passwd", "not a disk of this machine"),
        (disk("null"), "null", "not a disk that can be written"),
    ],
)
def test_what_is_no_disk_for_it_is_refused(
    flash: Flash, row: dict[str, object], name: str, reason: str
) -> None:
    flash.disks(row)
    done = flash.run("--yes", name, flash.write_image())
    assert done.returncode == REFUSED
    assert reason in done.stderr


def test_a_disk_of_a_mounted_btrfs_of_several_is_refused(flash: Flash) -> None:
    flash.disks(disk("sdx", children=[part("sdx1", FSTYPE="btrfs")]))
    command = [
        "unshare", "--mount", "sh", "-c",
        'mount -t tmpfs none /sys/fs && mkdir -p /sys/fs/btrfs/id/devices/sdx1 && exec "$@"', "sh",
        *flash.command("--list"),
    ]  # fmt: skip
    done = subprocess.run(command, env=flash.environment, capture_output=True, text=True, check=True)
    assert "part of a mounted btrfs" in done.stdout


def test_the_options_of_the_real_lsblk_exist() -> None:
    done = subprocess.run([FLASH, "--list"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (OK, "")


@pytest.mark.parametrize("packing", ["", "zstd", "xz"])
def test_the_image_is_written_and_compared(flash: Flash, target: tuple[str, Path], packing: str) -> None:
    name, file = target
    image = flash.write_image()
    if packing:
        subprocess.run([packing, "-q", "-1", "--keep", image], check=True)
        packed = image.with_name(image.name + {"zstd": ".zst", "xz": ".xz"}[packing])
        flash.list_checksums(image, packed)
        image.unlink()
        image = packed
    done = flash.run("--yes", name, image)
    assert (done.returncode, done.stderr) == (OK, "")
    assert file.read_bytes() == flash.content + OLD[SIZE:]
    for words in ("Writing: 100 %", "Comparing: 100 %", f"{name} is written", "https://foyer.local"):
        assert words in done.stdout


@pytest.mark.slow
def test_only_the_typed_name_starts_it(flash: Flash, target: tuple[str, Path]) -> None:
    name, file = target
    image = flash.write_image()
    for answer in ("", "\n", "y\n", "yes\n", "sda\n"):
        assert flash.run(image, name, answer=answer).returncode == FAILED
        assert flash.run(image, answer=answer).returncode in (FAILED, REFUSED)
    assert file.read_bytes().startswith(b"old content")
    done = flash.run(image, f"/dev/{name}", answer=f"{name}\n")
    assert done.returncode == OK
    assert f"Everything on {name} will be deleted" in done.stdout
    assert file.read_bytes()[:SIZE] == flash.content


def test_a_person_at_a_terminal_sees_how_far_it_is(flash: Flash, target: tuple[str, Path]) -> None:
    name, _ = target
    ours, theirs = pty.openpty()
    command = flash.command(flash.write_image())
    with subprocess.Popen(
        command, env=flash.environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        os.write(ours, f"{name}\n".encode())
        shown = b""
        try:
            while piece := os.read(ours, 4096):
                shown += piece
        except OSError:
            # Linux says EIO when the other end of a terminal is closed.
            pass
    os.close(ours)
    assert process.returncode == OK
    assert b"Disks that can be written:" in shown
    assert b"\rWriting: 100 % of 9437 kB" in shown


@pytest.mark.slow
@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        ("changed", "is damaged"),
        ("unlisted", "is not known"),
        ("missing", "there is no file"),
        ("cut", "is not the image of a disk"),
        ("other", "another image than"),
        ("broken", "cannot be unpacked"),
    ],
)
def test_a_wrong_image_is_not_written(
    flash: Flash, target: tuple[str, Path], damage: str, sentence: str
) -> None:
    name, file = target
    image = flash.write_image()
    match damage:
        case "changed":
            image.write_bytes(flash.content[:-1] + bytes([flash.content[-1] ^ 1]))
        case "unlisted":
            image.with_suffix(".sha256").unlink()
        case "missing":
            image.unlink()
        case "cut":
            image.write_bytes(flash.content[:-1])
            flash.list_checksums(image)
        case "other" | "broken":
            packed = image.with_name(image.name + ".xz")
            subprocess.run(["xz", "-0", "--keep", image], check=True)
            if damage == "other":
                image.write_bytes(b"")
            else:
                packed.write_bytes(packed.read_bytes()[:-9000])
            flash.list_checksums(image, packed)
            image = packed
    done = flash.run("--yes", name, image)
    assert done.returncode == FAILED
    assert sentence in done.stderr
    assert file.read_bytes().startswith(b"old content")


def test_a_given_checksum_counts(flash: Flash, target: tuple[str, Path]) -> None:
    image = flash.write_image()
    image.with_suffix(".sha256").unlink()
    right = hashlib.sha256(flash.content).hexdigest()
    assert flash.run("--sha256", "0" * 64, "--yes", target[0], image).returncode == FAILED
    assert flash.run("--sha256", right.upper(), "--yes", target[0], image).returncode == OK


def test_an_interrupted_writing_says_that_the_disk_is_unusable(
    flash: Flash, target: tuple[str, Path]
) -> None:
    # A disk that stops answering in the middle.
    flash.put("dd", "#!/bin/sh\nhead -c 4194304 >/dev/null\nprintf 'dd: begun\\r' >&2\nexec sleep 60\n")
    # Whoever runs the tests in the background has a Ctrl-C ignored, for all that they start.
    command = ["env", "--default-signal=INT", *flash.command("--yes", target[0], flash.write_image())]
    with subprocess.Popen(
        command, env=flash.environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "dd: begun\n"
        watch = Stopwatch()
        os.killpg(process.pid, signal.SIGINT)
        said = process.stderr.read()
    assert watch.seconds < 30
    assert process.returncode == INTERRUPTED
    assert f"{target[0]} is not finished: start no box from it." in said


def test_a_disk_that_cannot_hold_it_is_reported(flash: Flash, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", full], check=True)
    try:
        (full / "disk").touch()
        os.truncate(full / "disk", 40 * MIB)
        with loop_device(full / "disk") as name:
            flash.disks(disk(name, 40 * MIB))
            done = flash.run("--yes", name, flash.write_image())
    finally:
        subprocess.run(["umount", full], check=True)
    assert done.returncode == HALF_WRITTEN
    assert "dd: " in done.stderr
    assert f"{name} is not finished" in done.stderr


def test_a_disk_that_returns_something_else_is_found_out(flash: Flash, target: tuple[str, Path]) -> None:
    name, _ = target
    flash.put(
        "blockdev",
        '#!/bin/sh\n[ "$1" != --flushbufs ] || printf x | dd of="$2" bs=1 seek=5000000 conv=notrunc\n'
        'exec /usr/sbin/blockdev "$@"\n',
    )
    done = flash.run("--yes", name, flash.write_image())
    assert done.returncode == WRONG_CONTENT
    assert "it is broken" in done.stderr


def test_the_kernels_word_counts(flash: Flash, target: tuple[str, Path]) -> None:
    name, file = target
    said = "blockdev: ioctl error on BLKRRPART: Device or resource busy"
    flash.put("blockdev", f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
    done = flash.run("--yes", name, flash.write_image())
    assert done.returncode == REFUSED
    assert "the kernel says" in done.stderr
    assert "not finished" not in done.stderr
    assert file.read_bytes().startswith(b"old content")


def test_a_disk_that_the_kernel_cannot_read_is_refused(flash: Flash, target: tuple[str, Path]) -> None:
    name, file = target
    said = "blockdev: ioctl error on BLKRRPART: Input/output error"
    flash.put("blockdev", f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
    done = flash.run("--yes", name, flash.write_image())
    assert done.returncode == REFUSED and "Input/output error" in done.stderr
    assert file.read_bytes().startswith(b"old content")


@pytest.mark.parametrize("way", ["asked", "named"])
@pytest.mark.parametrize("now", ["another", "mounted"])
def test_a_disk_that_changed_while_the_question_stood_there_is_refused(
    flash: Flash, target: tuple[str, Path], way: str, now: str
) -> None:
    name, file = target
    image = flash.write_image()
    with subprocess.Popen(
        flash.command(image, name) if way == "named" else flash.command(image),
        env=flash.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdin and running.stdout
        said = b""
        while b": " not in said.partition(b"will be deleted")[2]:
            said += os.read(running.stdout.fileno(), 4096)
        mounted = [part("x1", MOUNTPOINT="/mnt")] if now == "mounted" else []
        flash.disks(
            disk(name, DISK_SIZE, MODEL="Other" if now == "another" else "Sample Stick", children=mounted)
        )
        _, errors = running.communicate(f"{name}\n".encode(), 60)
    assert running.returncode == REFUSED, errors
    assert (b"another disk than was shown" if now == "another" else b"unmount it first") in errors
    assert file.read_bytes().startswith(b"old content")


def test_a_disk_that_another_program_holds_is_refused(flash: Flash, target: tuple[str, Path]) -> None:
    command = ["flock", f"/dev/{target[0]}", *flash.command("--yes", target[0], flash.write_image())]
    done = subprocess.run(command, env=flash.environment, capture_output=True, text=True, check=False)
    assert done.returncode == REFUSED
    assert "another program works on it" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], USAGE, "flash.sh --list"),
        (["--yes"], USAGE, "needs the name of a disk"),
        (["--sha256"], USAGE, "needs a checksum"),
        (["--force", "x.img"], USAGE, "no option --force"),
        (["a.img", "sdx", "sdy"], USAGE, "one image and one disk"),
        (["--yes", "sdx", "a.img", "sdx"], USAGE, "one image and one disk"),
    ],
)
def test_wrong_use_is_told(flash: Flash, arguments: list[str], code: int, words: str) -> None:
    flash.disks(disk("sdx"))
    done = flash.run(*arguments)
    assert done.returncode == code
    assert words in done.stderr


def test_help_names_every_option_and_exit_code(flash: Flash) -> None:
    done = flash.run("--help")
    assert done.returncode == OK
    for words in ("--list", "--yes", "--sha256", "0 written", "1 nothing", "2 wrong", "3 the disk", "4 w"):
        assert words in done.stdout


def test_an_ordinary_user_is_told_to_use_sudo(flash: Flash, tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    flash.disks(disk("loop-control"))
    done = subprocess.run(
        flash.command(flash.write_image()),
        env=flash.environment,
        user="nobody",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == FAILED
    assert "run it again with sudo" in done.stderr
