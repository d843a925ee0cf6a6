"""Answers to the wizard's questions, given through the browser as a new owner gives them, or by its forms
alone.
"""

import re
from dataclasses import dataclass

from tests.box.client import WebClient
from tests.browser.browser import Browser
from tests.until import until

GREETING = "Welcome to the Blue Lotus clinic. Please stay on the line, we answer in a moment."


@dataclass(frozen=True)
class Answers:
    """What is typed; without a user name, the line is one whose provider is known by its address."""

    language: str
    country: str
    time_zone: str
    business: str
    admin_name: str
    admin_login: str
    admin_password: str
    queue: str
    greeting: str
    agents: tuple[tuple[str, str], ...]
    line: str
    provider: str
    number: str
    username: str = ""
    line_password: str = ""

    @property
    def register(self) -> str:
        """How the provider knows the box: "1" by its user name."""
        return "1" if self.username else "0"


CLINIC = Answers(
    language="en",
    country="VN",
    time_zone="Asia/Ho_Chi_Minh",
    business="Phòng khám Sen Xanh",
    admin_name="Nguyễn Thị Lan",
    admin_login="lan",
    admin_password="four green tea leaves",
    queue="Reception",
    greeting=GREETING,
    agents=(("Trần Văn Minh", "minh"), ("Lê Thu Hà", "ha")),
    line="Provider",
    provider="127.0.0.2",
    number="024 3825 1234",
)

# A line of the last page: whose password it is, and the password.
_PASSWORD = re.compile(r'class="mono">([^<]+)</span></span><span class="secret">([^<]+)<')


def _on(browser: Browser, step: str) -> None:
    """Send this step's form; the next question must follow."""
    browser.click("#wizard .button-main")
    until(
        lambda: not browser.path.endswith(f"/{step}"),
        browser.wait_s,
        f"the step after {step}: {browser.text()[:800]}",
    )


def run(browser: Browser, one_time_password: str, answers: Answers) -> dict[str, str]:
    """Go through the whole wizard; the agents' one-time passwords by their user names."""
    unlock(browser, one_time_password)
    browser.click(f"input[name=language][value={answers.language}]")
    _on(browser, "language")
    browser.choose("#country", answers.country)
    _on(browser, "country")
    browser.choose("#time_zone", answers.time_zone)
    _on(browser, "zone")
    browser.fill("#business_name", answers.business)
    _on(browser, "business")
    browser.fill("#name", answers.admin_name)
    browser.fill("#login", answers.admin_login)
    browser.fill("#password", answers.admin_password)
    browser.fill("#password_again", answers.admin_password)
    _on(browser, "administrator")
    browser.fill("#queue_name", answers.queue)
    browser.fill("#greeting_text", answers.greeting)
    _on(browser, "queue")
    for number, (name, login) in enumerate(answers.agents, start=1):
        browser.fill(f"#agent{number}_name", name)
        browser.fill(f"#agent{number}_login", login)
    _on(browser, "agents")
    browser.click("input[name=line_kind][value=provider]")
    browser.fill("#line_name", answers.line)
    browser.fill("#host", answers.provider)
    browser.click(f"input[name=register][value='{answers.register}']")
    if answers.username:
        browser.fill("#username", answers.username)
        browser.fill("#line_password", answers.line_password)
    browser.fill("#number", answers.number)
    _on(browser, "line")
    browser.click("#wizard .button-main")
    browser.sees("Your box is set up", "h1")
    return one_time_passwords(browser)


def unlock(browser: Browser, one_time_password: str) -> None:
    """Open the new box and type the password of its screen; the first question stands there then."""
    browser.open("/")
    browser.fill("#password_once", one_time_password)
    browser.click("form[action='/setup/unlock'] button")
    browser.find("input[name=language]")


def one_time_passwords(browser: Browser) -> dict[str, str]:
    """User name -> one-time password, as the last page shows them."""
    browser.find("#passwords")
    found: dict[str, str] = {}
    for entry in browser.all("#passwords li"):
        lines = entry.text.splitlines()
        login = re.search(r"User name: (\S+)", entry.text)
        assert login, f"no user name in {entry.text!r}"
        found[login.group(1)] = lines[-1].strip()
    return found


def send(client: WebClient, one_time_password: str, answers: Answers) -> dict[str, str]:
    """The same without a browser, where one is too slow; the client is then signed in as administrator."""
    (first, first_login), (second, second_login) = answers.agents
    password = answers.admin_password
    client.post("/setup/unlock", {"password_once": one_time_password})
    for step, typed in (
        ("language", {"language": answers.language}),
        ("country", {"country": answers.country}),
        ("zone", {"time_zone": answers.time_zone}),
        ("business", {"business_name": answers.business}),
        (
            "administrator",
            {
                "name": answers.admin_name,
                "login": answers.admin_login,
                "password": password,
                "password_again": password,
            },
        ),
        ("queue", {"queue_name": answers.queue, "greeting_text": answers.greeting}),
        (
            "agents",
            {
                "agent1_name": first,
                "agent1_login": first_login,
                "agent2_name": second,
                "agent2_login": second_login,
            },
        ),
        (
            "line",
            {
                "line_kind": "provider",
                "line_name": answers.line,
                "host": answers.provider,
                "register": answers.register,
                "username": answers.username,
                "line_password": answers.line_password,
                "number": answers.number,
            },
        ),
    ):
        client.post(f"/setup/{step}", typed)
    return dict(_PASSWORD.findall(client.post("/setup/summary", {}).text))
