"""An agent at work: the desk page in a browser, by what is clicked and seen there."""

import re
from collections.abc import Callable

from tests.asterisk.g711 import Samples
from tests.browser.browser import Browser
from tests.until import until


class Desk:
    """One agent's browser. Waits are the longest that an agent should have to wait."""

    def __init__(self, browser: Browser, agent: str) -> None:
        self.browser = browser
        self.agent = agent

    def log_tail(self) -> str:
        """For a failed test's report."""
        return self.browser.log_tail()

    def sign_in(self, login: str, password: str) -> None:
        """Through the page of everybody."""
        self.browser.open("/login")
        self.browser.fill("#login", login)
        self.browser.fill("#password", password)
        self.browser.click("form[action='/login'] button")
        until(
            lambda: self.browser.path != "/login", 10, f"{login} to be signed in: {self.browser.text()[:300]}"
        )

    def choose_password(self, one_time: str, password: str) -> None:
        """The first sign-in asks for it."""
        self.browser.fill("#password_now", one_time)
        self.browser.fill("#password", password)
        self.browser.fill("#password_again", password)
        self.browser.click("form[action='/account/password'] .button-main")
        until(lambda: "/account/password" not in self.browser.path, 10, "the password to be changed")

    def open(self) -> None:
        """Go to the desk."""
        self.browser.open("/desk")

    def go(self, state: str) -> None:
        """Become `available`, `offline`, or take `break:<code>`."""
        if state.startswith("break:"):
            self.browser.click(".choice-menu summary")
        self.browser.click(f'.status-switch button[value="{state}"]')
        wanted = state.partition(":")[0]
        until(lambda: self.browser.has(f'#status [data-state="{wanted}"]'), 5, f"the state {state}")

    def wait_phone(self, timeout_s: float = 10) -> None:
        """Wait until the phone in the browser is registered."""
        self.browser.sees("The phone is ready.", "#phone-state", timeout_s)

    @property
    def link(self) -> str:
        """What the page says of its phone."""
        return self.browser.text("#phone-state")

    @property
    def view(self) -> str:
        """What the card of the call shows: idle, ringing, talking or after."""
        card = self.browser.all("#call")
        return str(card[0].get_attribute("data-view")) if card else ""

    @property
    def phase(self) -> str:
        """What the page says of the call."""
        return self.browser.text("#phase")

    def wait_view(self, view: str, timeout_s: float = 10) -> None:
        """Wait until the card of the call shows that."""
        until(lambda: self.view == view, timeout_s, f"the desk to be {view} (it is {self.view!r})")

    def press(self, action: str) -> None:
        """Click one of the call's buttons: answer, reject, mute, hold, hangup."""
        self.browser.click(f'#controls [data-do="{action}"]')

    def answer(self) -> None:
        """Pick the ringing call up."""
        self.press("answer")
        self.wait_view("talking", 5)
        until(lambda: self.phase == "On the phone", 5, "the call to be up on the desk")

    @property
    def who(self) -> str:
        """Who is shown, with spaces taken out of numbers."""
        return re.sub(r"(?<=\d) (?=\d)", "", self.browser.text("#who"))

    def write(self, note: str) -> None:
        """Type a note and wait until it is saved."""
        self.browser.fill("#note", note)
        self.wait_note_saved()

    def wait_note_saved(self, timeout_s: float = 10) -> None:
        """Wait until the page says that the box has the note."""
        self.browser.sees("Saved", "#note-state", timeout_s)

    @property
    def note(self) -> str:
        """What the note's field holds."""
        fields = self.browser.all("#note")
        return str(fields[0].get_property("value")) if fields else ""

    def finish(self, disposition: str) -> None:
        """Say how the call ended; "" for no result."""
        self.browser.click(f'#results [data-result="{disposition}"]')
        self.wait_view("idle", 5)

    def rest(self) -> None:
        """End whatever is there and go offline, so that the next test begins in peace."""
        if self.view == "talking":
            self.press("hangup")
        until(lambda: self.view in ("after", "idle"), 10, f"the end of the call (it is {self.view!r})")
        if self.view == "after":
            self.finish("")
        self.go("offline")

    def wait_heard(self, wanted: Callable[[Samples], bool], timeout_s: float, what: str) -> None:
        """Wait until what the agent has heard in the last 0.7 s satisfies `wanted`."""
        until(lambda: wanted(self.browser.heard()), timeout_s, f"the agent to hear {what}")
