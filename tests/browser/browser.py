"""A Chromium that a test drives: a real browser with a microphone that holds a tone, and ears.

Waits are built in: whatever is asked for may appear a little later. On failure `log_tail` leaves a
screenshot and says where, and what the page's console said.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from selenium import webdriver
from selenium.common.exceptions import (
    NoSuchWindowException,
    StaleElementReferenceException,
    WebDriverException,
)
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from tests.asterisk.g711 import Samples
from tests.asterisk.sound import RATE, tone, write_wav
from tests.until import until

EARS = Path(__file__).with_name("ears.js")
WAIT_S = 10.0
PAGE_S = 60.0
MICROPHONE_RATE = 48000


@contextmanager
def replaced_under_our_eyes() -> Iterator[None]:
    """Ends the block where the page, or a part of it, was replaced between two looks. chromedriver has two
    words for it.
    """
    try:
        yield
    except WebDriverException as error:
        is_stale = isinstance(error, StaleElementReferenceException)
        if not is_stale and "does not belong to the document" not in str(error):
            raise


class Browser:
    """One browser with a profile of its own; `base` is the box's address (https://...).

    Screenshots and the driver's log go to `directory`. With `over_loopback` the sound of calls may go over
    127.0.0.1, which browsers refuse by themselves; a browser without it needs another address to call from.
    `wait_s` is how long what is looked for may take, where nothing else is said.
    """

    def __init__(
        self,
        base: str,
        directory: Path,
        *,
        microphone_hz: int = 1000,
        language: str = "en",
        over_loopback: bool = True,
        wait_s: float = WAIT_S,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.base = base.removesuffix("/").removesuffix(":443")
        self.directory = directory
        self.wait_s = wait_s
        self._profile = tempfile.TemporaryDirectory(prefix="foyer-browser-", ignore_cleanup_errors=True)
        sound = tone(microphone_hz, 30, MICROPHONE_RATE)
        microphone = write_wav(directory / "microphone.wav", sound, MICROPHONE_RATE)
        options = Options()
        for argument in (
            "--headless=new",
            "--no-sandbox",  # the test root has no user namespaces
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--window-size=1280,900",
            f"--user-data-dir={self._profile.name}",
            f"--lang={language}",
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={microphone}",
            "--autoplay-policy=no-user-gesture-required",
        ):
            options.add_argument(argument)
        if over_loopback:
            options.add_argument("--allow-loopback-in-peer-connection")
        options.add_experimental_option("prefs", {"intl.accept_languages": language})
        options.accept_insecure_certs = True
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self._options = options
        self.driver = self._start()

    def _start(self) -> webdriver.Chrome:
        service = Service("/usr/bin/chromedriver", log_output=str(self.directory / "chromedriver.log"))
        driver = webdriver.Chrome(options=self._options, service=service)
        driver.set_page_load_timeout(PAGE_S + self.wait_s)
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": EARS.read_text("utf-8")})
        return driver

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def ended(self) -> Iterator[None]:
        """Within the block the browser does not run. Then it is the same one, which opens by itself the pages
        that were open when it ended; the page that the driver looks at is the first of them.
        """
        self.driver.quit()
        try:
            yield
        finally:
            self._options.add_argument("--restore-last-session")
            self.driver = self._start()
            pages = until(self._restored, self.wait_s, "the pages of before")
            self.driver.switch_to.window(pages[0])

    def _restored(self) -> list[str]:
        """The windows that show a page of the box's."""
        found = []
        for window in self.driver.window_handles:
            with suppress(NoSuchWindowException):  # the one that the browser starts with goes meanwhile
                self.driver.switch_to.window(window)
                if self.driver.current_url.startswith(self.base):
                    found.append(window)
        return found

    def close(self) -> None:
        """End the browser."""
        self.driver.quit()
        self._profile.cleanup()

    @property
    def path(self) -> str:
        """Path of the page that is shown."""
        return str(self.driver.current_url).removeprefix(self.base)

    def open(self, path: str) -> None:
        """Go to a page of the box."""
        self.driver.get(f"{self.base}{path}")

    def reload(self) -> None:
        """Load the same page again, as a user's F5 does."""
        self.driver.refresh()

    def all(self, css: str) -> list[WebElement]:
        """The elements there now."""
        return list(self.driver.find_elements(By.CSS_SELECTOR, css))

    def find(self, css: str, timeout_s: float | None = None) -> WebElement:
        """The first visible element, when it is there."""

        def visible() -> WebElement | None:
            with replaced_under_our_eyes():
                return next((element for element in self.all(css) if element.is_displayed()), None)
            return None

        element = until(visible, timeout_s or self.wait_s, f"{css} on {self.path}")
        assert element is not None
        return element

    def has(self, css: str) -> bool:
        """Whether a visible element is there now."""
        with replaced_under_our_eyes():
            return any(element.is_displayed() for element in self.all(css))
        return False

    def click(self, css: str, timeout_s: float | None = None) -> None:
        """Click when it can be clicked."""

        def clicked() -> bool:
            try:
                self.find(css, timeout_s).click()
            except WebDriverException as error:
                raise AssertionError(str(error)) from error
            return True

        until(clicked, timeout_s or self.wait_s, f"{css} to be clickable on {self.path}")

    def fill(self, css: str, text: str) -> None:
        """Type into a field, in place of what is there."""
        field = self.find(css)
        field.clear()
        field.send_keys(text)

    def choose(self, css: str, value: str) -> None:
        """Choose an option of a select by its value."""
        self.click(f'{css} option[value="{value}"]')

    def text(self, css: str = "body") -> str:
        """The visible text of an element; empty if it is not there now."""
        with replaced_under_our_eyes():
            return "\n".join(element.text for element in self.all(css))
        return ""

    def sees(self, words: str, css: str = "body", timeout_s: float | None = None) -> None:
        """Wait until the visible text of an element holds these words."""

        def seen() -> bool:
            shown = self.text(css)
            assert words in shown, f"it reads {shown!r}"
            return True

        until(seen, timeout_s or self.wait_s, f"{words!r} in {css} on {self.path}")

    def script(self, source: str, *arguments: object) -> object:
        """Result of a script's `return`."""
        result: object = self.driver.execute_script(source, *arguments)  # type: ignore[no-untyped-call]
        return result

    def async_script(self, source: str, *arguments: object) -> object:
        """What a script gives to the callback that is its last argument, within a minute."""
        self.driver.set_script_timeout(60)
        result: object = self.driver.execute_async_script(source, *arguments)
        return result

    @contextmanager
    def script_at_start(self, source: str) -> Iterator[None]:
        """Pages that are opened meanwhile run this script before their own."""
        add = "Page.addScriptToEvaluateOnNewDocument"
        script = self.driver.execute_cdp_cmd(add, {"source": source})
        try:
            yield
        finally:
            self.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)

    def heard(self) -> Samples:
        """The last 0.7 s that came in over the telephone, at 8 kHz; empty before any call."""
        heard = self.script("return window.foyerHeard ? window.foyerHeard() : null")
        if not isinstance(heard, dict):
            return np.zeros(0, dtype=np.int16)
        fine = np.array(heard["samples"], dtype=np.float64)
        step = round(heard["rate"] / RATE)
        samples: Samples = fine[: len(fine) // step * step].reshape(-1, step).mean(axis=1).astype(np.int16)
        return samples

    def screenshot(self, name: str) -> Path:
        """Save what is shown; returns the file."""
        path = self.directory / f"{name}.png"
        self.driver.save_screenshot(str(path))
        return path

    def log_tail(self, lines: int = 40) -> str:
        """Address, words, console and a screenshot of the page, for a failed test's report."""
        try:
            shot = self.screenshot("failure")
            entries = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
            console = [f"{entry['level']} {entry['message']}" for entry in entries[-lines:]]
            return "\n".join(
                [f"{self.driver.current_url} ({shot})", self.text()[:3000], "console:", *console]
            )
        except WebDriverException as error:
            return f"the browser does not answer: {json.dumps(str(error))}"
