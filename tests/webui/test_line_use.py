"""When a phone line is used for calls out, on its page."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.store import Store
from appliance.store import site as sites
from appliance.store.schedules import Schedule, WeeklyHours
from tests.webui.conftest import SignIn
from tests.webui.test_closed_ports import lines
from tests.webui.test_spans import save

__all__ = ["lines"]


@pytest.mark.usefixtures("lines")
@pytest.mark.parametrize("line", ["l1", "l2"])
def test_calls_at_a_time(sign_in: SignIn, store: Store, line: str) -> None:
    """Over the internet and over a card alike."""
    boss = sign_in("boss")
    page = f"/settings/lines/{line}"
    review = boss.submit(boss.get(page), page, calls="2")
    assert "Calls at a time before: 0 after: 2" in review.words
    boss.submit(review, page, stage="save")
    with store.read() as db:
        found = sites.head(db)[1].line(line)
    assert found and found.calls == 2
    refused = boss.submit(boss.get(page), page, calls="501")
    assert refused.status == 422
    save(boss, page, calls="")
    with store.read() as db:
        found = sites.head(db)[1].line(line)
    assert found and found.calls == 0


@pytest.mark.usefixtures("lines")
def test_hours_in_which_it_is_used(sign_in: SignIn, store: Store) -> None:
    """Hours that a line asks for cannot be taken away."""
    boss = sign_in("boss")
    page = "/settings/lines/l2"
    daytime = Schedule("s1", "Daytime", weekly=(WeeklyHours("08:00", "17:00"),))
    with store.change() as change:
        number, now = sites.head(change.db)
        sites.save(change, replace(now, schedules=(daytime,)), "boss", "", number)
    review = boss.submit(boss.get(page), page, schedule_id="s1")
    assert "Used for calls out (empty) after: Daytime" in review.words, review.words
    boss.submit(review, page, stage="save")
    with store.read() as db:
        found = sites.head(db)[1].line("l2")
    assert found and found.schedule_id == "s1"
    gone = boss.submit(boss.get("/settings/schedules/s1"), "/settings/schedules/s1/remove")
    assert "The phone line “Company” asks for opening hours" in gone.words, gone.words
