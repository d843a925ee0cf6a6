"""Revisions: saved once, never changed, brought back as new ones."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.errors import ConflictError, NotFoundError, RejectedError, Sentence, SetupError
from appliance.store import Store, audit, events, site, users
from appliance.store.site_queues import Queue
from appliance.store.sitemodel import Site


def test_a_box_that_nobody_has_set_up(store: Store) -> None:
    with store.read() as db:
        assert site.head(db) == (0, Site())
        assert (site.head_number(db), site.desired(db), site.history(db)) == (0, 0, [])
        assert site.country(db) == "VN"
        assert not site.has_disposition(db, "booked")


def test_saving_makes_it_the_wanted_one(store: Store, small_site: Site) -> None:
    with store.change() as change:
        assert site.save(change, small_site, "u1", "first", 0) == 1
    with store.read() as db:
        assert site.head(db) == (1, small_site)
        assert site.desired(db) == 1
        assert [(event.kind, event.subject) for event in events.since(db, 0)] == [
            ("apply", "1"),
            ("site", "1"),
        ]
        (entry,) = audit.recent(db)
        assert (entry.action, entry.subject, entry.who) == ("site.save", "1", "u1")
        assert site.has_disposition(db, "booked")
        assert not site.has_disposition(db, "sold")
        assert site.country(db) == "VN"


def test_two_who_save_at_once(store: Store, small_site: Site) -> None:
    with store.change() as change:
        site.save(change, small_site, "u1", "", 0)
    with store.change() as change, pytest.raises(ConflictError):
        site.save(change, replace(small_site, business_name="B"), "u2", "", 0)
    with store.read() as db:
        assert site.head(db) == (1, small_site)


def test_undo_is_a_new_revision_and_brings_no_access_back(store: Store, small_site: Site) -> None:
    with store.change() as change:
        user = users.create(change, "lan", "Lan", "administrator", "correct horse battery")
        site.save(change, small_site, user, "", 0)
        site.save(change, replace(small_site, business_name="B"), user, "renamed", 1)
        users.create(change, "minh", "Minh", "agent", "correct horse battery")
    with store.change() as change:
        with pytest.raises(ConflictError):
            site.undo_to(change, 1, user, 1)
        assert site.undo_to(change, 1, user, 2) == 3
    with store.read() as db:
        assert site.head(db) == (3, small_site)
        assert users.count(db) == 2
        assert [(item.number, item.based_on, item.copy_of) for item in site.history(db)] == [
            (3, 2, 1),
            (2, 1, None),
            (1, 0, None),
        ]
        assert [item.number for item in site.history(db, 1, before=3)] == [2]
        with pytest.raises(NotFoundError):
            site.revision(db, 9)


def test_nothing_unclean_is_saved(store: Store, small_site: Site) -> None:
    dirty = replace(small_site, queues=(Queue("q1", "a\nb"),))
    with store.change() as change:
        with pytest.raises(RejectedError) as caught:
            site.save(change, dirty, "u1", "", 0)
        assert caught.value.field == "queues.0.name"
        for comment in ("a\nb", "x" * 201):
            with pytest.raises(RejectedError):
                site.save(change, small_site, "u1", comment, 0)


def test_a_revision_that_this_release_cannot_read(store: Store, small_site: Site) -> None:
    with store.change() as change:
        site.save(change, small_site, "u1", "", 0)
        change.db.execute("UPDATE revision SET site = json_set(site, '$.queues[0].strategy', 'psychic')")
    with store.read() as db, pytest.raises(SetupError, match="strategy"):
        site.head(db)


def test_the_report_of_what_is_live(store: Store, small_site: Site) -> None:
    with store.change() as change:
        number = site.save(change, small_site, "u1", "", 0)
        site.report(change, number, "asterisk", "rendering")
        site.report(
            change, number, "asterisk", "failed", Sentence("No {what}.", "Mend it.", {"what": "host"})
        )
        site.report(change, number, "prompts", "live")
        site.set_desired(change, 0)
        with pytest.raises(RejectedError):
            site.report(change, number, "asterisk", "maybe")
    with store.read() as db:
        parts = site.apply_report(db, number)
        assert [(item.part, item.state, item.sentence.text()) for item in parts] == [
            ("asterisk", "failed", "No host. Mend it."),
            ("prompts", "live", ""),
        ]
        assert site.apply_report(db, 2) == []
        assert site.desired(db) == 0


def test_ids_are_never_used_again(store: Store, small_site: Site) -> None:
    with store.change() as change:
        assert site.fresh_id(change.db, "q") == "q1"
        site.save(change, small_site, "u1", "", 0)
        site.save(change, replace(small_site, queues=(), numbers=()), "u1", "", 1)
        assert site.fresh_id(change.db, "q") == "q2"
        assert site.fresh_id(change.db, "a") == "a3"
        assert site.fresh_id(change.db, "a", ["a3", "q7"]) == "a4"
        assert site.fresh_id(change.db, "n") == "n2"
        assert site.fresh_id(change.db, "l") == "l2"
