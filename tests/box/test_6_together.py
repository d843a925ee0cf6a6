"""Two people at once, one form twice, a page left open over a restart: a clear answer, and nothing lost."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import cast

import pytest

from tests.box.client import Answer, WebClient, trust
from tests.box.desk import Desk
from tests.box.wizard import CLINIC
from tests.browser.browser import Browser
from tests.image.box import Box
from tests.until import until

pytestmark = [pytest.mark.box, pytest.mark.browser]

QUEUE = "/settings/queues/q1"


@pytest.fixture(scope="module")
def managers(
    box: Box, passwords: dict[str, str], short_wrap_up: None
) -> Iterator[tuple[WebClient, WebClient]]:
    """Two browsers of people who may change settings."""
    tls = trust(box.http_port)
    with ExitStack() as stack:
        both = [stack.enter_context(WebClient(box.https_port, tls)) for _ in range(2)]
        for client in both:
            client.sign_in(CLINIC.admin_login, CLINIC.admin_password)
        yield both[0], both[1]


def review(client: WebClient, **values: str) -> Answer:
    """Change the queue's form and look at what it would change; not saved yet."""
    return client.send(client.get(QUEUE).form(QUEUE).fill(**values))


def saved_number(answer: Answer) -> int:
    """The revision that a save made."""
    found = re.fullmatch(r"/settings/saved/(\d+)", answer.location)
    assert found, f"not saved: {answer.status} {answer.location} {answer.text[:1500]}"
    return int(found.group(1))


def value(client: WebClient, name: str) -> str:
    """What the queue's form shows in a field now."""
    return dict(client.get(QUEUE).form(QUEUE).fields)[name]


def test_two_managers_save_at_the_same_moment(managers: tuple[WebClient, WebClient]) -> None:
    forms = [
        review(client, name=name).form("").fill(stage="save")
        for client, name in zip(managers, ("Front desk", "Welcome desk"), strict=True)
    ]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda pair: pair[0].send(pair[1], QUEUE), zip(managers, forms, strict=True)))
    first, second = sorted(answers, key=lambda answer: answer.status)
    assert (first.status // 100, second.status) == (3, 409)
    number = saved_number(first)
    assert "Somebody else changed the settings meanwhile" in second.text
    assert CLINIC.admin_name in second.text
    winner, loser = ("Front desk", "Welcome desk")
    if value(managers[0], "name") != winner:
        winner, loser = loser, winner
    assert value(managers[0], "name") == winner
    assert loser in second.text, "what the slower one typed is lost"
    # The slower one looks at both and goes on with one click.
    again = managers[answers.index(second)].send(second.form("").fill(stage="save"), QUEUE)
    assert saved_number(again) == number + 1
    assert value(managers[0], "name") == loser


def test_a_form_that_is_sent_twice_counts_once(managers: tuple[WebClient, WebClient]) -> None:
    client = managers[0]
    page = client.get("/settings/agents/new")
    typed = page.form("/settings/agents/new").fill(
        name="Phạm Quốc Bảo", extension="103", login="bao", queues="q1"
    )
    save = client.send(typed).form("").fill(stage="save")
    answers = [client.send(save, "/settings/agents/new") for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 200]
    # The one-time password is shown again, the same: a double click must not lose it.
    shown = [re.findall(r'class="secret">([^<]+)<', answer.text) for answer in answers]
    assert shown[0] == shown[1]
    assert len(shown[0]) == 1
    rows = re.findall(r"<tr>.*?</tr>", client.get("/users").text, re.S)
    assert len([row for row in rows if "Phạm Quốc Bảo" in row]) == 1


def test_pages_left_open_over_a_restart_go_on(box: Box, owner: Browser, minh: Desk) -> None:
    owner.open(QUEUE)
    owner.fill("#name", "Reception")
    live = owner.driver.current_window_handle
    owner.driver.switch_to.new_window("tab")
    owner.open("/live")
    owner.sees("Agents")
    old = box.main_pid("foyer-webui")
    box.kill("foyer-webui")
    until(lambda: box.main_pid("foyer-webui") not in (0, old), 10, "the pages to be back")
    until(lambda: box.is_active("foyer-webui"), 10, "the pages to be ready")
    # The open page needs no help to show what happens next.
    minh.go("available")
    owner.sees("Available", ".agents", 10)
    until(lambda: not owner.has("#connection"), 10, "no word of a lost connection")
    minh.go("offline")
    owner.driver.close()
    owner.driver.switch_to.window(live)
    # Nor is a form lost that was typed before.
    owner.click("form.form .button-main")
    owner.sees("Save these changes?")
    owner.click("button[name=stage][value=save]")
    owner.sees("Everything works with these settings.", timeout_s=15)
    owner.open(QUEUE)
    assert cast("str", owner.find("#name").get_property("value")) == "Reception"


def test_a_session_ends_when_it_is_ended(managers: tuple[WebClient, WebClient]) -> None:
    client = managers[1]
    old = dict(client.cookies)
    client.post("/logout", {}, of="/account")
    client.cookies = old
    assert client.get("/users").location.startswith("/login")
