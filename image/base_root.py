"""The root file system that ships: Debian's packages and PyPI's. Foyer's own files are another layer.

mmdebstrap runs on the host; nothing is installed by a package manager inside the root, whose name resolution
and proxies would be another machine's.
"""

import os
import shlex
import sys
import zipfile
from pathlib import Path

import lock
import reproducible
from steps import (
    CACHE,
    IMAGE,
    SUITE,
    content_stamp,
    need_disk,
    package_names,
    remove_tree,
    run,
    step,
    versioned,
)

INPUTS = [
    IMAGE / name
    for name in (
        "suite",
        "packages",
        "pypi",
        "accounts.py",
        "base_root.py",
        "reproducible.py",
        "tree/usr/lib/sysusers.d/foyer.conf",
    )
]
# Nobody reads manuals on the box; copyright files stay, as licences demand.
DPKG_OPTIONS = (
    "force-unsafe-io",
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/locale/*",
)
APT_OPTIONS = (
    'APT::Install-Recommends "false"',
    'Acquire::Languages "none"',
    # A mirror of a testing suite may lag behind its own validity; signatures are still checked.
    'Acquire::Check-Valid-Until "false"',
)


def build() -> Path:
    """The root, build/base/<stamp>, of the inputs as they are."""
    return versioned("base", content_stamp(INPUTS), make)


def make(new: Path) -> None:
    """Builds the root in the empty folder `new`."""
    need_disk(2.5)
    with step(f"building the box's root from Debian {SUITE} (once, about a minute)"):
        bootstrap(new, CACHE / "debs")
        add_pypi(new, fetch_pypi())
        settle(new)
    lock.report(new)


def bootstrap(new: Path, debs: Path, *sources: str) -> None:
    """Installs the Debian packages into `new`; downloaded .debs are kept in the folder `debs`.

    `sources` are lines of an apt sources.list(5); without, it is Debian's own servers.
    """
    debs.mkdir(parents=True, exist_ok=True)
    accounts = shlex.join([sys.executable, str(IMAGE / "accounts.py")])
    run(
        "mmdebstrap",
        "--verbose",
        "--variant=minbase",
        "--format=directory",
        *(f"--aptopt={option}" for option in APT_OPTIONS),
        *(f"--dpkgopt={option}" for option in DPKG_OPTIONS),
        "--skip=download/empty",
        "--skip=essential/unlink",
        '--setup-hook=mkdir -p "$1/var/cache/apt/archives"',
        f"--setup-hook=sync-in {shlex.quote(str(debs))} /var/cache/apt/archives",
        f'--essential-hook={accounts} "$1"',
        f"--customize-hook=sync-out /var/cache/apt/archives {shlex.quote(str(debs))}",
        f"--include={','.join(package_names(IMAGE / 'packages'))}",
        SUITE,
        new,
        *sources,
        env={**os.environ, **reproducible.ENVIRONMENT},
        what="building the root file system",
    )


def fetch_pypi() -> Path:
    """The folder with the wheels of image/pypi, their hashes checked by pip."""
    wheels = CACHE / "pypi"
    run(
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--require-hashes",
        "--only-binary",
        ":all:",
        "--dest",
        wheels,
        "--requirement",
        IMAGE / "pypi",
        what="fetching the Python packages",
    )
    return wheels


def add_pypi(new: Path, wheels: Path) -> None:
    """Unpacks the wheels into the root's dist-packages."""
    target = new / "usr/lib/python3/dist-packages"
    for name in package_names(IMAGE / "pypi"):
        package, _, version = name.split()[0].partition("==")
        (wheel,) = wheels.glob(f"{package}-{version}-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(target)
    run(
        "chroot",
        new,
        "python3",
        "-m",
        "compileall",
        "-q",
        "/usr/lib/python3/dist-packages/asterisk",
        env={**os.environ, **reproducible.ENVIRONMENT},
        what="compiling the Python packages",
    )


def settle(new: Path) -> None:
    """Leaves only what we start: no unit that a package enabled, no identity of the building machine, no
    trace of when it was built.
    """
    for wants in (new / "etc/systemd/system").glob("*.wants"):
        remove_tree(wants)
    # Empty, not absent: an absent one means "first boot" to systemd, which would enable every unit again.
    (new / "etc/machine-id").write_text("")
    (new / "etc/hostname").write_text("foyer\n")
    (new / "etc/hosts").write_text("127.0.0.1 localhost foyer\n::1 localhost\n")
    (new / "etc/resolv.conf").unlink(missing_ok=True)
    # systemd-resolved's postinst keeps that of the building machine.
    (new / "etc/.resolv.conf.systemd-resolved.bak").unlink(missing_ok=True)
    # What is in there belongs to whom apt could download as.
    for name in ("var/lib/apt/lists", "var/cache/apt/archives"):
        remove_tree(new / name)
        (new / name).mkdir()
    # Points to a file of a package that is not there.
    (new / "etc/modules-load.d/modules.conf").unlink(missing_ok=True)
    (new / "data").mkdir(exist_ok=True)
    reproducible.settle(new)
