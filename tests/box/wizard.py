"""The wizard, gone through in the browser as a new owner does. Its answers are in answers.py, and so is the
way without a browser.
"""

import re

from tests.box.answers import CLINIC, GREETING, Answers, send
from tests.browser.browser import Browser
from tests.until import until

__all__ = ("CLINIC", "GREETING", "Answers", "one_time_passwords", "run", "send", "unlock")


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
