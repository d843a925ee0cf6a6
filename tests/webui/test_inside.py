"""Conference rooms and announcements: made, changed, listed, refused and removed on their pages."""

from __future__ import annotations

from typing import Any

from appliance.store import Store, secrets
from appliance.store import site as sites
from tests.webui.conftest import SignIn


def test_a_room_is_made_and_listed(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    page = browser.get("/settings/rooms/new")
    refused = browser.submit(page, "/settings/rooms/new", name="Sales talk", extension="101")
    assert refused.status == 422 and "Lan and Sales talk cannot both have the extension 101." in refused.words
    review = browser.submit(page, "/settings/rooms/new", name="Sales talk", extension="600")
    assert "Conference room “Sales talk”" in review.words
    browser.submit(review, "/settings/rooms/new", stage="save")
    with store.read() as db:
        _, site = sites.head(db)
    assert [(room.id, room.extension, room.locked) for room in site.rooms] == [("r1", "600", False)]
    assert "Sales talk" in browser.get("/settings").words
    assert "600 Sales talk Conference room" in browser.get("/phone-codes").words
    page = browser.get("/settings/agents/a1")
    refused = browser.submit(page, "/settings/agents/a1", extension="600")
    assert refused.status == 422 and "Lan and Sales talk cannot both have the extension 600." in refused.words


def test_a_pin_is_kept_apart_and_never_shown(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    room: Any = {"name": "Sales talk", "extension": "600", "locked": "1"}
    page = browser.get("/settings/rooms/new")
    for wrong in ("", "12", "12a4"):
        refused = browser.submit(page, "/settings/rooms/new", **room, room_password=wrong)
        assert refused.status == 422 and "A PIN has 4 to 10 digits." in refused.words
    review = browser.submit(page, "/settings/rooms/new", **room, room_password="٤٧١١")
    assert "A new PIN for the conference room" in review.words
    browser.submit(review, "/settings/rooms/new", stage="save")
    with store.read() as db:
        number, site = sites.head(db)
        (document,) = db.execute("SELECT site FROM revision WHERE number = ?", (number,)).fetchone()
        assert secrets.get(db, "room:r1") == "4711"
    assert site.rooms[0].locked and "4711" not in document
    page = browser.get("/settings/rooms/r1")
    assert "4711" not in page.text and "A PIN is kept already." in page.words
    # Another name changes nothing about it; a room that is open has none any more.
    review = browser.submit(page, "/settings/rooms/r1", name="Talk")
    browser.submit(review, "/settings/rooms/r1", stage="save")
    with store.read() as db:
        assert secrets.get(db, "room:r1") == "4711"
    page = browser.get("/settings/rooms/r1")
    review = browser.submit(page, "/settings/rooms/r1", locked=[])
    assert "Asks for a PIN" in review.words
    browser.submit(review, "/settings/rooms/r1", stage="save")
    # An undo says that one is asked for, and brings back none.
    with store.change() as change:
        sites.undo_to(change, number, "u1", number + 2)
    with store.read() as db:
        assert secrets.get(db, "room:r1") is None
    assert "Nobody is let in until the room has a PIN." in browser.get("/settings/rooms/r1").words


def test_who_takes_messages_is_set_for_each_person(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    page = browser.get("/settings/agents/a1")
    review = browser.submit(page, "/settings/agents/a1", takes_messages="1")
    assert "Takes messages" in review.words
    browser.submit(review, "/settings/agents/a1", stage="save")
    with store.read() as db:
        _, site = sites.head(db)
    assert site.agents[0].takes_messages and not site.agents[1].takes_messages
    assert 'name="takes_messages" value="1" checked' in browser.get("/settings/agents/a1").text


def test_an_announcement_is_made_and_goes_with_its_last_agent(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    page = browser.get("/settings/pagings/new")
    refused = browser.submit(page, "/settings/pagings/new", name="All", extension="700")
    assert refused.status == 422 and "Nobody would hear this." in refused.words
    review = browser.submit(page, "/settings/pagings/new", name="All", extension="700", agents="a1")
    browser.submit(review, "/settings/pagings/new", stage="save")
    assert "700 All You speak to several desk phones at once." in browser.get("/phone-codes").words
    page = browser.get("/settings/agents/a1")
    review = browser.submit(page, "/settings/agents/a1/remove")
    assert "Announcement “All”" in review.words
    browser.submit(review, "/settings/agents/a1/remove", stage="save")
    with store.read() as db:
        _, site = sites.head(db)
    assert site.pagings == ()
