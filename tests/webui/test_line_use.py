"""When a phone line is used for calls out, on its page."""

from __future__ import annotations

import pytest

from appliance.store import Store
from appliance.store import site as sites
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
