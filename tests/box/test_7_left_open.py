"""A live page that is left open while everything under it goes and comes back is right again by itself."""

from collections.abc import Iterator

import pytest

from tests.box.client import WebClient
from tests.box.exchange import Exchange
from tests.browser.browser import Browser
from tests.image.box import Box
from tests.until import until

pytestmark = [pytest.mark.box, pytest.mark.browser]

RIGHT_AGAIN_S = 10.0
SAME_PAGE = "return window.foyerSamePage === true"


@pytest.fixture(scope="module")
def left_open(owner: Browser, ha: WebClient) -> Iterator[Browser]:
    """The live page; marked, so that a page that was loaded anew would be noticed."""
    owner.open("/live")
    owner.sees("Agents")
    owner.script("window.foyerSamePage = true")
    yield owner
    ha.post("/desk/state", {"state": "offline"}, of="/desk")


def shows(page: Browser, ha: WebClient) -> None:
    """A change that comes now is seen soon, on the page that was there all the time."""
    for state, words in (("break:meal", "Meal"), ("offline", "No agent is there")):
        ha.post("/desk/state", {"state": state}, of="/desk")
        page.sees(words, timeout_s=RIGHT_AGAIN_S)
    assert page.script(SAME_PAGE), "the page was loaded anew"
    assert not page.has("#connection"), "the page still says that it has no connection"


@pytest.mark.parametrize("unit", ["foyer-pbx", "foyer-apply", "foyer-webui", "caddy"])
def test_a_process_is_killed(box: Box, left_open: Browser, ha: WebClient, unit: str) -> None:
    old = box.main_pid(unit)
    box.kill(unit)
    until(lambda: box.is_active(unit) and box.main_pid(unit) not in (0, old), 10, f"{unit} to be back")
    shows(left_open, ha)
    assert "The telephone service is not running." not in left_open.text()


def test_all_processes_are_killed_while_something_changes(
    box: Box, left_open: Browser, ha: WebClient, exchange: Exchange
) -> None:
    ha.post("/desk/state", {"state": "break:meal"}, of="/desk")
    left_open.sees("Meal", timeout_s=RIGHT_AGAIN_S)
    box.kill("foyer-pbx")
    box.kill("foyer-webui")
    ha.post("/desk/state", {"state": "offline"}, of="/desk")
    left_open.sees("No agent is there", timeout_s=RIGHT_AGAIN_S)
    until(lambda: not exchange.members(), RIGHT_AGAIN_S, "the agent to be out of the queue")
    shows(left_open, ha)


def test_the_telephone_service_is_restarted(
    box: Box, left_open: Browser, ha: WebClient, exchange: Exchange
) -> None:
    box.kill("asterisk")
    left_open.sees("The telephone service is not running.", timeout_s=5)
    until(lambda: exchange.is_up, 30, "Asterisk to be back")
    until(
        lambda: "The telephone service is not running." not in left_open.text(),
        RIGHT_AGAIN_S,
        "the page to say that it is back",
    )
    shows(left_open, ha)
