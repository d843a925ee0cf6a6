"""The README's tree, commands and files are those of the repository."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def _tree() -> list[Path]:
    """Every path of the tree, the folders' nesting taken from the indentation."""
    block = README.split("## What is where", 1)[1].split("```")[1]
    folders: list[tuple[int, Path]] = []
    found = []
    for line in block.strip().splitlines():
        depth = len(line) - len(line.lstrip())
        names = re.split(r"\s{3,}", line.strip(), maxsplit=1)[0].split()
        while folders and folders[-1][0] >= depth:
            folders.pop()
        parent = folders[-1][1] if folders else Path()
        found += [parent / name for name in names]
        if len(names) == 1 and names[0].endswith("/"):
            folders.append((depth, parent / names[0]))
    return found


def test_the_tree_names_enough() -> None:
    assert len(_tree()) > 25


@pytest.mark.parametrize("path", _tree(), ids=str)
def test_the_tree_is_there(path: Path) -> None:
    assert (ROOT / path).exists()


def test_the_tree_tells_of_every_folder_of_tests() -> None:
    """By its name, or by that of the folder that it mirrors."""
    mirrored = {path.name for path in (*ROOT.glob("appliance/*/"), *ROOT.glob("*/"))}
    folders = {path.parent for path in ROOT.glob("tests/*/*.py")}
    assert {path for path in folders if path.name not in mirrored} <= {ROOT / path for path in _tree()}


# As the customer fixed it, and what tools ask for there; dot files besides, and what is built.
TOP_LEVEL = {"appliance", "image", "provisioning", "tests", "Makefile", "README.md"}
TOOLS = {"pyproject.toml", "package.json", "package-lock.json"}
BUILT = {"build", "node_modules"}


def test_the_top_level_is_the_agreed_one() -> None:
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert found - BUILT == TOP_LEVEL | TOOLS
    assert all((ROOT / "appliance" / name).is_dir() for name in ("hw", "pbx", "channels", "webui"))


NAMED = sorted(set(re.findall(r"`((?:pbx|store|webui|pages|static)/[\w./]+\.\w+)`", README)))


@pytest.mark.parametrize("path", NAMED)
def test_the_flow_names_files(path: str) -> None:
    below = ("appliance", "appliance/webui")
    assert any((ROOT / folder / path).is_file() for folder in below)


def test_every_target_of_make_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", README, re.MULTILINE))
    assert named <= targets, named - targets


def test_every_unit_is_named() -> None:
    units = (ROOT / "image/tree/etc/systemd/system").glob("foyer-*.service")
    assert all(f"`{unit.stem}`" in README for unit in units)


@pytest.mark.parametrize(
    ("process", "wiring"),
    [
        ("foyer-pbx", "pbx/__main__.py"),
        ("foyer-apply", "apply/__main__.py"),
        ("foyer-hw", "hw/__main__.py"),
        ("foyer-webui", "webui/server.py"),
    ],
)
def test_the_threads_are_those_that_are_started(process: str, wiring: str) -> None:
    (row,) = re.findall(rf"^\| `{process}` \|([^|]*)\|", README, re.MULTILINE)
    text = (ROOT / "appliance" / wiring).read_text("utf-8")
    # Named where it is started, or in the table of what to start.
    started = re.findall(r'(?:spawn\(|^ {8}\()"([a-z-]+)", ', text, re.MULTILINE)
    assert started and sorted(re.findall("`([^`]+)`", row)) == sorted(started)


def test_every_picture_is_there() -> None:
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", README)
    assert pictures
    assert all((ROOT / picture).is_file() for picture in pictures)
