"""Numbers that callers left: on the board, in the person's past, and cancelled by a supervisor."""

from __future__ import annotations

from appliance.store import Store, callbacks, live
from tests.webui.conftest import SignIn

CALL = "0000000a-0000-4000-8000-000000000000"


def left(store: Store, *, tries: int = 0) -> str:
    """Somebody left a number; returns the callback's id."""
    with store.change() as change:
        callbacks.leave(change, CALL, "q1", "+12025550143", change.now - 60_000)
        (one,) = callbacks.open_ones(change.db)
        change.db.execute(
            "UPDATE callback SET tries = ?, next_at = ? WHERE id = ?", (tries, change.now + 60_000, one.id)
        )
        return one.id


def test_the_board_says_how_it_stands(sign_in: SignIn, store: Store) -> None:
    callback_id = left(store, tries=1)
    browser = sign_in("lead")
    words = browser.get("/live").words
    assert "202-555-0143" in words and "Not reached; next try at" in words
    with store.change() as change:
        change.db.execute("UPDATE callback SET next_at = 0")
        placed = callbacks.place(change, callback_id)
        assert placed and placed.try_uuid
        row = {"queue": "q1", "position": 1, "since": change.now, "number": placed.number, "name": ""}
        live.put(change, "caller", placed.try_uuid, row)
    page = browser.get("/live")
    assert "Wants to be called back" in page.words
    assert f"/live/callback?id={callback_id}" in page.text and f"/live/end?call={CALL}" not in page.text


def test_a_supervisor_cancels(sign_in: SignIn, store: Store) -> None:
    callback_id = left(store)
    browser = sign_in("lead")
    page = browser.get(f"/live/callback?id={callback_id}")
    assert "Cancel this call back?" in page.words and "202-555-0143" in page.words
    assert "The call back was cancelled." in browser.submit(page, "/live/callback").words
    with store.read() as db:
        assert callbacks.get(db, callback_id).state == "cancelled"
    for address in (f"/live/callback?id={callback_id}", "/live/callback?id=nobody"):
        assert "This call back is over already." in browser.get(address).words
    assert sign_in("lan").get("/live/callback?id=x").status == 403
