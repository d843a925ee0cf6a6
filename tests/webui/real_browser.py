"""The pages in a real browser: served over HTTP, and somebody signed in."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from appliance.webui.app import Application
from appliance.webui.server import Server
from tests.browser.browser import Browser
from tests.until import until
from tests.webui.conftest import PASSWORD

WIDE, PHONE = (1366, 900), (390, 844)


@contextmanager
def served(app: Application) -> Iterator[str]:
    """Serves the pages and their news; the block's value is their address."""
    server = Server(("127.0.0.1", 0), app, numthreads=8)
    server.prepare()
    over = threading.Event()
    threads = [threading.Thread(target=server.serve), threading.Thread(target=app.hub.run, args=(over,))]
    for thread in threads:
        thread.start()
    try:
        yield f"http://127.0.0.1:{server.bind_addr[1]}"
    finally:
        over.set()
        server.stop()
        for thread in threads:
            thread.join()


@contextmanager
def signed_in(
    address: str, directory: Path, size: tuple[int, int] = WIDE, login: str = "boss"
) -> Iterator[Browser]:
    """A browser with a screen of this size, in which a user of conftest's box has signed in."""
    with Browser(address, directory) as browser:
        screen = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size == PHONE}
        browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        browser.open("/login")
        browser.fill("#login", login)
        browser.fill("#password", PASSWORD)
        browser.click("main button:not([type=button])")
        until(lambda: browser.path != "/login", 10, "the sign-in")
        yield browser
