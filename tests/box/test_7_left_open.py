"""A live page that is left open while everything under it goes and comes back is right again by itself: of
agents, and of a caller who waits through all of it.
"""

import re
from collections.abc import Iterator

import pytest

from tests.asterisk.caller import SippCaller
from tests.box.client import WebClient
from tests.box.exchange import Exchange
from tests.box.line import Line
from tests.box.records import call_text, rows
from tests.browser.browser import Browser
from tests.image.box import Box
from tests.until import Stopwatch, until, within

pytestmark = [pytest.mark.box, pytest.mark.browser]

RIGHT_AGAIN_S = 10.0
GREETED_S = 30.0  # a caller hears the greeting before the queue
WAITING = "0933000001"
CUT, ANEW = ("0933000002", "0933000003"), "0933000004"
NOBODY = "Nobody is waiting."
GONE = "The telephone service is not running."
SAME_PAGE = "return window.foyerSamePage === true"


@pytest.fixture(scope="module")
def left_open(owner: Browser, ha: WebClient, line: Line) -> Iterator[Browser]:
    """The live page of a box with a line; marked, so that a page that was loaded anew would be noticed."""
    owner.open("/live")
    owner.sees("Agents")
    owner.script("window.foyerSamePage = true")
    yield owner
    ha.post("/desk/state", {"state": "offline"}, of="/desk")


@pytest.fixture(scope="module")
def waiting(line: Line, left_open: Browser, ha: WebClient, exchange: Exchange) -> Iterator[SippCaller]:
    """A caller in the queue, whom nobody answers: its agent is on a break."""
    ha.post("/desk/state", {"state": "break:meal"}, of="/desk")
    until(exchange.members, RIGHT_AGAIN_S, "an agent in the queue")
    with line.sipp(WAITING, 440) as caller:
        caller.wait_answer()
        sees_waiting(left_open, WAITING, timeout_s=GREETED_S)
        yield caller


def waiting_on(page: Browser) -> list[str]:
    """The numbers of those who wait, as the page shows them now."""
    return sorted(re.findall(r"09330000\d\d", re.sub(r"\s", "", page.text("#board ol.waiting"))))


def sees_waiting(page: Browser, *callers: str, timeout_s: float = RIGHT_AGAIN_S) -> None:
    """The page shows these callers, or nobody."""
    until(lambda: waiting_on(page) == [*callers], timeout_s, f"{callers} to wait on the page")


def shows(page: Browser, ha: WebClient) -> None:
    """A change that comes now is seen soon, on the page that was there all the time."""
    for state, words in (("break:meal", "Meal"), ("offline", "No agent is there")):
        ha.post("/desk/state", {"state": state}, of="/desk")
        page.sees(words, timeout_s=RIGHT_AGAIN_S)
    assert page.script(SAME_PAGE), "the page was loaded anew"
    until(lambda: not page.has("#connection"), RIGHT_AGAIN_S, "no word of a lost connection")


@pytest.mark.parametrize("unit", ["foyer-pbx", "foyer-apply", "foyer-webui", "caddy"])
def test_a_process_is_killed(
    box: Box, left_open: Browser, ha: WebClient, waiting: SippCaller, unit: str
) -> None:
    old = box.main_pid(unit)
    box.kill(unit)
    until(lambda: box.is_active(unit) and box.main_pid(unit) not in (0, old), 10, f"{unit} to be back")
    shows(left_open, ha)
    sees_waiting(left_open, WAITING)
    until(lambda: GONE not in left_open.text(), RIGHT_AGAIN_S, "no word of a lost telephone service")


def test_the_browser_is_started_again(left_open: Browser, ha: WebClient, waiting: SippCaller) -> None:
    """It brings the page back by itself; meanwhile something has changed."""
    sees_waiting(left_open, WAITING)
    with left_open.ended():
        ha.post("/desk/state", {"state": "break:short"}, of="/desk")
    left_open.sees("Short break", timeout_s=RIGHT_AGAIN_S)
    sees_waiting(left_open, WAITING)
    assert left_open.path == "/live"
    left_open.script("window.foyerSamePage = true")
    shows(left_open, ha)


def test_all_processes_are_killed_while_something_changes(
    box: Box, left_open: Browser, ha: WebClient, exchange: Exchange, waiting: SippCaller
) -> None:
    ha.post("/desk/state", {"state": "break:meal"}, of="/desk")
    left_open.sees("Meal", timeout_s=RIGHT_AGAIN_S)
    box.kill("foyer-pbx")
    box.kill("foyer-webui")
    ha.post("/desk/state", {"state": "offline"}, of="/desk")
    left_open.sees("No agent is there", timeout_s=RIGHT_AGAIN_S)
    until(lambda: not exchange.members(), RIGHT_AGAIN_S, "the agent to be out of the queue")
    shows(left_open, ha)
    sees_waiting(left_open, WAITING)
    waiting.hang_up()
    sees_waiting(left_open)


def test_the_telephone_service_is_killed_while_callers_wait(
    box: Box, left_open: Browser, ha: WebClient, exchange: Exchange, line: Line
) -> None:
    ha.post("/desk/state", {"state": "break:meal"}, of="/desk")
    until(exchange.members, RIGHT_AGAIN_S, "an agent in the queue")
    with line.phones(440) as far:
        for number in CUT:
            far.call(line.number, caller=number).wait_answer()
        sees_waiting(left_open, *CUT, timeout_s=GREETED_S)
        box.kill("asterisk")
        within(lambda: GONE in left_open.text(), 5, "the page to say so")
        until(lambda: exchange.is_up, 30, "Asterisk to be back")
        back = Stopwatch()
        within(lambda: GONE not in left_open.text(), RIGHT_AGAIN_S, "the page to say that it is back", back)
        within(lambda: NOBODY in left_open.text("#board"), RIGHT_AGAIN_S, "nobody to wait on the page", back)
        until(exchange.members, RIGHT_AGAIN_S, "the agent in the queue again")
        far.call(line.number, caller=ANEW).wait_answer()
        sees_waiting(left_open, ANEW, timeout_s=GREETED_S)
    shows(left_open, ha)
    until(lambda: all("Cut off" in call_text(left_open, number) for number in CUT), 10, "how they ended")
    assert [rows(left_open, number) for number in CUT] == [1, 1]
