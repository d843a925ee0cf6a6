"""Which of the kernel's modules the image has, and which of them its initial RAM disk."""

from pathlib import Path

import machine
import pytest
import steps


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kernel's folder with a few modules, and lists that fit."""
    folder = tmp_path / "modules"
    for name in ("drivers/ata/ahci.ko.xz", "drivers/nvme/nvme.ko.xz", "drivers/gpu/i915.ko.xz", "fs/a-b.ko"):
        file = folder / "kernel" / name
        file.parent.mkdir(parents=True)
        file.touch()
    (folder / "modules.builtin").write_text("kernel/drivers/virtio/virtio_pci.ko\n")
    for name in ("LEFT_OUT", "INITRD"):
        monkeypatch.setattr(machine, name, tmp_path / name.lower())
    machine.LEFT_OUT.write_text("# pictures\ndrivers/gpu\n")
    machine.INITRD.write_text("=drivers/ata\nnvme\na_b\nvirtio_pci # built in\n")
    return folder


def test_what_no_box_needs_is_left_out(modules: Path) -> None:
    machine.leave_out(modules / "kernel")
    assert sorted(path.name for path in (modules / "kernel/drivers").iterdir()) == ["ata", "nvme"]


def test_a_module_of_the_initial_ram_disk_is_there_or_built_in(modules: Path) -> None:
    assert machine.for_initrd(modules) == ["=drivers/ata", "nvme", "a_b", "virtio_pci"]


@pytest.mark.parametrize("line", ["drivers/gpus", "i915"])
def test_a_line_that_leaves_out_nothing_is_a_mistake(modules: Path, line: str) -> None:
    machine.LEFT_OUT.write_text(line)
    with pytest.raises(steps.Failed, match=f"left_out names {line}, which"):
        machine.leave_out(modules / "kernel")


@pytest.mark.parametrize("line", ["=drivers/sata", "ahci.ko", "a-b", "drivers/ata"])
def test_a_line_that_adds_nothing_is_a_mistake(modules: Path, line: str) -> None:
    machine.INITRD.write_text(line)
    with pytest.raises(steps.Failed, match=f"initrd names {line}, which"):
        machine.for_initrd(modules)
