"""The rendered revisions on the disk, and the link that makes one of them live.

`config/<number>-<stamp>/` holds one rendering: asterisk/*.conf and site.json. It is written under another
name, forced to the disk and renamed, so a folder of that name is always whole; `config/live`, `config/good`
(the last one that Asterisk confirmed) and `config/taken` (one that it confirmed but for its cards, which wait
for calls to end) are links that are replaced in one step. Killed at any moment, one whole rendering is live.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from appliance.durable import sync_folder
from appliance.errors import TransientError
from appliance.pbx.conf.inputs import stamp
from appliance.store.sitemodel import Site

ASTERISK = "asterisk"
_LABEL = re.compile(r"(\d+)-[0-9a-f]{16}")
_KEPT = 8
_UNFINISHED = ".tmp"
_BEGUN = ".anew.json"


@dataclass(frozen=True)
class Rendering:
    """All files of one revision: `tree` maps names to texts, `label` names the rendering and its folder."""

    number: int
    site: Site
    tree: Mapping[str, str]
    label: str


def rendering(number: int, site: Site, tree: Mapping[str, str]) -> Rendering:
    """The label says the revision and stands for every byte, so that a newer release or a new
    password makes another.
    """
    texts = (f"{name}\n{text}" for name, text in sorted(tree.items()))
    return Rendering(number, site, tree, f"{number}-{stamp(*texts)}")


def number_of(label: str) -> int:
    """The revision of a label."""
    match = _LABEL.fullmatch(label)
    if match is None:
        raise ValueError(label)
    return int(match.group(1))


class Folders:
    """The folder `config`; every write is done under `lock`."""

    def __init__(self, config: Path) -> None:
        self.config = config

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keeps a second foyer-apply (a set-up that runs meanwhile) out; TransientError if it holds
        the lock now.
        """
        handle = os.open(self.config / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
        try:
            self._share(self.config / ".lock", 0o660)
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as error:
            raise TransientError("The settings are being made live by somebody else.") from error
        finally:
            os.close(handle)

    def live(self) -> str | None:
        """The label of the live rendering; None before the first, or if its folder is gone."""
        return self._target("live")

    def taken(self) -> str | None:
        """The label of the last rendering that the running Asterisk has confirmed, with or without cards."""
        return self._target("taken") or self.good()

    def good(self) -> str | None:
        """The label of the last rendering that the running Asterisk has confirmed, cards and all."""
        return self._target("good")

    def has(self, label: str) -> bool:
        """Whether this rendering is still kept."""
        return (self.config / label / ASTERISK).is_dir()

    def tree(self, label: str) -> dict[str, str]:
        """The files of a rendering."""
        folder = self.config / label / ASTERISK
        return {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.conf"))}

    def texts(self, files: Collection[str]) -> list[str]:
        """These files of every rendering that is kept."""
        found = (path for file in files for path in self.config.glob(f"*-*/{ASTERISK}/{file}"))
        return [path.read_text("utf-8") for path in found]

    def touch(self, label: str, file: str) -> None:
        """Makes Asterisk read the file at its next reload although its text is the same."""
        os.utime(self.config / label / ASTERISK / file)

    def write(self, made: Rendering) -> None:
        """Puts a rendering on the disk; one that is there already is whole, and stays."""
        final = self.config / made.label
        if final.is_dir():
            return
        unfinished = final.with_name(final.name + _UNFINISHED)
        shutil.rmtree(unfinished, ignore_errors=True)
        folder = unfinished / ASTERISK
        folder.mkdir(parents=True)
        for name, text in made.tree.items():
            self._write_file(folder / name, text)
        document = json.dumps(made.site.to_dict(), ensure_ascii=False, indent=1)
        self._write_file(unfinished / "site.json", document + "\n")
        for path in (folder, unfinished):
            self._share(path, 0o750)
            sync_folder(path)
        unfinished.rename(final)
        sync_folder(self.config)

    def make_live(self, label: str) -> None:
        """Switches to a rendering in one step."""
        self._point("live", label)

    def take(self, label: str) -> None:
        """Remembers that Asterisk runs with this rendering, while its cards still wait."""
        if self.taken() != label:
            self._point("taken", label)

    def drop_taken(self) -> None:
        """What waits with its cards is nothing to go back to: the cards refused it, or it is good."""
        (self.config / "taken").unlink(missing_ok=True)

    def begun(self) -> str:
        """What was kept to be put back, in the words of `keep_begun`; "" for nothing."""
        try:
            return (self.config / _BEGUN).read_text("utf-8")
        except OSError:
            return ""

    def keep_begun(self, text: str) -> None:
        """Keeps what has to be put back, for whoever comes after a kill; "" once it is."""
        place = self.config / _BEGUN
        if not text:
            place.unlink(missing_ok=True)
            return
        unfinished = place.with_name(place.name + _UNFINISHED)
        self._write_file(unfinished, text)
        unfinished.replace(place)

    def confirm(self, label: str) -> None:
        """Remembers that Asterisk runs with this rendering, and forgets renderings of long ago."""
        if self.good() != label:
            self._point("good", label)
        self.drop_taken()
        self._prune()

    def _target(self, link: str) -> str | None:
        try:
            label = (self.config / link).readlink().name
        except OSError:
            return None
        return label if _LABEL.fullmatch(label) and (self.config / label / ASTERISK).is_dir() else None

    def _point(self, link: str, label: str) -> None:
        unfinished = self.config / f".{link}{_UNFINISHED}"
        unfinished.unlink(missing_ok=True)
        unfinished.symlink_to(label)
        unfinished.replace(self.config / link)
        sync_folder(self.config)

    def _write_file(self, path: Path, text: str) -> None:
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        self._share(path, 0o640)

    def _share(self, path: Path, mode: int) -> None:
        """Owner and group of the folder `config`: Asterisk's group reads what root or foyer-apply writes."""
        owner = self.config.stat()
        found = path.stat()
        if (found.st_uid, found.st_gid) != (owner.st_uid, owner.st_gid):
            os.chown(path, owner.st_uid if os.geteuid() == 0 else -1, owner.st_gid)
        if os.geteuid() in (0, found.st_uid):
            path.chmod(mode)

    def _prune(self) -> None:
        keep = {self.live(), self.taken(), self.good()}
        found = [path for path in self.config.iterdir() if path.is_dir() and not path.is_symlink()]
        whole = sorted(
            (path for path in found if _LABEL.fullmatch(path.name)), key=lambda path: path.stat().st_mtime
        )
        for path in whole[:-_KEPT]:
            if path.name not in keep:
                shutil.rmtree(path, ignore_errors=True)
        for path in found:
            if path.name.endswith(_UNFINISHED):
                shutil.rmtree(path, ignore_errors=True)
