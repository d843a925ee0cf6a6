"""What an image is made of, part by part: Debian's packages, PyPI's, the browser libraries, Foyer itself."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import dpkg
import lock
import release
from licences import NO_ASSERTION, Licences
from steps import IMAGE, REPOSITORY, SUITE, package_names

COPYRIGHT = "usr/share/doc/{}/copyright"
DRIVERS = "usr/lib/modules/*/updates/dahdi/dahdi.ko"
# Copied into the image from the root of the tools that make it.
LOADERS = ("grub-efi-amd64-signed", "grub-pc-bin", "shim-signed")
DIST_PACKAGES = "usr/lib/python3/dist-packages"


@dataclass(frozen=True)
class Part:
    """One part. `kind` is the type in its package URL, `url` that URL; "" stands for what is not known."""

    kind: str
    name: str
    version: str
    url: str
    licence: str
    supplier: str = ""
    homepage: str = ""
    sha256: str = ""
    built_from: str = ""


def parts(layers: list[Path], tools: list[Path], licences: Licences) -> list[Part]:
    """All parts of an image, in a fixed order: its root is made of `layers` (top first), and its boot loaders
    are packages of the root that `tools` make.
    """
    loaders = [package for package in dpkg.packages(tools) if package.name in LOADERS]
    return [
        *_debian(dpkg.packages(layers), layers, licences),
        *_debian(loaders, tools, licences),
        *_drivers(layers),
        *_pypi(layers),
        *_npm((REPOSITORY / "package-lock.json").read_text()),
        foyer(release.release()),
    ]


def foyer(what: release.Release) -> Part:
    """The product's own part."""
    version = f"{what.version}+{what.commit}" if what.commit else what.version
    return Part("generic", "foyer", version, f"pkg:generic/foyer@{_quoted(version)}", NO_ASSERTION)


def find(layers: Iterable[Path], name: str) -> Path | None:
    """The file of that name in the topmost layer that has it; links are followed within the layers only."""
    for layer in layers:
        path = layer / name
        if path.exists() and path.resolve().is_relative_to(layer.resolve()):
            return path
    return None


def _debian(packages: list[dpkg.Package], layers: list[Path], licences: Licences) -> Iterator[Part]:
    for package in packages:
        if package.is_ours:
            continue
        file = find(layers, COPYRIGHT.format(package.name))
        text = file.read_text("utf-8", "replace") if file else ""
        url = f"pkg:deb/debian/{_quoted(package.name)}@{_quoted(package.version)}"
        yield Part(
            "deb",
            package.name,
            package.version,
            f"{url}?arch={package.architecture}&distro={SUITE}",
            licences.declared(package.source, text),
            package.maintainer,
            package.homepage,
            dpkg.file_hash(package, lock.DEBS),
            f"{package.source} {package.source_version}",
        )


def _drivers(layers: list[Path]) -> Iterator[Part]:
    # Compiled by image/dahdi.py; they say themselves what they are (modinfo(8)).
    for layer in layers:
        for module in layer.glob(DRIVERS):
            found = re.search(rb"\0version=([^\0]+)", module.read_bytes())
            if found:
                version = found[1].decode()
                url = f"pkg:generic/dahdi-linux@{_quoted(version)}"
                yield Part("generic", "dahdi-linux", version, url, "GPL-2.0-only")


def _pypi(layers: list[Path]) -> Iterator[Part]:
    for line in package_names(IMAGE / "pypi"):
        name, _, version = line.split()[0].partition("==")
        metadata = find(layers, f"{DIST_PACKAGES}/{name}-{version}.dist-info/METADATA")
        fields = next(dpkg.paragraphs(metadata.read_text("utf-8"))) if metadata else {}
        sha256 = re.search(r"--hash=sha256:([0-9a-f]{64})", line)
        yield Part(
            "pypi",
            name,
            version,
            f"pkg:pypi/{_quoted(name)}@{_quoted(version)}",
            # A PyPI package says its licence in free words.
            NO_ASSERTION,
            fields.get("author", ""),
            fields.get("home-page", ""),
            sha256[1] if sha256 else "",
        )


def _npm(lock_file: str) -> Iterator[Part]:
    """What the bundles are made of: npm's lock without what only the build needs."""
    for place, package in sorted(json.loads(lock_file)["packages"].items()):
        name = place.rpartition("node_modules/")[2]
        if name and not package.get("dev"):
            version = package["version"]
            url = f"pkg:npm/{quote(name, safe='/')}@{_quoted(version)}"
            yield Part("npm", name, version, url, package.get("license", NO_ASSERTION))


def _quoted(text: str) -> str:
    """As a package URL wants it."""
    return quote(text, safe="")
