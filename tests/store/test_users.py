"""Accounts, signing in and sessions."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from appliance.errors import FoyerError, NotFoundError, RejectedError, TransientError
from appliance.store import Store, agents, audit, events, logins, passwords, secrets, users

PASSWORD = "correct horse battery"
HOME = "192.0.2.1"


@pytest.fixture
def admin(store: Store) -> str:
    """The id of the only administrator, "lan"."""
    with store.change() as change:
        return users.create(change, "Lan", "Nguyễn Lan", "administrator", PASSWORD)


def actions(store: Store) -> list[str]:
    with store.read() as db:
        return [entry.action for entry in reversed(audit.recent(db))]


def let_time_pass(store: Store, seconds: int) -> None:
    """As far as failed logins are concerned."""
    with store.change() as change:
        change.db.execute("UPDATE login_failure SET locked_until = locked_until - ?", (seconds * 1000,))


class TestAccounts:
    def test_created_changed_and_listed(self, store: Store, admin: str) -> None:
        with store.change() as change:
            other = users.create(
                change, "minh@x.vn", "Minh", "agent", PASSWORD, language="vi", agent_id="a1", must_change=True
            )
            users.update(change, other, "Minh Đ", "supervisor", language="", agent_id="a2", by=admin)
        with store.read() as db:
            user = users.get(db, other)
            assert (user.login, user.name, user.role) == ("minh@x.vn", "Minh Đ", "supervisor")
            assert (user.language, user.agent_id, user.must_change, user.disabled) == ("", "a2", True, False)
            assert users.of_agent(db, "a2") == user
            assert users.of_agent(db, "a1") is None
            assert [item.login for item in users.every(db)] == ["lan", "minh@x.vn"]
            assert (users.count(db), users.count(db, "supervisor"), users.count(db, "agent")) == (2, 1, 0)
        assert actions(store) == ["user.create", "user.create", "user.update"]

    def test_roles_include_each_other(self, store: Store, admin: str) -> None:
        with store.change() as change:
            agent = users.create(change, "minh", "Minh", "agent", PASSWORD)
            assert users.get(change.db, admin).may("agent")
            assert users.get(change.db, agent).may("agent")
            assert not users.get(change.db, agent).may("supervisor")

    @pytest.mark.parametrize(
        ("login", "name", "role", "password", "field"),
        [
            ("", "Minh", "agent", PASSWORD, "login"),
            ("a b", "Minh", "agent", PASSWORD, "login"),
            ("-x", "Minh", "agent", PASSWORD, "login"),
            ("minh\n", "Minh", "root", PASSWORD, "role"),
            ("LAN", "Minh", "agent", PASSWORD, "login"),
            ("minh", "", "agent", PASSWORD, "name"),
            ("minh", "a\nb", "agent", PASSWORD, "name"),
            ("minh", "x" * 81, "agent", PASSWORD, "name"),
            ("minh", "Minh", "agent", "short", "password"),
            ("minh", "Minh", "agent", "x" * 201, "password"),
            ("minh", "Minh", "agent", "aaaaaaaaaaaa", "password"),
            ("minh.minh.minh", "Minh", "agent", "Minh.Minh.Minh", "password"),
        ],
    )
    def test_what_does_not_fit_is_refused(
        self, store: Store, admin: str, login: str, name: str, role: str, password: str, field: str
    ) -> None:
        with store.change() as change, pytest.raises(RejectedError) as caught:
            users.create(change, login, name, role, password)
        assert caught.value.field == field

    def test_one_user_for_each_agent(self, store: Store, admin: str) -> None:
        with store.change() as change:
            users.create(change, "minh", "Minh", "agent", PASSWORD, agent_id="a1")
            with pytest.raises(RejectedError) as caught:
                users.update(change, admin, "Lan", "administrator", agent_id="a1", by=admin)
        assert caught.value.field == "agent_id"

    def test_the_last_administrator_stays(self, store: Store, admin: str) -> None:
        with store.change() as change:
            with pytest.raises(RejectedError):
                users.set_disabled(change, admin, True, admin)
            with pytest.raises(RejectedError):
                users.update(change, admin, "Lan", "agent", by=admin)
            other = users.create(change, "minh", "Minh", "administrator", PASSWORD)
            users.set_disabled(change, other, True, admin)
            with pytest.raises(RejectedError):
                users.set_disabled(change, admin, True, admin)
            users.set_disabled(change, other, False, admin)
            users.update(change, admin, "Lan", "agent", by=other)
            assert users.count(change.db, "administrator") == 1

    @pytest.mark.parametrize("is_disabled", [True, False], ids=["locked out", "no longer an agent"])
    def test_who_leaves_leaves_the_phones(self, store: Store, admin: str, is_disabled: bool) -> None:
        with store.change() as change:
            user = users.create(change, "minh", "Minh", "agent", PASSWORD, agent_id="a2")
            known = [secrets.ensure(change, name) for name in ("sip:a2", "sip:a2d")]
            agents.set_state(change, "a2", "available", device="desk", by=user)
            users.update(change, user, "Minh Đ", "agent", agent_id="a2", by=admin)
            assert [secrets.get(change.db, name) for name in ("sip:a2", "sip:a2d")] == known
            assert agents.current_of(change.db, "a2").state == "available"
        with store.change() as change:
            if is_disabled:
                users.set_disabled(change, user, True, admin)
            else:
                users.update(change, user, "Minh", "agent", by=admin)
        with store.read() as db:
            assert [secrets.get(db, name) for name in ("sip:a2", "sip:a2d")] == [None, None]
            assert (agents.current_of(db, "a2").state, agents.current_of(db, "a2").by) == ("offline", admin)

    def test_a_new_password_renews_the_browsers_phone_only(self, store: Store, admin: str) -> None:
        with store.change() as change:
            user = users.create(change, "minh", "Minh", "agent", PASSWORD, agent_id="a2")
            desk = [secrets.ensure(change, name) for name in ("sip:a2", "sip:a2d")][1]
            agents.set_state(change, "a2", "available", by=user)
        with store.change() as change:
            users.set_password(change, user, "another password", user)
        with store.read() as db:
            assert [secrets.get(db, name) for name in ("sip:a2", "sip:a2d")] == [None, desk]
            assert agents.current_of(db, "a2").state == "available"

    def test_a_user_who_is_not_there(self, store: Store) -> None:
        with store.change() as change, pytest.raises(NotFoundError):
            users.set_disabled(change, "nobody", True, "x")

    def test_languages(self, store: Store, admin: str) -> None:
        with store.change() as change:
            users.set_language(change, admin, "vi")
            assert users.get(change.db, admin).language == "vi"
            with pytest.raises(RejectedError):
                users.set_language(change, admin, "../x")


class TestSigningIn:
    def test_with_the_right_password(self, store: Store, admin: str) -> None:
        assert users.authenticate(store, " LAN ", PASSWORD, HOME).id == admin
        assert actions(store)[-1] == "login"

    @pytest.mark.parametrize(
        ("login", "password"), [("lan", "wrong"), ("nobody", PASSWORD), ("", ""), ("a\ud800", "")]
    )
    def test_wrong_is_wrong_without_saying_why(
        self, store: Store, admin: str, login: str, password: str
    ) -> None:
        with pytest.raises(RejectedError, match="login or the password"):
            users.authenticate(store, login, password, HOME)
        assert actions(store)[-1] == "login.failed"

    def test_a_disabled_user_is_not_let_in(self, store: Store, admin: str) -> None:
        with store.change() as change:
            user = users.create(change, "minh", "Minh", "agent", PASSWORD)
            users.set_disabled(change, user, True, admin)
        with pytest.raises(RejectedError):
            users.authenticate(store, "minh", PASSWORD, HOME)

    def test_letters_are_the_same_however_typed(self, store: Store, admin: str) -> None:
        with store.change() as change:
            users.set_password(change, admin, "mật khẩu dài", admin)
        assert users.authenticate(store, "lan", "mâ\u0323t khâ\u0309u dài", HOME).id == admin

    @pytest.mark.parametrize("login", ["lan", "nobody"])
    def test_guessing_an_account_gets_slower(self, store: Store, admin: str, login: str) -> None:
        waits = []
        for number in range(12):
            with pytest.raises(FoyerError):
                users.authenticate(store, login, "wrong", f"192.0.2.{number}")
            with store.read() as db:
                waits.append(logins.wait_s(db, login, HOME, round(time.time() * 1000)))
            let_time_pass(store, 100)
        assert waits[:4] == [0, 0, 0, 1]
        assert waits == sorted(waits)
        assert waits[-1] == 60

    def test_a_slowed_down_account_does_not_even_look(self, store: Store, admin: str) -> None:
        for _ in range(4):
            with pytest.raises(RejectedError):
                users.authenticate(store, "lan", "wrong", HOME)
        with pytest.raises(TransientError, match="Try again in 1 second"):
            users.authenticate(store, "lan", PASSWORD, HOME)
        let_time_pass(store, 2)
        users.authenticate(store, "lan", PASSWORD, HOME)
        with store.read() as db:
            assert logins.wait_s(db, "lan", "elsewhere", 0) == 0

    def test_a_stranger_cannot_keep_a_known_browser_out(self, store: Store, admin: str) -> None:
        for number in range(12):
            with pytest.raises(FoyerError):
                users.authenticate(store, "lan", "wrong", f"198.51.100.{number}")
            let_time_pass(store, 100)
        with pytest.raises(FoyerError):
            users.authenticate(store, "lan", "wrong", "198.51.100.99")
        with pytest.raises(TransientError):
            users.authenticate(store, "lan", PASSWORD, HOME)
        with pytest.raises(TransientError):  # known for somebody else
            users.authenticate(store, "lan", PASSWORD, HOME, "minh:0123")
        assert users.authenticate(store, "LAN ", PASSWORD, HOME, "lan:0123").id == admin
        with store.read() as db:
            user = users.get(db, admin)
        users.confirm(store, user, PASSWORD, HOME)

    def test_a_known_browser_is_slowed_down_as_well(self, store: Store, admin: str) -> None:
        for _ in range(4):
            with pytest.raises(RejectedError):
                users.authenticate(store, "lan", "wrong", HOME, "lan:0123")
        with pytest.raises(TransientError):
            users.authenticate(store, "lan", PASSWORD, HOME, "lan:0123")
        users.authenticate(store, "lan", PASSWORD, HOME, "lan:4567")

    def test_guessing_from_one_address_gets_slower(self, store: Store) -> None:
        with store.change() as change:
            for number in range(30):
                logins.failed(change, f"user{number}", HOME)
            assert logins.wait_s(change.db, "lan", HOME, change.now) == 512
            assert logins.wait_s(change.db, "lan", "192.0.2.2", change.now) == 0
            logins.succeeded(change, "lan")
            assert logins.wait_s(change.db, "lan", HOME, change.now) == 512
            change.now += 2 * 3600 * 1000
            logins.failed(change, "x", "y")
            assert logins.wait_s(change.db, "lan", HOME, 0) == 0

    def test_confirming_counts_as_guessing(self, store: Store, admin: str) -> None:
        with store.read() as db:
            user = users.get(db, admin)
        users.confirm(store, user, PASSWORD, HOME)
        for _ in range(4):
            with pytest.raises(RejectedError):
                users.confirm(store, user, "wrong", HOME)
        with pytest.raises(TransientError):
            users.confirm(store, user, PASSWORD, HOME)

    def test_an_unknown_account_takes_as_long(self) -> None:
        assert not passwords.matches(passwords.NOBODY, PASSWORD)
        assert not passwords.matches("no hash", PASSWORD)
        known = passwords.make_hash(PASSWORD, "lan")
        assert known.split("$")[:4] == passwords.NOBODY.split("$")[:4]
        assert passwords.matches(known, PASSWORD)


class TestSessions:
    def start(self, store: Store, user_id: str) -> str:
        with store.change() as change:
            return users.start_session(change, user_id, HOME)

    def test_from_signing_in_to_signing_out(self, store: Store, admin: str) -> None:
        token = self.start(store, admin)
        with store.read() as db:
            session = users.get_session(db, token)
            assert session is not None
            assert (session.user.id, session.address) == (admin, HOME)
            assert len(session.csrf) == 43
            assert users.get_session(db, session.csrf) is None
            assert users.get_session(db, "") is None
            assert token not in "".join(db.iterdump())
        with store.change() as change:
            users.end_session(change, token)
            users.end_session(change, token)
        with store.read() as db:
            assert users.get_session(db, token) is None
        assert actions(store)[-1] == "logout"

    def test_it_ends_when_unused_and_in_any_case(self, store: Store, admin: str) -> None:
        token = self.start(store, admin)
        with store.read() as db:
            session = users.get_session(db, token)
            assert session is not None
            begun = session.created
            assert users.get_session(db, token, begun + users.IDLE_MS - 1)
            assert users.get_session(db, token, begun + users.IDLE_MS) is None
        for day in range(7):
            with store.change() as change:
                change.now = begun + day * 24 * 3600 * 1000
                users.touch_session(change, token)
        with store.read() as db:
            assert users.get_session(db, token, begun + users.ABSOLUTE_MS - 14 * 3600 * 1000)
            assert users.get_session(db, token, begun + users.ABSOLUTE_MS) is None

    def test_over_sessions_are_swept(self, store: Store, admin: str) -> None:
        self.start(store, admin)
        with store.change() as change:
            change.now += users.IDLE_MS
            users.start_session(change, admin, HOME)
        with store.read() as db:
            assert db.table("session").count == 1

    def test_disabling_ends_them_at_once(self, store: Store, admin: str) -> None:
        with store.change() as change:
            user = users.create(change, "minh", "Minh", "agent", PASSWORD)
        token = self.start(store, user)
        with store.change() as change:
            users.set_disabled(change, user, True, admin)
        with store.read() as db:
            assert users.get_session(db, token) is None
            assert "user" in [event.kind for event in events.since(db, 0) if event.subject == user]
        with store.change() as change:
            users.set_disabled(change, user, False, admin)
        with store.read() as db:
            assert users.get_session(db, token) is None

    def test_a_new_password_ends_all_others(self, store: Store, admin: str) -> None:
        mine, other = self.start(store, admin), self.start(store, admin)
        with store.change() as change:
            users.set_password(change, admin, "another password", admin, keep_token=mine)
        with store.read() as db:
            assert users.get_session(db, mine)
            assert users.get_session(db, other) is None
        assert users.authenticate(store, "lan", "another password", HOME).id == admin

    def test_a_password_changed_meanwhile_is_wrong(self, store: Store, admin: str) -> None:
        with store.change() as change:
            users.set_password(change, admin, "another password", admin, must_change=True)
            assert users.get(change.db, admin).must_change
        with pytest.raises(RejectedError):
            users.authenticate(store, "lan", PASSWORD, HOME)


@pytest.mark.parametrize(("login", "fits"), [("lan", True), ("Lan@x.vn", True), ("a b", False), ("", False)])
def test_what_can_be_a_login(login: str, fits: bool) -> None:
    assert users.is_login(login) is fits


@pytest.mark.slow
def test_many_passwords_at_once_do_not_fill_the_memory() -> None:
    work = """
import resource, threading
from appliance.store import passwords
at_once = [threading.Thread(target=passwords.matches, args=(passwords.NOBODY, "x")) for _ in range(60)]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for one in at_once: one.start()
for one in at_once: one.join()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    environment = {**os.environ, "MALLOC_ARENA_MAX": "2"}  # as on the box
    done = subprocess.run(
        [sys.executable, "-c", work], env=environment, capture_output=True, text=True, check=True
    )
    grown_kib = int(done.stdout)
    assert grown_kib < 200 * 1024
