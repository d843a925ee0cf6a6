"""What lies beside an image: checksums that fit, lists that name every part, SPDX that others can read."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import artifacts
import base_root
import disk
import dpkg
import fingerprint
import parts
import pytest
import release
import reproducible
import sbom
import steps
from licences import NO_ASSERTION, Licences
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

# The test root, in which this runs, is what an image is made with.
TOOLS = [Path("/")]
COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
License: GPL-2+

Files: *
Copyright: 2020 Somebody
License: GPL-2+

Files: a/*
License: Expat or Artistic

Files: b/*
License: LGPL-2.1+ or MPL-2.0, and Own

Files: c/*
License: BSD-3-clause
 Redistribution and use ...

License: Own
 Do with it
 what you like.
"""


@pytest.fixture(scope="module")
def shipped() -> Path:
    """The base of the root that ships."""
    return steps.BUILD / "base" / steps.content_stamp(base_root.INPUTS)


@pytest.fixture(scope="module")
def written(shipped: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is given away, as a path without endings; the image itself is a small one."""
    folder = tmp_path_factory.mktemp("image")
    image = folder / "disk.img"
    image.write_bytes(bytes(1 << 20))
    (folder / "out").mkdir()
    artifacts.write(image, [shipped], TOOLS, folder / "out")
    assert len(list((folder / "out").iterdir())) == 5
    return folder / "out" / release.release().image_name


def beside(image: Path, ending: str) -> Path:
    return image.with_name(image.name + ending)


@pytest.mark.slow
def test_the_checksums_fit_and_the_packed_image_unpacks(written: Path) -> None:
    checksums = beside(written, ".sha256")
    subprocess.run(["sha256sum", "--check", "--strict", checksums.name], cwd=written.parent, check=True)
    named = [line.split()[1] for line in checksums.read_text().splitlines()]
    assert named == [f"{written.name}{ending}" for ending in (".img", ".img.zst", ".manifest", ".spdx.json")]
    unpacked = subprocess.run(["zstd", "-dc", beside(written, ".img.zst")], capture_output=True, check=True)
    assert unpacked.stdout == beside(written, ".img").read_bytes()


@pytest.mark.slow
def test_the_manifest_names_every_part(written: Path, shipped: Path) -> None:
    lines = beside(written, ".manifest").read_text().splitlines()
    assert lines[0].startswith(f"# {written.name}, commit ")
    assert lines[1] == f"layer 0 {fingerprint.digest(shipped)}"
    for package in dpkg.packages([shipped]):
        assert f"deb {package.name} {package.version}" in lines
    for loader in ("shim-signed", "grub-efi-amd64-signed", "grub-pc-bin"):
        assert any(line.startswith(f"deb {loader} ") for line in lines)
    assert not any(line.startswith("deb qemu-system-x86 ") for line in lines)
    kinds = {line.split()[0] for line in lines[2:]}
    assert kinds == {"deb", "pypi", "npm", "generic"}
    assert any(line.startswith("generic foyer ") for line in lines)


@pytest.mark.slow
def test_spdx_is_valid_by_the_specifications_own_checks(written: Path) -> None:
    document = parse_file(str(beside(written, ".spdx.json")))
    problems = [message.validation_message for message in validate_full_spdx_document(document)]
    assert problems == []


@pytest.fixture(scope="module")
def packages(written: Path) -> dict[str, dict[str, Any]]:
    document = json.loads(beside(written, ".spdx.json").read_text())
    return {package["name"]: package for package in document["packages"]}


@pytest.mark.slow
def test_spdx_tells_of_a_debian_package_what_dpkg_knows(packages: dict[str, dict[str, Any]]) -> None:
    asterisk = packages["asterisk"]
    (url,) = [reference["referenceLocator"] for reference in asterisk["externalRefs"]]
    assert url.startswith("pkg:deb/debian/asterisk@1%3A")
    assert url.endswith("?arch=amd64&distro=forky")
    assert asterisk["supplier"].startswith("Organization: Debian VoIP Team (")
    assert "GPL-2.0" in asterisk["licenseDeclared"]
    assert len(asterisk["checksums"][0]["checksumValue"]) == 64
    assert "built from the source package asterisk 1:" in asterisk["sourceInfo"]


@pytest.mark.slow
def test_spdx_names_what_is_not_from_debian(packages: dict[str, dict[str, Any]]) -> None:
    urls = {name: packages[name].get("externalRefs", [{}])[0].get("referenceLocator") for name in packages}
    assert urls["pyst2"] == "pkg:pypi/pyst2@0.5.1"
    assert urls["jssip"] == f"pkg:npm/jssip@{packages['jssip']['versionInfo']}"
    assert urls["foyer"].startswith("pkg:generic/foyer@")
    assert "esbuild" not in packages
    assert packages["jssip"]["licenseDeclared"] == "MIT"


@pytest.mark.vm
@pytest.mark.xdist_group("artifacts")
def test_the_real_image_is_what_lies_packed_beside_it() -> None:
    """The one that the other tests with this mark boot."""
    image = disk.named_image()
    checksums = image.with_suffix(".sha256")
    subprocess.run(["sha256sum", "--check", "--strict", checksums.name], cwd=image.parent, check=True)
    unpack_and_compare = f"zstd -dc {image.name}.zst | cmp - {image.name}"
    subprocess.run(["bash", "-o", "pipefail", "-c", unpack_and_compare], cwd=image.parent, check=True)
    release_line = image.with_suffix(".manifest").read_text().partition("\n")[0]
    assert release_line.startswith(f"# {release.release().image_name}, commit ")
    document = json.loads(image.with_suffix(".spdx.json").read_text())
    assert {"asterisk", "dahdi-linux", "jssip"} <= {package["name"] for package in document["packages"]}


def test_compiled_drivers_are_parts_too(shipped: Path, tmp_path: Path) -> None:
    module = tmp_path / "usr/lib/modules/7.2/updates/dahdi/dahdi.ko"
    module.parent.mkdir(parents=True)
    module.write_bytes(b"\x7fELF...\0license=GPL v2\0version=3.4.0\0srcversion=4B\0")
    found = parts.parts([tmp_path, shipped], TOOLS, Licences())
    (drivers,) = [part for part in found if part.name == "dahdi-linux"]
    assert (drivers.version, drivers.licence) == ("3.4.0", "GPL-2.0-only")


@pytest.mark.slow
def test_the_same_image_has_the_same_lists(written: Path, shipped: Path) -> None:
    licences = Licences()
    found = parts.parts([shipped], TOOLS, licences)
    image_sha256 = hashlib.sha256(beside(written, ".img").read_bytes()).hexdigest()
    again = sbom.render(release.release(), found, licences, image_sha256)
    assert again == beside(written, ".spdx.json").read_text("utf-8")


def test_debians_short_names_become_spdx() -> None:
    licences = Licences()
    declared = licences.declared("alpha", COPYRIGHT)
    assert declared == (
        "GPL-2.0-or-later AND (MIT OR Artistic-1.0-Perl) AND "
        "((LGPL-2.1-or-later OR MPL-2.0) AND LicenseRef-alpha-Own) AND BSD-3-Clause"
    )
    assert licences.texts == {"LicenseRef-alpha-Own": "Do with it\nwhat you like."}


@pytest.mark.parametrize("text", ["", "This package was debianized by ...\n\nLicense: GPL\n"])
def test_what_is_not_machine_readable_stays_unsaid(text: str) -> None:
    assert Licences().declared("alpha", text) == NO_ASSERTION


@pytest.mark.parametrize(
    ("name", "spdx"),
    [
        ("GPLv3+", "GPL-3.0-or-later"),
        ("LGPL-2", "LGPL-2.0-only"),
        ("gpl-2.0-only", "GPL-2.0-only"),
        ("Apache-2.0", "Apache-2.0"),
        ("zlib", "Zlib"),
        ("GPL", "LicenseRef-s-GPL"),
        ("GPL-7", "LicenseRef-s-GPL-7"),
        ("GPL-2+ with OpenSSL exception", "LicenseRef-s-GPL-2-or-later-with-OpenSSL-exception"),
    ],
)
def test_a_name_is_translated_only_when_it_is_sure(name: str, spdx: str) -> None:
    text = COPYRIGHT.split("\n\n", maxsplit=1)[0] + f"\n\nFiles: *\nLicense: {name}\n"
    assert Licences().declared("s", text) == spdx


def test_the_release_is_the_packages_version_and_the_commit(tmp_path: Path) -> None:
    what = release.release(tmp_path)
    assert (what.commit, what.at_s) == ("", reproducible.EPOCH_S)
    assert what.image_name == f"foyer-{what.version}-amd64"
    assert f'IMAGE_VERSION="{what.version}"' in what.os_release
