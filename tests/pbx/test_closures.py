"""Opening hours closed by hand on a private real Asterisk: by a request, and by a code on a phone; the pages
know, and it ends with the day.
"""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from appliance.pbx.ami import Ami
from appliance.store import live, requests
from tests.pbx.box import ASKED_S, Box
from tests.until import until

pytestmark = pytest.mark.asterisk

ZONE = "Pacific/Kiritimati"  # UTC+14, so that its date is seldom the one of UTC


@pytest.fixture
def box() -> Iterator[Box]:
    """A box with opening hours, whose foyer-pbx runs."""
    week = [{"day": day, "opens": "00:00", "closes": "24:00"} for day in range(1, 8)]
    with tempfile.TemporaryDirectory(prefix="pbx-", dir="/tmp") as path, Box(Path(path)) as box:
        box.save(schedules=[{"id": "s1", "name": "Office", "time_zone": ZONE, "weekly": week}])
        box.start()
        yield box


def today() -> datetime.date:
    return datetime.datetime.now(ZoneInfo(ZONE)).date()


def rows(box: Box) -> dict[str, Any]:
    with box.store.read() as db:
        return live.snapshot(db).rows["hours"]


def held(box: Box) -> str:
    return box.asterisk.cli("database show foyer-closed")


def ask(box: Box, schedule: str, closed: str) -> requests.Request:
    with box.store.change() as change:
        args = {"schedule": schedule, "closed": closed}
        asked = requests.ask(change, "pbx", "close_hours", args, "u1", ASKED_S)
    return requests.wait(box.store, asked, ASKED_S)


def test_closed_by_a_request_and_opened_by_another(box: Box) -> None:
    assert ask(box, "s1", "1").state == "done"
    assert f"{today():%Y%m%d}" in held(box)
    until(lambda: rows(box) == {"s1": {"closed": str(today())}}, 5, "the pages to know")
    assert ask(box, "s1", "0").state == "done"
    assert "foyer-closed/s1" not in held(box)
    until(lambda: rows(box) == {}, 5, "the pages to know")
    assert ask(box, "s1", "0").state == "done"
    assert ask(box, "s9", "1").state == "failed"


def test_closed_and_opened_by_a_code_on_a_phone(box: Box) -> None:
    ami = Ami("test")
    ami.connect("127.0.0.1", box.settings.ami_port)
    ami.login("ami-actions", "secret-ami-actions", events=False)
    dialled = {"Channel": "Local/*921@foyer-agent-a1", "Application": "Wait", "Data": "1", "Async": "true"}
    ami.ask("Originate", dialled)
    until(lambda: rows(box) == {"s1": {"closed": str(today())}}, 10, "the pages to know")
    ami.ask("Originate", dialled)
    until(lambda: rows(box) == {}, 10, "the pages to know")
    ami.close()


def test_what_is_over_is_taken_out(box: Box) -> None:
    box.asterisk.cli(f"database put foyer-closed s1 {today() - datetime.timedelta(days=1):%Y%m%d}")
    box.asterisk.cli(f"database put foyer-closed s9 {today():%Y%m%d}")
    until(lambda: "foyer-closed/" not in held(box), 10, "both to be gone")
    assert rows(box) == {}
