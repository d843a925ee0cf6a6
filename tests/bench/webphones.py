"""WebRTC phones for a bench: one Chromium page holds many, all answer by themselves."""

import functools
import http.server
import json
import re
import shutil
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from tests.browser.browser import Browser
from tests.until import until

HERE = Path(__file__).parent


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the bench prints its own table."""


class WebPhones:
    """Phones of these users and passwords at the WebSocket `url`; `jssip` is the bundled library."""

    def __init__(self, directory: Path, url: str, accounts: Mapping[str, str], jssip: Path) -> None:
        site = directory / "site"
        site.mkdir(parents=True)
        for name in ("phones.html", "phones.js"):
            shutil.copy(HERE / name, site / name)
        shutil.copy(jssip, site / "jssip.js")
        self.count = len(accounts)
        self._phones = [{"url": url, "user": user, "password": word} for user, word in accounts.items()]
        handler = functools.partial(_Quiet, directory=str(site))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._browser = Browser(f"http://127.0.0.1:{self._server.server_port}", directory / "browser")

    def __enter__(self) -> Self:
        self._thread.start()
        self._browser.open(f"/phones.html#{quote(json.dumps(self._phones))}")
        until(lambda: self._says(r"^(\d+) registered") == self.count, 30, "the WebRTC phones to register")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._browser.close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    def _says(self, pattern: str) -> int:
        found = re.search(pattern, self._browser.driver.title)
        return int(found.group(1)) if found else 0

    @property
    def talking(self) -> int:
        """How many are in a call."""
        return self._says(r"(\d+) talking")
