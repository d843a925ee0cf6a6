"""Answers to the wizard's questions, and how they are given by its forms alone: where a browser is too slow,
or where there is none, as on the machine that `make` runs on (Python 3.11, standard library only).
"""

import re
from dataclasses import dataclass

from tests.box.client import WebClient

GREETING = "Welcome to the Blue Lotus clinic. Please stay on the line, we answer in a moment."


@dataclass(frozen=True)
class Answers:
    """What is typed; without a user name, the line is one whose provider is known by its address. A
    `line_kind` of "none" is a box without a line: what is said of the provider does not count then.
    """

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
    line_kind: str = "provider"

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


def send(client: WebClient, one_time_password: str, answers: Answers) -> dict[str, str]:
    """Go through the whole wizard; the agents' one-time passwords by their user names. The client is then
    signed in as administrator.
    """
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
                "line_kind": answers.line_kind,
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
