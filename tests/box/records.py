"""What is kept of a call, as the pages show it and as a file."""

import re
from dataclasses import dataclass
from pathlib import Path

from tests.asterisk.g711 import Samples
from tests.asterisk.sound import read_wav
from tests.browser.browser import Browser

READ_CALL = """
const call = document.querySelector("#call");
if (!call) return null;
const cells = (row) => Array.from(row.cells, (cell) => cell.innerText);
const rows = Array.from(call.querySelectorAll("tbody tr"), cells);
return { rows, text: call.innerText, recording: call.querySelector("a[download]")?.href ?? "" };
"""


@dataclass(frozen=True)
class CallPage:
    """A call's page. `segments` are (what, who, seconds); `recording` is the file's address or ""."""

    path: str
    text: str
    segments: tuple[tuple[str, str, int], ...]
    recording: str


def seconds_of(text: str) -> int:
    """Seconds of a duration such as "0:07" or "1:02:03"; -1 for anything else, such as a running one."""
    if not re.fullmatch(r"(\d+:)?\d+:\d\d", text):
        return -1
    total = 0
    for part in text.split(":"):
        total = total * 60 + int(part)
    return total


def open_call(browser: Browser, who: str) -> CallPage:
    """Search the list of calls for a name or number, open the newest found and read its page."""
    browser.open(f"/calls?who={who}")
    browser.click(".calls-begin a")
    browser.sees("What happened")
    return read_call(browser)


def rows(browser: Browser, number: str) -> int:
    """How often a caller stands in the list of calls."""
    browser.open(f"/calls?who={number}")
    browser.sees("Calls", "h1")
    return len(browser.all(".calls-begin a"))


def call_text(browser: Browser, number: str) -> str:
    """The text of the newest call of that number; empty before it is in the list."""
    return open_call(browser, number).text if rows(browser, number) else ""


def read_call(browser: Browser) -> CallPage:
    """Read the call's page that is shown, at one glance: the page replaces its parts when there is news."""
    read = browser.script(READ_CALL)
    assert isinstance(read, dict), f"no call on {browser.path}"
    table = ([*map(str.strip, cells)] for cells in read["rows"])
    segments = tuple((cells[1], cells[2], seconds_of(cells[3])) for cells in table)
    return CallPage(browser.path, read["text"], segments, read["recording"])


def download(browser: Browser, address: str, directory: Path) -> Samples:
    """Samples of a recording, fetched by the signed-in browser itself; the file stays in `directory`."""
    encoded = browser.async_script(
        "const done = arguments[arguments.length - 1];"
        "fetch(arguments[0]).then((a) => a.ok ? a.arrayBuffer() : Promise.reject(a.status))"
        ".then((b) => done(Array.from(new Uint8Array(b))), (e) => done(String(e)));",
        address,
    )
    assert isinstance(encoded, list), f"{address}: {encoded}"
    path = directory / f"recording-{address.rpartition('/')[2]}.wav"
    path.write_bytes(bytes(encoded))
    return read_wav(path)
