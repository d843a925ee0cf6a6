"""The telephony cards that Foyer knows, read from provisioning/cards/*.toml: a file for each driver.

Called by foyer-hw, to name what it finds on the buses. Pure but for reading the files; a wrong fact is
refused with file, line and reason, and every card and every file of firmware has to name its source.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from appliance.errors import SetupError

FOLDER = Path(__file__).parents[2] / "provisioning" / "cards"
MAKERS = "makers.toml"
FIRMWARE = "firmware.toml"
MOST_PORTS = 32

Bus = Literal["pci", "usb"]
# What a port can be: fxo takes a line of the telephone company, fxs a telephone.
Line = Literal["fxo", "fxs", "bri", "e1", "t1", "j1"]
# What a card does without the file. start: nothing. update: nothing, if its own firmware is of another
# version. better: it works with the firmware that it has. echo: it works, but does not take echo away itself.
Need = Literal["start", "update", "better", "echo"]

# PCI: vendor, device, subsystem vendor, subsystem device. USB has the first two.
_ID = {
    "pci": re.compile(r"[0-9a-f]{4}(?::[0-9a-f]{4}){1,3}", re.ASCII),
    "usb": re.compile(r"[0-9a-f]{4}:[0-9a-f]{4}", re.ASCII),
}
_VENDOR = re.compile(r"[0-9a-f]{4}", re.ASCII)
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_URL = re.compile(r"https://[!-~]{1,200}", re.ASCII)
_CALLED = {_FILE: "the name of a file", _SHA256: "64 hexadecimal digits", _URL: "an address"}
# The largest known has 1.8 million bytes (the TC400M's).
ARCHIVE_MAX = 4 * 1024 * 1024


@dataclass(frozen=True)
class Archive:
    """What a maker hands out: a .tar.gz of that size in bytes, with one `file` in it that a driver asks for.
    Only one with this checksum is taken.
    """

    name: str
    url: str
    file: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Firmware:
    """A file that a driver asks for by the name `file`. `version` is the maker's word, "" if it has none.
    `archive` is what it comes in, None if nobody has published how to tell a good one.
    """

    file: str
    version: str
    need: Need
    archive: Archive | None = None


@dataclass(frozen=True)
class Card:
    """A model, or several that tell the same ids.

    `ports` are the numbers of ports that there may be, () if only the card itself knows. `is_modular`: its
    ports are what modules in it make of them, one of `lines` each. `echo` names the part that takes echo
    away, "" if there can be none. With `bare_ids` it appears before it has its firmware. `driver` is the
    kernel's module; of a card that is not supported, the drivers that it would need.
    """

    name: str
    driver: str
    bus: Bus
    is_supported: bool
    ids: tuple[str, ...]
    bare_ids: tuple[str, ...]
    lines: tuple[Line, ...]
    ports: tuple[int, ...]
    is_modular: bool
    echo: str
    firmware: tuple[Firmware, ...]


@dataclass(frozen=True)
class Maker:
    """Who makes nothing but telephony cards, by the vendor's id; `name` is "" for a maker of chips."""

    bus: Bus
    vendor: str
    name: str


@dataclass(frozen=True)
class CardTable:
    """All that is known."""

    cards: tuple[Card, ...]
    makers: tuple[Maker, ...]
    archives: tuple[Archive, ...] = ()

    def archive(self, sha256: str) -> Archive | None:
        """What has this checksum."""
        return next((one for one in self.archives if one.sha256 == sha256), None)

    def find(self, bus: Bus, device_id: str) -> Card | None:
        """The card with the id that says most of `device_id`, which has all its parts; None if none fits.

        "e159:0001:b100:0003" before "e159:0001:b100".
        """
        parts = device_id.split(":")
        for count in range(len(parts), 1, -1):
            wanted = ":".join(parts[:count])
            for card in self.cards:
                if card.bus == bus and (wanted in card.ids or wanted in card.bare_ids):
                    return card
        return None

    def maker(self, bus: Bus, vendor: str) -> Maker | None:
        """Who has this vendor's id, if that is a maker of telephony cards alone."""
        return next((one for one in self.makers if (one.bus, one.vendor) == (bus, vendor)), None)


def load(folder: Path = FOLDER) -> CardTable:
    """Everything in `folder`. SetupError: a file cannot be read or is wrong, with file, line and reason."""
    cards: list[Card] = []
    seen: dict[tuple[Bus, str], str] = {}
    archives = {one.file: one for one in _in_file(folder / FIRMWARE, _archives)}
    for path in sorted(folder.glob("*.toml")):
        if path.name not in (MAKERS, FIRMWARE):
            cards += _in_file(path, lambda facts: _cards(facts, seen, archives))
    makers = tuple(_in_file(folder / MAKERS, _makers))
    return CardTable(tuple(cards), makers, tuple(archives.values()))


class _WrongError(ValueError):
    """A fact is wrong; `at` leads to it: keys, and places in lists of tables."""

    def __init__(self, reason: str, *at: str | int) -> None:
        super().__init__(reason)
        self.at = at


type _Facts = Mapping[str, object]
type _At = tuple[str | int, ...]
type _Archives = Mapping[str, Archive]


def _in_file[T](path: Path, read: Callable[[_Facts], list[T]]) -> list[T]:
    text = ""
    try:
        text = path.read_text("utf-8")
        return read(tomllib.loads(text))
    except _WrongError as error:
        raise SetupError(f"{path}, line {line_of(text, error.at)}: {error}.") from error
    except tomllib.TOMLDecodeError as error:
        raise SetupError(f"{path}, line {error.lineno}: {error.msg}.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"{path} cannot be read: {error}.") from error


def line_of(text: str, at: tuple[str | int, ...]) -> int:
    """The line of `text` on which a fact stands, or should: ("card", 2, "ids") is the key of the third card.

    The files are written in one way: a table's header on a line of its own, a key and its value on one.
    """
    lines, table, start = text.splitlines(), "", 0
    end = len(lines)
    for key in at:
        if isinstance(key, int):
            heads = [n for n in range(start, end) if lines[n].strip() == f"[[{table}]]"]
            inner = [n for n in range(start, end) if lines[n].lstrip().startswith("[")]
            if key >= len(heads):
                break
            start = heads[key]
            # Its own tables belong to it.
            end = next((n for n in inner if n > start and not _is_below(lines[n], table)), end)
        else:
            table = f"{table}.{key}" if table else key
            found = (n for n in range(start, end) if lines[n].partition("=")[0].strip() == key)
            start = next(found, start)
    return start + 1


def _is_below(line: str, table: str) -> bool:
    return line.strip().startswith(f"[[{table}.")


def _cards(facts: _Facts, seen: dict[tuple[Bus, str], str], archives: _Archives) -> list[Card]:
    """`seen` has the ids of every card so far, with its name; those of these are added. `archives` are by the
    files in them.
    """
    _known(facts, {"driver", "bus", "supported", "card"})
    driver, bus = _text(facts, "driver"), cast("Bus", _one_of(facts, "bus", get_args(Bus)))
    is_supported = _truth(facts, "supported")
    found = []
    for at, table in _tables(facts, "card"):
        card = _card(table, at, driver, bus, is_supported, archives)
        for key, ids in (("ids", card.ids), ("bare_ids", card.bare_ids)):
            for one in ids:
                if (bus, one) in seen:
                    raise _WrongError(f"{one} is also an id of {seen[bus, one]}", *at, key)
                seen[bus, one] = card.name
        found.append(card)
    return found


def _card(facts: _Facts, at: _At, driver: str, bus: Bus, is_supported: bool, archives: _Archives) -> Card:
    names = {"name", "ids", "lines", "ports", "modular", "echo", "source"}
    _known(facts, names, {"bare_ids", "firmware"}, at)
    _text(facts, "source", at)
    ids, bare_ids = _ids(facts, "ids", bus, at), _ids(facts, "bare_ids", bus, at)
    if not ids:
        raise _WrongError("ids must name at least one", *at, "ids")
    lines = _list(facts, "lines", at)
    if not set(lines) <= set(get_args(Line)):
        raise _WrongError(f"lines must be of {', '.join(get_args(Line))}", *at, "lines")
    ports = _list(facts, "ports", at)
    if not all(type(count) is int and 0 < count <= MOST_PORTS for count in ports):
        raise _WrongError(f"ports must be numbers from 1 to {MOST_PORTS}", *at, "ports")
    firmware = tuple(_firmware(table, where, archives) for where, table in _tables(facts, "firmware", at))
    return Card(
        name=_text(facts, "name", at),
        driver=driver,
        bus=bus,
        is_supported=is_supported,
        ids=ids,
        bare_ids=bare_ids,
        lines=tuple(cast("list[Line]", lines)),
        ports=tuple(cast("list[int]", ports)),
        is_modular=_truth(facts, "modular", at),
        echo=_text(facts, "echo", at, may_be_empty=True),
        firmware=firmware,
    )


def _firmware(facts: _Facts, at: _At, archives: _Archives) -> Firmware:
    _known(facts, {"file", "version", "need", "source"}, set(), at)
    _text(facts, "source", at)
    file = _like(facts, "file", _FILE, at)
    need = cast("Need", _one_of(facts, "need", get_args(Need), at))
    return Firmware(file, _text(facts, "version", at, may_be_empty=True), need, archives.get(file))


def _archives(facts: _Facts) -> list[Archive]:
    _known(facts, {"archive"})
    found: list[Archive] = []
    for at, table in _tables(facts, "archive"):
        _known(table, {"name", "url", "file", "size", "sha256", "source"}, set(), at)
        _text(table, "source", at)
        texts = {
            key: _like(table, key, form, at)
            for key, form in (("name", _FILE), ("url", _URL), ("file", _FILE), ("sha256", _SHA256))
        }
        size = table["size"]
        if type(size) is not int or not 0 < size <= ARCHIVE_MAX:
            raise _WrongError(f"size must be a number of bytes up to {ARCHIVE_MAX}", *at, "size")
        for one in found:
            for key in ("file", "sha256"):
                if getattr(one, key) == texts[key]:
                    raise _WrongError(f"{one.name} has the same {key}", *at, key)
        found.append(Archive(texts["name"], texts["url"], texts["file"], size, texts["sha256"]))
    return found


def _like(facts: _Facts, key: str, form: re.Pattern[str], at: _At) -> str:
    text = _text(facts, key, at)
    if not form.fullmatch(text):
        raise _WrongError(f"{key} must be {_CALLED[form]}", *at, key)
    return text


def _makers(facts: _Facts) -> list[Maker]:
    _known(facts, {"maker"})
    found = []
    for at, table in _tables(facts, "maker"):
        _known(table, {"bus", "vendor", "name", "source"}, set(), at)
        _text(table, "source", at)
        vendor = _text(table, "vendor", at)
        if not _VENDOR.fullmatch(vendor):
            raise _WrongError("vendor must be four hexadecimal digits in lower case", *at, "vendor")
        bus = cast("Bus", _one_of(table, "bus", get_args(Bus), at))
        found.append(Maker(bus, vendor, _text(table, "name", at, may_be_empty=True)))
    return found


def _ids(facts: _Facts, key: str, bus: Bus, at: _At) -> tuple[str, ...]:
    found = _list(facts, key, at) if key in facts else []
    for one in found:
        if not (isinstance(one, str) and _ID[bus].fullmatch(one)):
            raise _WrongError(f"{one} is no id of a {bus.upper()} device", *at, key)
    if len(set(found)) != len(found):
        raise _WrongError("an id stands twice", *at, key)
    return tuple(cast("list[str]", found))


def _tables(facts: _Facts, key: str, at: _At = ()) -> Iterator[tuple[_At, _Facts]]:
    for number, table in enumerate(_list(facts, key, at) if key in facts else []):
        if not isinstance(table, dict):
            raise _WrongError(f"{key} must be a list of tables", *at, key)
        yield (*at, key, number), table


def _known(facts: _Facts, names: set[str], optional: set[str] | None = None, at: _At = ()) -> None:
    for name in sorted(names - set(facts)):
        raise _WrongError(f"{name} is missing", *at)
    for name in sorted(set(facts) - names - (optional or set())):
        raise _WrongError(f"nobody knows what {name} means", *at, name)


def _text(facts: _Facts, key: str, at: _At = (), *, may_be_empty: bool = False) -> str:
    text = facts[key]
    if not isinstance(text, str) or not (text.strip() or may_be_empty):
        raise _WrongError(f"{key} must be text", *at, key)
    return text


def _one_of(facts: _Facts, key: str, words: tuple[str, ...], at: _At = ()) -> str:
    text = _text(facts, key, at)
    if text not in words:
        raise _WrongError(f"{key} must be one of {', '.join(words)}", *at, key)
    return text


def _truth(facts: _Facts, key: str, at: _At = ()) -> bool:
    value = facts[key]
    if not isinstance(value, bool):
        raise _WrongError(f"{key} must be true or false", *at, key)
    return value


def _list(facts: _Facts, key: str, at: _At) -> list[object]:
    value = facts[key]
    if not isinstance(value, list):
        raise _WrongError(f"{key} must be a list", *at, key)
    return value
