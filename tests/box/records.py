"""What is kept of a call, as the pages show it and as a file."""

import re
from dataclasses import dataclass
from pathlib import Path

from tests.asterisk.g711 import Samples
from tests.asterisk.sound import read_wav
from tests.browser.browser import Browser


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


def read_call(browser: Browser) -> CallPage:
    """Read the call's page that is shown."""
    rows = []
    for row in browser.all("#call tbody tr"):
        cells = [cell.text.strip() for cell in row.find_elements("css selector", "td")]
        rows.append((cells[1], cells[2], seconds_of(cells[3])))
    links = browser.all("#call a[download]")
    recording = str(links[0].get_attribute("href")) if links else ""
    return CallPage(browser.path, browser.text("#call"), tuple(rows), recording)


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
