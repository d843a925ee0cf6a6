"""The hub of the browsers' streams: who is told what, once, in order; and those who cannot keep up."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

import pytest
from sqlite_utils import Database

from appliance.store import Store, agents, conversations, live, people, users
from appliance.store.users import User
from appliance.webui import events
from appliance.webui.app import Application
from appliance.webui.events import Full, Hub, Listener, Stream
from tests.until import until
from tests.webui import seed
from tests.webui.browser import Browser, call

SignIn = Callable[[str], Browser]
Box = dict[str, str]


def listener(token: str, role: str, agent_id: str | None = None) -> Listener:
    """Somebody with an account of his own."""
    return Listener(token, User(f"user-{token}", token, token, role, "", agent_id, False, False, 0))


LEAD = listener("t1", "supervisor")
LAN = listener("t2", "agent", "a1")
MINH = listener("t3", "agent", "a2")
BOSS = listener("t4", "administrator")
EVERYBODY = {one.token: one for one in (LEAD, LAN, MINH, BOSS)}


def as_before(_db: Database, token: str) -> Listener | None:
    """Every session holds, with the rights that it began with."""
    return EVERYBODY.get(token)


@pytest.fixture
def hub(store: Store) -> Hub:
    return Hub(store, as_before)


def told(stream: Stream) -> list[tuple[str, dict[str, object]]]:
    """What waits in a stream: (event, data), without the hub's own words."""
    text = (stream.take(0) or b"").decode()
    found = []
    for block in filter(None, text.split("\n\n")):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
        if "event" in fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found


def is_over(stream: Stream) -> bool:
    """Whether nothing comes any more behind what waits."""
    return [stream.take(0) for _ in range(3)][-1] is None


def kinds(stream: Stream) -> list[str]:
    return [name for name, _ in told(stream)]


def test_each_event_once_and_in_order(hub: Hub, store: Store) -> None:
    stream = hub.open(LEAD, None)
    assert kinds(stream) == ["hello"]
    for state in ("available", "break", "offline"):
        with store.change() as change:
            agents.set_state(change, "a1", state)
        hub.catch_up()
    ids = [int(str(data["id"])) for _, data in told(stream)]
    assert ids == sorted(ids) and len(ids) == 3
    hub.catch_up()
    assert told(stream) == []


def test_one_batch_says_each_thing_once(hub: Hub, store: Store) -> None:
    stream = hub.open(LEAD, None)
    told(stream)
    for number in range(30):
        with store.change() as change:
            live.put(change, "agent", "a1", {"state": "idle", "n": number})
            live.put(change, "agent", "a2", {"state": "idle", "n": number})
    hub.catch_up()
    subjects = [data["subject"] for _, data in told(stream)]
    assert subjects == ["a1", "a2"]


def test_agents_hear_of_their_own_calls_only(hub: Hub, store: Store) -> None:
    streams = {who: hub.open(who, None) for who in (LEAD, LAN, MINH, BOSS)}
    for stream in streams.values():
        told(stream)
    with store.change() as change:
        record = seed.answered(1, "+84901234567", change.now - 60_000, wait_ms=5000, talk_ms=9000)
        conversations.upsert_call(change, record)
        agents.set_state(change, "a2", "available")
        live.put(change, "pbx", "state", {"up": True})
        users.create(change, "new", "New", "agent", "a long enough password")
    hub.catch_up()
    heard = {who: kinds(stream) for who, stream in streams.items()}
    assert {"conversation", "segment", "message", "live", "person"} <= set(heard[LAN])
    assert "agent" not in heard[LAN] and "user" not in heard[LAN]
    assert set(heard[MINH]) == {"agent", "live", "person"}
    assert {"conversation", "agent"} <= set(heard[LEAD]) and "user" not in heard[LEAD]
    assert "user" in heard[BOSS]


def test_an_agent_who_is_rung_hears_of_the_call(hub: Hub, store: Store) -> None:
    stream = hub.open(listener("t", "agent", "a3"), None)
    told(stream)
    with store.change() as change:  # a3's phone rings in vain, a1 answers
        record = seed.answered(1, "+84901234567", change.now - 90_000, wait_ms=40_000, talk_ms=9000)
        conversations.upsert_call(change, record)
    hub.catch_up()
    assert "conversation" in kinds(stream)


def test_a_browser_that_comes_back_gets_what_it_missed(hub: Hub, store: Store) -> None:
    stream = hub.open(LEAD, None)
    hub.close(stream)
    last = hub.last_id
    with store.change() as change:
        agents.set_state(change, "a1", "available")
        users.create(change, "new", "New", "agent", "a long enough password")
    hub.catch_up()
    assert kinds(hub.open(LEAD, last)) == ["hello", "agent"]
    assert kinds(hub.open(LEAD, hub.last_id)) == ["hello"]


def test_also_after_a_restart(store: Store) -> None:
    before = Hub(store, as_before).last_id
    with store.change() as change:
        agents.set_state(change, "a1", "available")
    after = Hub(store, as_before)
    assert kinds(after.open(LEAD, before)) == ["hello", "agent"]


def test_who_comes_too_late_refetches(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "KEPT", 5)
    hub = Hub(store, as_before)
    first = hub.last_id
    for number in range(12):
        with store.change() as change:
            live.put(change, "caller", f"c{number}", {})
        hub.catch_up()
    assert kinds(hub.open(LEAD, first)) == ["refetch"]
    assert kinds(hub.open(LEAD, hub.last_id - 5)) == ["hello", *["live"] * 5]


def test_a_database_put_back_means_refetch(hub: Hub) -> None:
    assert kinds(hub.open(LEAD, hub.last_id + 1000)) == ["refetch"]


def test_pruned_events_mean_refetch_for_everybody(hub: Hub, store: Store) -> None:
    stream = hub.open(LEAD, None)
    told(stream)
    with store.change() as change:
        for number in range(3):
            people.person_for(change, "phone", f"+8490000000{number}")
        change.db.execute("DELETE FROM event WHERE id < (SELECT max(id) FROM event)")
    hub.catch_up()
    assert kinds(stream) == ["refetch"]


def test_a_stream_that_lags_is_dropped_and_refetches(hub: Hub, store: Store) -> None:
    slow, quick = hub.open(LEAD, None), hub.open(BOSS, None)
    told(slow)
    for number in range(events.WAITING + 1):
        with store.change() as change:
            live.put(change, "caller", f"c{number}", {})
        hub.catch_up()
        told(quick)
    assert kinds(slow) == ["refetch"]
    assert slow.take(0) is None and not is_over(quick)


def test_more_streams_than_threads_are_refused(store: Store) -> None:
    hub = Hub(store, as_before, capacity=2)
    first, _ = hub.open(LEAD, None), hub.open(LEAD, None)
    with pytest.raises(Full):
        hub.open(LEAD, None)
    hub.close(first)
    assert hub.open(LEAD, None)


def test_one_user_cannot_take_the_streams_of_all(store: Store) -> None:
    hub = Hub(store, as_before, capacity=events.PER_USER + 1)
    own = [hub.open(LAN, None) for _ in range(events.PER_USER)]
    other = hub.open(MINH, None)
    # A second browser of the same user counts as well.
    newest = hub.open(Listener("elsewhere", LAN.user), None)
    assert hub.count() == events.PER_USER + 1
    assert [is_over(stream) for stream in own] == [True] + [False] * (events.PER_USER - 1)
    assert not is_over(other) and not is_over(newest)
    with pytest.raises(Full):
        hub.open(LEAD, None)


def test_a_session_that_is_over_ends_its_stream(store: Store) -> None:
    gone: set[str] = set()
    hub = Hub(store, lambda db, token: None if token in gone else as_before(db, token))
    ended, going_on = hub.open(LAN, None), hub.open(MINH, None)
    told(ended)
    gone.add(LAN.token)
    with store.change() as change:  # an account was disabled: looked at now, not at the next sign of life
        change.event("user", "u1")
    hub.catch_up()
    assert kinds(ended) == ["signed-out"]
    assert ended.take(0) is None and not is_over(going_on)


def signed_in(app: Application, store: Store, login: str) -> tuple[str, Stream]:
    """A user's id, and his stream with a session of his own."""
    with store.change() as change:
        user = next(user for user in users.every(change.db) if user.login == login)
        token = users.start_session(change, user.id, "192.0.2.1")
    app.hub.catch_up()
    stream = app.hub.open(Listener(token, user), None)
    told(stream)
    return token, stream


def test_who_gets_other_rights_gets_another_stream(app: Application, store: Store, box: Box) -> None:
    _, stream = signed_in(app, store, "lead")
    _, other = signed_in(app, store, "lan")
    with store.change() as change:
        users.update(change, box["lead"], "Hoa", "agent", agent_id="a2", by=box["boss"])
    app.hub.catch_up()
    heard = told(stream)
    assert [name for name, _ in heard][-1] == "refetch" and stream.take(0) is None
    assert not is_over(other)
    # The same rights under another name are no reason.
    with store.change() as change:
        users.update(change, box["lan"], "Lan Anh", "agent", agent_id="a1", by=box["boss"])
    app.hub.catch_up()
    assert not is_over(other)


@pytest.mark.parametrize("how", ["sign out", "disable", "password", "elsewhere"])
def test_who_is_signed_out_hears_nothing_more(app: Application, store: Store, box: Box, how: str) -> None:
    token, stream = signed_in(app, store, "lan")
    with store.change() as change:
        if how == "sign out":
            users.end_session(change, token)
        elif how == "disable":
            users.set_disabled(change, box["lan"], True, box["boss"])
        elif how == "password":
            users.set_password(change, box["lan"], "another long password", box["boss"])
        else:
            users.end_sessions(change, box["lan"])
        live.put(change, "pbx", "state", {"up": True})
    app.hub.catch_up()
    assert kinds(stream)[-1] == "signed-out" and stream.take(0) is None


def test_the_thread_hands_out_within_a_moment_and_ends_with_its_streams(hub: Hub, store: Store) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=hub.run, args=(stop,))
    thread.start()
    try:
        stream = hub.open(LEAD, None)
        told(stream)
        with store.change() as change:
            agents.set_state(change, "a1", "available")
        until(lambda: "agent" in kinds(stream), 2, "the event")
    finally:
        stop.set()
        thread.join(60)
    assert is_over(stream)
    late = hub.open(LEAD, None)
    assert kinds(late) == ["hello"] and late.take(0) is None


def test_a_sign_of_life_when_nothing_happens(store: Store) -> None:
    hub = Hub(store, as_before)
    stream = hub.open(LEAD, None)
    told(stream)
    hub.check_sessions()
    assert stream.take(0) == b": alive\n\n"


def test_the_address(app: Application, sign_in: SignIn, store: Store) -> None:
    browser = sign_in("lan")
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/events",
        "HTTP_HOST": "localhost",
        "REMOTE_ADDR": "",
        "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in browser.cookies.items()),
    }
    status, headers, chunks = call(app, environ)
    assert status == 200
    assert dict(headers)["Content-Type"].startswith("text/event-stream")
    assert dict(headers)["Cache-Control"] == "no-store"
    assert b"event: hello" in next(iter(chunks))
    assert app.hub.count() == 1
    close = getattr(chunks, "close")  # noqa: B009 - as a server does when the browser is gone
    close()
    assert app.hub.count() == 0


def test_signed_out_scripts_get_a_401(app: Application) -> None:
    page = Browser(app).get("/events", follow=False, headers={"X-CSRF": ""})
    assert page.status in (303, 401)
    page = Browser(app).get("/events", follow=False, headers={"X-CSRF": "x"})
    assert page.status == 401


def test_too_many_get_a_503_with_the_time_to_wait(
    app: Application, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = sign_in("lan")
    monkeypatch.setattr(app.hub, "_capacity", 0)
    page = browser.get("/events")
    assert page.status == 503
    assert page.header("Retry-After") == "10"
