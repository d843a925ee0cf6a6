"""What dpkg knows of a root: which Debian packages it is made of. Read by the lock and the lists of parts."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

STATUS = "var/lib/dpkg/status"
# The second: of the drivers' source only the files are wanted (apt-layer.sh).
PRESENT = ("install ok installed", "install ok unpacked")


@dataclass(frozen=True, order=True)
class Package:
    """An installed Debian package. `source` and `source_version` name what it was built from."""

    name: str
    version: str
    architecture: str
    source: str
    source_version: str
    maintainer: str
    homepage: str

    @property
    def is_ours(self) -> bool:
        """Whether it is no package of Debian's but one that the build made for itself."""
        return self.maintainer.startswith("Foyer <")

    @property
    def file_name(self) -> str:
        """The name of its .deb, as apt keeps it."""
        return file_name(self.name, self.version, self.architecture)


def packages(layers: Iterable[Path]) -> list[Package]:
    """The installed packages of a root, given by its layers (top first), sorted by name.

    A layer has its own status file as soon as something was installed in it; the topmost one counts.
    """
    for layer in layers:
        status = layer / STATUS
        if status.exists():
            known = paragraphs(status.read_text("utf-8"))
            return sorted(_package(fields) for fields in known if fields["status"] in PRESENT)
    raise FileNotFoundError(STATUS)


def paragraphs(text: str) -> Iterator[dict[str, str]]:
    """The paragraphs of a control file (deb822(5)): field -> value, lines of continuation kept."""
    for block in text.split("\n\n"):
        fields: dict[str, str] = {}
        name = ""
        for line in block.splitlines():
            if line[:1] in (" ", "\t"):
                if name:
                    fields[name] += "\n" + line[1:]
            elif not line.startswith("#") and ":" in line:
                name, _, value = line.partition(":")
                name = name.strip().lower()
                fields[name] = value.strip()
        if fields:
            yield fields


def file_name(name: str, version: str, architecture: str) -> str:
    """The name of a .deb, as apt keeps it."""
    return f"{name}_{version.replace(':', '%3a')}_{architecture}.deb"


def file_hash(package: Package, folders: Iterable[Path]) -> str:
    """The SHA-256 of its .deb in the first of the folders that has it; "" if none has."""
    for folder in folders:
        file = folder / package.file_name
        if file.exists():
            return sha256(file)
    return ""


def sha256(file: Path) -> str:
    """The SHA-256 of a file."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _package(fields: dict[str, str]) -> Package:
    # deb-control(5): "Source: name (version)", both left out where they are the package's own.
    source, _, source_version = fields.get("source", fields["package"]).partition(" (")
    return Package(
        name=fields["package"],
        version=fields["version"],
        architecture=fields["architecture"],
        source=source,
        source_version=source_version.rstrip(")") or fields["version"],
        maintainer=fields.get("maintainer", ""),
        homepage=fields.get("homepage", ""),
    )
