"""A caller whose name is an attack, through the whole box: it stands on every page as the text that it is."""

import pytest

from tests.box.desk import Desk
from tests.box.line import Line
from tests.box.records import open_call
from tests.browser.browser import Browser
from tests.until import until

pytestmark = [pytest.mark.box, pytest.mark.browser]

NUMBER = "0944000001"
NAME = "<evil onerror=x>1</evil> ${SHELL(id)} {{ 7 * 7 }}; status will follow"
COUNT_EVIL = "return document.querySelectorAll('evil, [onerror]').length"


def is_text_on(browser: Browser, css: str) -> None:
    """Waits until the name is read there; it must have become nothing else."""
    browser.sees(NAME, css)
    assert browser.script(COUNT_EVIL) == 0


def test_a_hostile_name_is_shown_as_text(line: Line, minh: Desk, owner: Browser) -> None:
    minh.go("available")
    with line.phones(440) as far:
        leg = far.call(line.number, caller=NUMBER, name=NAME).wait_answer()
        minh.wait_view("ringing", 20)
        is_text_on(minh.browser, "#who")
        owner.open("/live")
        is_text_on(owner, ".agents")
        minh.answer()
        is_text_on(minh.browser, "#who")
        is_text_on(owner, ".agents")
        leg.hang_up()
    minh.wait_view("after", 5)
    minh.finish("solved")
    is_text_on(minh.browser, "#recent")
    minh.go("offline")


def test_it_stands_in_the_history_as_text(owner: Browser) -> None:
    until(lambda: "Answered" in open_call(owner, NUMBER).text, 10, "the call in the list")
    is_text_on(owner, "#call")
    owner.click("#call dd a[href^='/people/']")
    owner.sees("Contacts so far")
    is_text_on(owner, "h1")
    owner.open("/people?q=status+will+follow")
    is_text_on(owner, ".list")
    owner.open(f"/calls?who={NUMBER}")
    is_text_on(owner, ".calls")
