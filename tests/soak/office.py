"""An office that works: a box that was set up by the wizard, and agents whose desk phones answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.asterisk.phone import Phone
from tests.box import wizard
from tests.box.client import WebClient, trust
from tests.browser.browser import Browser
from tests.image.box import Box
from tests.until import until

PASSWORD = "seven slow buffaloes"
EXTENSIONS = range(201, 207)
QUEUE = "/settings/queues/q1"
WRAP_UP_S = 1


@dataclass(frozen=True)
class Agent:
    """Who answers; `user` and `password` are the desk phone's."""

    login: str
    user: str
    password: str


class Office:
    """The agents of a running box. All are available, each on a desk phone."""

    def __init__(self, box: Box, folder: Path) -> None:
        self._box = box
        self._tls = trust(box.http_port)
        with Browser(box.https_url, folder / "owner") as owner:
            one_time = wizard.run(owner, box.otp, wizard.CLINIC)
        with WebClient(box.https_port, self._tls) as boss:
            boss.sign_in(wizard.CLINIC.admin_login, wizard.CLINIC.admin_password)
            for extension in EXTENSIONS:
                login = f"agent{extension}"
                one_time[login] = self._hire(boss, login, str(extension))
            boss.save(QUEUE, wrap_up_seconds=str(WRAP_UP_S))
        self.agents = [self._sign_in(login, password) for login, password in one_time.items()]

    def _hire(self, boss: WebClient, login: str, extension: str) -> str:
        """Make an agent with an account; returns its one-time password."""
        values = {"name": f"Agent {extension}", "extension": extension, "login": login, "queues": "q1"}
        saved = boss.save("/settings/agents/new", **values)
        shown = re.search(r'class="secret">([^<]+)<', saved.text)
        assert shown, saved.text[:2000]
        return shown.group(1)

    def _sign_in(self, login: str, one_time: str) -> Agent:
        """The first sign-in of an agent, who then waits for calls at a desk phone."""
        with WebClient(self._box.https_port, self._tls) as client:
            client.sign_in(login, one_time)
            words = {"password_now": one_time, "password": PASSWORD, "password_again": PASSWORD}
            client.post("/account/password", words)
            password = client.desk_password()
            user = re.search(r"\ba\d+d\b", client.get("/account").text)
            assert user
            client.post("/desk/state", {"device": "desk"}, of="/desk")
            client.post("/desk/state", {"state": "available"}, of="/desk")
        return Agent(login, user.group(), password)


def is_registered(phone: Phone) -> bool:
    """Registers; a refusal is an AssertionError."""
    phone.wait_registered()
    return True


@contextmanager
def desk_phones(agents: Sequence[Agent], server: tuple[str, int]) -> Iterator[list[Phone]]:
    """A phone for each, registered, that picks up whatever comes and speaks."""
    with ExitStack() as stack:
        phones = []
        for number, agent in enumerate(agents, 1):
            phone = Phone(
                agent.user, agent.password, host=f"127.0.3.{number}", server=server, tone_hz=700, answers=True
            )
            phones.append(stack.enter_context(phone))
            # A new password takes the box a moment.
            until(partial(is_registered, phone), 20, f"{agent.user} to be registered", every_s=0.5)
        yield phones
