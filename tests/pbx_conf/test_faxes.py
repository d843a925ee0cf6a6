"""Real faxes: another Asterisk calls in over the line and sends pages, and the PDF has them, dot by dot."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from appliance.pbx.faxes import Faxes
from appliance.store import Store, conversations, faxes, migrate
from appliance.store.records import Conversation, Message
from tests.asterisk.instance import PrivateAsterisk, free_port
from tests.pbx_conf import fax_pages
from tests.pbx_conf.exchange import PROVIDER, Exchange
from tests.pbx_conf.places import site
from tests.pbx_conf.test_flows import record_of_last
from tests.until import until

pytestmark = pytest.mark.asterisk

FAX, VOICE = "02812345678", "02812345679"
CALLER = "0901234567"
TRIES = 3
PAGES = [fax_pages.picture(800, 1), fax_pages.picture(500, 2)]


class Listening(Exchange):
    """As on a line of a telephone card: Asterisk listens for fax machines. No such line is here; what it does
    then is the same (chan_pjsip.c and chan_dahdi.c look for the extension `fax`).
    """

    def _files(self) -> Mapping[str, str]:
        files = super()._files()
        text, count = re.subn(r"(\[l1\]\ntype = endpoint\n)", r"\1fax_detect = yes\n", files["pjsip.conf"])
        assert count == 1
        return {**files, "pjsip.conf": text}


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """One number is for faxes, the other for a queue."""
    numbers = [
        {"id": "n1", "number": FAX, "line_id": "l1", "queue_id": "q1", "is_fax": True},
        {"id": "n2", "number": VOICE, "line_id": "l1", "queue_id": "q1"},
    ]
    with Listening(tmp_path_factory.mktemp("exchange"), site(numbers=numbers)) as asterisk:
        asterisk.env.faxes.mkdir()
        yield asterisk
        # What spandsp says of a page that it waits for.
        assert [line for line in asterisk.complaints() if "res_fax_spandsp.c" not in line] == []


@pytest.fixture(scope="module")
def machine(exchange: Exchange, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateAsterisk]:
    """The fax machine, at the provider's address."""
    folder = tmp_path_factory.mktemp("machine")
    pjsip = f"""
[udp]
type=transport
protocol=udp
bind={PROVIDER}:{free_port(PROVIDER)}
[box]
type=endpoint
disallow=all
allow=alaw
direct_media=no
aors=box
from_user={CALLER}
[box]
type=aor
contact=sip:127.0.0.1:{exchange.env.sip_port}
"""
    files = {
        "pjsip.conf": pjsip,
        "extensions.conf": "[general]\n",
        "http.conf": "[general]\nenabled=no\n",
        "rtp.conf": "[general]\nrtpstart=20000\nrtpend=20999\n",
    }
    fax_pages.write(folder / "sent.tif", PAGES)
    with PrivateAsterisk(folder, files) as asterisk:
        yield asterisk


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty one."""
    migrate(tmp_path / "foyer.db")
    return Store.open(tmp_path / "foyer.db")


def fax(exchange: Exchange, machine: PrivateAsterisk, number: str, store: Store) -> None:
    """The machine sends its pages until they came, as such machines do: on a busy computer sound is late,
    which no modem likes.
    """
    for _ in range(TRIES):
        send(machine, number)
        over(exchange)
        call, _message = landed(exchange, store)
        if call.outcome == "fax":
            return
    raise AssertionError(f"{exchange.log_tail()}\n{machine.log_tail()}")


def send(machine: PrivateAsterisk, number: str) -> None:
    """The machine calls that number and sends its pages."""
    machine.cli(f"channel originate PJSIP/{number}@box application SendFAX {machine.directory}/sent.tif")


def over(exchange: Exchange) -> None:
    """Waits until the call has come and gone."""
    until(lambda: "ReceiveFAX" in exchange.cli("core show channels concise"), 30, "a fax to be taken")
    until(lambda: "0 active channels" in exchange.cli("core show channels"), 120, "the end of the fax")


def landed(exchange: Exchange, store: Store) -> tuple[Conversation, Message]:
    """Puts the newest call into the store, as the feed does, and has the chore make its PDF."""
    with store.change() as change:
        call = conversations.upsert_call(change, record_of_last(exchange))
    Faxes(store, exchange.env.faxes, exchange.env.recordings).tidy(threading.Event())
    with store.read() as db:
        (message,) = conversations.messages(db, call)
        return conversations.get(db, call), message


def assert_whole(exchange: Exchange, store: Store) -> None:
    """The newest call was a fax, and its PDF has the pages that were sent."""
    call, message = landed(exchange, store)
    facts = (call.channel, call.outcome, call.queue_id, call.state, call.address)
    assert facts == ("fax", "fax", "q1", "closed", "+84901234567")
    assert (message.kind, message.body, message.pages) == ("fax", "", 2)
    seen = fax_pages.pictures(exchange.env.recordings / str(message.path))
    assert len(seen) == 2 and all(np.array_equal(*pair) for pair in zip(seen, PAGES, strict=True))
    assert list(exchange.env.faxes.iterdir()) == []
    with store.read() as db:
        assert message in faxes.inbox(db, "a9", ["q1"], is_done=False, limit=9)
        assert faxes.inbox(db, "a9", [], is_done=False, limit=9) == []
    # Looking again, and building the record again, changes nothing.
    assert landed(exchange, store) == (call, message)


def test_a_fax_comes_in_over_its_number(exchange: Exchange, machine: PrivateAsterisk, store: Store) -> None:
    fax(exchange, machine, FAX, store)
    assert_whole(exchange, store)
    record = record_of_last(exchange)
    assert [(one.kind, one.queue_id) for one in record.segments] == [("fax", "q1")]


def test_a_fax_machine_is_heard_by_its_tone(
    exchange: Exchange, machine: PrivateAsterisk, store: Store
) -> None:
    with exchange.desk("a1"):
        # Whose phone rings meanwhile.
        exchange.put_in("a1")
        fax(exchange, machine, VOICE, store)
    exchange.take_all_out()
    assert_whole(exchange, store)
    record = record_of_last(exchange)
    assert [one.kind for one in record.segments if one.kind == "fax"] == ["fax"] and record.answered is None


def test_a_fax_that_breaks_off_keeps_what_came(
    exchange: Exchange, machine: PrivateAsterisk, store: Store
) -> None:
    send(machine, FAX)
    until(lambda: "ReceiveFAX" in exchange.cli("core show channels concise"), 30, "a fax to be taken")
    until(
        lambda: any(file.stat().st_size > 100 for file in exchange.env.faxes.glob("*.tif")),
        60,
        "a page to come",
    )
    machine.cli("channel request hangup all")
    until(lambda: "0 active channels" in exchange.cli("core show channels"), 60, "the end of the fax")
    call, message = landed(exchange, store)
    assert (call.channel, call.outcome, message.body) == ("fax", "fax_failed", "dropped")
    assert message.pages == 1
    (seen,) = fax_pages.pictures(exchange.env.recordings / str(message.path))
    assert np.array_equal(seen, PAGES[0])


def test_somebody_who_dials_the_number_of_the_fax_leaves_none(exchange: Exchange, store: Store) -> None:
    with exchange.provider() as provider:
        caller = provider.call(FAX, caller=CALLER).wait_answer()
        until(lambda: "ReceiveFAX" in exchange.cli("core show channels concise"), 30, "a fax to be taken")
        caller.hang_up()
    until(lambda: "0 active channels" in exchange.cli("core show channels"), 60, "the end of the call")
    call, message = landed(exchange, store)
    assert (call.channel, call.outcome) == ("fax", "abandoned")
    assert (message.pages, message.path, message.body) == (0, None, "quiet")
    with store.read() as db:
        assert faxes.inbox(db, None, [], is_done=False, limit=9) == []


def test_a_full_disk_takes_no_fax(exchange: Exchange, store: Store) -> None:
    exchange.cli("database put foyer-disk full yes")
    with exchange.provider() as provider:
        provider.call(FAX, caller=CALLER).wait_end(20)
    exchange.cli("database del foyer-disk full")
    call, message = landed(exchange, store)
    assert (call.outcome, message.pages, message.body) == ("fax_failed", 0, "full")
