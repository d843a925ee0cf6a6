"""The wizard's answers and what becomes of them. Pure but for the countries' files: pages/setup.py asks, this
decides.

The draft is a flat dict of text, kept in the store between the steps. The administrator's account is made at
its own step, so that the draft holds no password of a person; the phone line's lies in it as it will lie in
the store's secrets.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from appliance.store import countries
from appliance.store.sitemodel import Site
from appliance.webui.i18n import N_

Say = Callable[[str], str]

DRAFT = "setup"
STEPS = ("language", "country", "zone", "business", "administrator", "queue", "agents", "line", "summary")
FIELDS = (
    "language",
    "country",
    "time_zone",
    "business_name",
    "queue_name",
    "greeting_text",
    "agent1_name",
    "agent1_login",
    "agent2_name",
    "agent2_login",
    "line_kind",
    "line_name",
    "host",
    "register",
    "username",
    "line_password",
    "number",
)
# The step on which each field of the site document is asked, for a refusal that only shows at the end.
_STEP_OF = (
    ("language", "language"),
    ("country", "country"),
    ("time_zone", "zone"),
    ("business_name", "business"),
    ("queues", "queue"),
    ("agents", "agents"),
    ("lines", "line"),
    ("numbers", "line"),
)
_NEEDED: Mapping[str, Sequence[str]] = {
    "language": ("language",),
    "country": ("country",),
    "zone": ("time_zone",),
    "business": ("business_name",),
    "queue": ("queue_name",),
    "agents": ("agent1_name", "agent1_login", "agent2_name", "agent2_login"),
    "line": ("line_kind",),
}
# For checking the answers so far: what stands in for those not given yet.
STAND_INS: Mapping[str, str] = {
    "language": "en",
    "country": "VN",
    "time_zone": "UTC",
    "business_name": "-",
    "queue_name": "-",
    "agent1_name": "-",
    "agent2_name": "-",
    "line_kind": "none",
}
# The wizard's field for a field of the site document, where the names differ.
_FIELD_OF = (
    ("queues.0.name", "queue_name"),
    ("queues.0.greeting_text", "greeting_text"),
    ("agents.0", "agent1_name"),
    ("agents.1", "agent2_name"),
    ("lines.0.name", "line_name"),
    ("lines.0.host", "host"),
    ("lines.0.username", "username"),
    ("numbers.0.number", "number"),
)
GREETING = N_("Welcome to %(business)s. Please stay on the line, we will be with you in a moment.")
QUEUE_NAME = N_("Reception")
LINE_NAME = N_("Our phone line")
TEST_LINE_NAME = N_("Test line")
# TEST-NET-1 (RFC 5737): an address that no network ever routes.
TEST_LINE_HOST = "192.0.2.1"
TEST_NUMBER = "1000"
DISPOSITIONS = (
    ("solved", N_("Solved")),
    ("follow-up", N_("To be followed up")),
    ("call-back", N_("Call back")),
    ("wrong-number", N_("Wrong number")),
)
BREAKS = (
    ("short", N_("Short break")),
    ("meal", N_("Meal")),
    ("meeting", N_("Meeting")),
    ("training", N_("Training")),
)
# Without letters and digits that look alike on paper, in groups that are easy to read out.
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class NewPerson:
    """An account to be made, and the one-time password that is shown once."""

    name: str
    login: str
    password: str


def complete(draft: Mapping[str, str], say: Say) -> dict[str, str]:
    """The draft with a proposal for whatever has not been answered yet, in the words of `say`."""
    full = {name: draft.get(name, "") for name in FIELDS}
    business = full["business_name"]
    if "queue_name" not in draft:
        full["queue_name"] = say(QUEUE_NAME)
    if "greeting_text" not in draft and business:
        # Not filled in a page's manner: this is to be spoken.
        full["greeting_text"] = str(say(GREETING)) % {"business": business}
    if "line_name" not in draft:
        full["line_name"] = say(LINE_NAME)
    if "register" not in draft:
        full["register"] = "1"
    return full


def missing_step(draft: Mapping[str, str]) -> str | None:
    """The first step whose answers are missing; None if the summary can be shown."""
    for step, names in _NEEDED.items():
        if not all(draft.get(name) for name in names):
            return step
    return None


def step_after(step: str) -> str:
    """The step that follows; the summary is the last."""
    return STEPS[min(STEPS.index(step) + 1, len(STEPS) - 1)]


def step_before(step: str) -> str:
    """The step before, "" for the first."""
    at = STEPS.index(step)
    return STEPS[at - 1] if at else ""


def step_of(field: str) -> str:
    """The step on which a field of the site document ("queues.0.name") is asked."""
    return next((step for prefix, step in _STEP_OF if field.startswith(prefix)), "summary")


def field_of(path: str) -> str:
    """The wizard's field for a path of the site document."""
    return next((name for prefix, name in _FIELD_OF if path.startswith(prefix)), path)


def site_of(draft: Mapping[str, str], say: Say) -> Site:
    """The first site document. RejectedError, with the field's path, for an answer that does not fit."""
    lines, numbers = _line_and_number(draft, say)
    country = countries.find_or_generic(draft["country"], countries.load())
    extensions = [str(at) for at in range(101, 200) if not country.is_emergency(str(at))]
    return Site.from_dict(
        {
            "country": draft["country"],
            "language": draft["language"],
            "time_zone": draft["time_zone"],
            "business_name": draft["business_name"],
            "queues": [
                {
                    "id": "q1",
                    "name": draft["queue_name"],
                    "greeting_text": draft["greeting_text"],
                    "agents": ["a1", "a2"],
                }
            ],
            "agents": [
                {"id": "a1", "name": draft["agent1_name"], "extension": extensions[0]},
                {"id": "a2", "name": draft["agent2_name"], "extension": extensions[1]},
            ],
            "lines": lines,
            "numbers": numbers,
            "dispositions": [{"code": code, "name": say(name)} for code, name in DISPOSITIONS],
            "breaks": [{"code": code, "name": say(name)} for code, name in BREAKS],
        }
    )


def _line_and_number(
    draft: Mapping[str, str], say: Say
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """The first line and its number. Without a provider, a line that nobody can call in by, for the test
    caller: he dials a number like everybody else, and the line waits to be given the provider's address
    later.
    """
    line: dict[str, object] = {"id": "l1", "kind": "sip", "name": say(TEST_LINE_NAME), "host": TEST_LINE_HOST}
    number = TEST_NUMBER
    if draft["line_kind"] == "provider":
        number = draft["number"]
        line.update(
            name=draft["line_name"],
            host=draft["host"],
            username=draft["username"],
            register=draft["register"] == "1",
        )
    return [line], [{"id": "n1", "number": number, "line_id": "l1", "queue_id": "q1"}]


def one_time_password() -> str:
    """A password to be read out and typed once, such as "k7mp-x2qa-9wdf": 60 bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))
