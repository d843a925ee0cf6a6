"""Lines that are used for calls out only now and then, with real calls and no process of ours alive."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from appliance.store.sitemodel import Site
from tests.asterisk.phone import Phone
from tests.pbx_conf.exchange import Exchange
from tests.pbx_conf.places import DOCUMENT, site
from tests.pbx_conf.test_calls_out import FIRST, LINE, MOBILE, NUMBER, SECOND, called, look
from tests.until import until

pytestmark = pytest.mark.asterisk

# A port of its own: other files' providers live beside this one.
PORT = 5079
OTHER = "02838221234"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """Two lines, of which the first takes one call at a time."""
    wanted = site(
        queues=[{**DOCUMENT["queues"][0], "greeting_text": "", "record": False}],
        lines=[
            {**LINE, "port": PORT, "calls": 1},
            {**LINE, "id": "l2", "host": SECOND, "port": PORT},
        ],
    )
    with Exchange(tmp_path_factory.mktemp("line-use"), wanted) as asterisk:
        yield asterisk


@pytest.fixture
def exchange(running: Exchange) -> Iterator[Exchange]:
    """The exchange without calls."""
    yield running
    running.wait_idle()


@pytest.fixture
def providers(exchange: Exchange) -> Iterator[tuple[Phone, Phone]]:
    """Those of the two lines, who answer."""
    with (
        Phone("first", host=FIRST, port=PORT, server=exchange.server, answers=True) as first,
        Phone("second", host=SECOND, port=PORT, server=exchange.server, answers=True) as second,
    ):
        look(exchange, "l1", "NOT_INUSE")
        look(exchange, "l2", "NOT_INUSE")
        yield first, second


def test_with_as_many_calls_as_it_takes_the_next_line_is_used(
    exchange: Exchange, providers: tuple[Phone, Phone]
) -> None:
    first, second = providers
    with exchange.desk("a1") as desk, exchange.desk("a2") as other:
        legs = [desk.call(MOBILE).wait_answer(), other.call(OTHER).wait_answer()]
        assert (called(first), called(second)) == ([MOBILE], [OTHER])
        # Nothing keeps a call for help away.
        legs.append(other.call("113").wait_answer())
        assert called(first) == [MOBILE, "113"]
        for leg in legs:
            leg.hang_up()
        exchange.wait_idle()
        desk.call(OTHER).wait_answer().hang_up()
    assert called(first) == [MOBILE, "113", OTHER]


def test_while_its_hours_are_closed_the_next_line_is_used(
    exchange: Exchange, providers: tuple[Phone, Phone]
) -> None:
    first, second = providers
    before = exchange.site
    week = [{"day": day, "opens": "00:00", "closes": "24:00"} for day in range(1, 8)]
    past = {"date": "2020-01-01", "hours": [{"opens": "08:00", "closes": "12:00"}]}
    hours = [
        {"id": "s1", "name": "Always", "weekly": week},
        {"id": "s2", "name": "Over", "exceptions": [past]},
    ]
    with exchange.desk("a1") as desk:
        for hour, is_used in (("s1", True), ("s2", False)):
            limited = [{**LINE, "port": PORT, "schedule_id": hour}, before.to_dict()["lines"][1]]
            wanted = {**before.to_dict(), "schedules": hours, "lines": limited}
            exchange.save(Site.from_dict(wanted))
            desk.call(MOBILE).wait_answer().hang_up()
            assert called(first if is_used else second)[-1:] == [MOBILE]
            assert len(called(first)) == 1 and len(called(second)) == (not is_used)
            exchange.wait_idle()
        # Nothing keeps a call for help away.
        desk.call("113").wait_answer().hang_up()
        assert called(first)[-1] == "113"
    exchange.wait_idle()
    exchange.save(before)


def test_two_calls_in_the_same_moment_do_not_slip_through(
    exchange: Exchange, providers: tuple[Phone, Phone]
) -> None:
    first, second = providers
    with exchange.desk("a1") as desk, exchange.desk("a2") as other:
        together = threading.Barrier(2)

        def call(phone: Phone) -> None:
            together.wait()
            phone.call(MOBILE)

        threads = [threading.Thread(target=call, args=(phone,)) for phone in (desk, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # Of two that find the line free, either may see the other, and both take the next one.
        until(lambda: len(called(first)) + len(called(second)) == 2, 15, "both calls to go out")
        assert len(called(first)) <= 1
        exchange.cli("channel request hangup all")


def test_calls_that_come_in_count_and_are_never_refused(
    exchange: Exchange, providers: tuple[Phone, Phone]
) -> None:
    first, second = providers
    exchange.put_in("a2")
    with exchange.desk("a1") as desk, exchange.desk("a2"):
        came = [first.call(NUMBER).wait_answer(), first.call(NUMBER).wait_answer()]
        desk.call(MOBILE).wait_answer().hang_up()
        assert called(second) == [MOBILE]
        for leg in came:
            leg.hang_up()
        exchange.empty()
        desk.call(MOBILE).wait_answer().hang_up()
    assert called(first)[-1] == MOBILE
