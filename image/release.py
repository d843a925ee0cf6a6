"""Which Foyer this is: the version, which stands in appliance/__init__.py, and the commit it is made from.

Read by the product layer, which puts it where the box finds it, and by the names and lists of an image.
"""

import ast
import subprocess
from dataclasses import dataclass
from pathlib import Path

import reproducible
from steps import REPOSITORY

VERSION_FILE = REPOSITORY / "appliance/__init__.py"
# os-release(5). The base is still Debian to whoever asks what it is like.
OS_RELEASE = """\
PRETTY_NAME="Foyer {version}"
NAME="Foyer"
ID=foyer
ID_LIKE=debian
VERSION_ID="{version}"
IMAGE_ID=foyer
IMAGE_VERSION="{version}"
BUILD_ID="{commit}"
"""


@dataclass(frozen=True)
class Release:
    """`commit` is "" outside of a repository, and ends in "-dirty" with changes that are not committed;
    `at_s` is the commit's moment in seconds since 1970 UTC.
    """

    version: str
    commit: str
    at_s: int

    @property
    def image_name(self) -> str:
        """The name of the image's files, without their endings."""
        return f"foyer-{self.version}-amd64"

    @property
    def os_release(self) -> str:
        """The text of /etc/os-release."""
        return OS_RELEASE.format(version=self.version, commit=self.commit)


def release(repository: Path = REPOSITORY) -> Release:
    """The release that the files of the repository are."""
    for node in ast.parse(VERSION_FILE.read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__version__":
            version = str(ast.literal_eval(node.value))
            break
    else:
        raise ValueError(f"{VERSION_FILE} has no __version__")
    commit = _git(repository, "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")
    moment = _git(repository, "log", "--max-count=1", "--format=%ct")
    return Release(version, commit, int(moment or reproducible.EPOCH_S))


def _git(repository: Path, *arguments: str) -> str:
    """What git says; "" where there is no git or no repository."""
    # Root builds in a clone that is somebody else's.
    command = ["git", "-c", f"safe.directory={repository}", "-C", str(repository), *arguments]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
