"""Calls that try one line, with a real Asterisk and a provider: what came back stands in the line's history,
and the rules for calls out hold; what a line tells of a call that comes in.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.pbx import line_tests as of_calls
from appliance.pbx.recordings import Recordings
from appliance.pbx.rows import parse_cel
from appliance.store import conversations, line_tests, now_ms, requests
from appliance.store.line_tests import CALL_IN, CALL_OUT, LineTest
from appliance.store.requests import Request
from tests.asterisk.phone import Phone
from tests.asterisk.sound import read_wav, tone_seconds
from tests.pbx.box import ASKED_S, LINE_HOST, NUMBER, Box
from tests.until import until

pytestmark = pytest.mark.asterisk

MOBILE = "0909123456"


@pytest.fixture(scope="module")
def running() -> Iterator[Box]:
    """A box with a line, in a country whose numbers it knows."""
    with tempfile.TemporaryDirectory(prefix="pbx-", dir="/tmp") as path, Box(Path(path)) as box:
        box.save(country="VN")
        box.start()
        yield box


@pytest.fixture
def box(running: Box) -> Iterator[Box]:
    """Without calls, and without anything spent."""
    yield running
    until(lambda: "0 active channels" in running.asterisk.cli("core show channels"), 30, "no call")
    running.asterisk.cli("database deltree foyer-spent")


def provider(box: Box, **options: Any) -> Phone:
    return Phone(
        "line", host=LINE_HOST, port=box.provider_port, server=("127.0.0.1", box.sip_port), **options
    )


def ask(box: Box, number: str = MOBILE, **args: str) -> Request:
    with box.store.change() as change:
        asked = requests.ask(
            change,
            "pbx",
            "test_line",
            {"line": "l1", "port": "", "number": number, "who": "u1", **args},
            "u1",
            60,
        )
    return requests.wait(box.store, asked, ASKED_S)


def kept(box: Box, line: str = "l1") -> list[LineTest]:
    with box.store.read() as db:
        return line_tests.of_line(db, line)


def result(box: Box, kind: str = CALL_OUT) -> LineTest:
    """The newest test of this kind, once it is done."""

    def newest() -> LineTest | None:
        one = next(one for one in kept(box) if one.kind == kind)
        return one if one.done is not None else None

    found = until(newest, 60, "the result of the test")
    assert found is not None
    return found


def test_an_answer(box: Box) -> None:
    with provider(box, answers=True) as far:
        assert ask(box).state == "done"
        leg = far.wait_call()
        again = ask(box)
        assert again.state == "failed" and "goes on already" in again.result["error"]
        leg.hang_up()
        found = result(box)
    assert (found.result["status"], found.result["cause"]) == ("ANSWER", 16), found
    assert "talked" in found.result and found.who == "u1" and found.number == MOBILE
    with box.store.read() as db:
        assert conversations.recent(db, 10) == []
    assert "/foyer-spent/box" in box.asterisk.cli("database show foyer-spent")


def test_it_ends_after_twenty_seconds(box: Box) -> None:
    with provider(box) as far:
        ask(box)
        leg = far.wait_ring()
        found = result(box)
        assert leg.ended_at is not None
    assert found.result["status"] == "NOANSWER" and "rang" in found.result, found
    assert "talked" not in found.result and found.took_ms < 22_000


@pytest.mark.parametrize(
    ("answer", "status", "cause", "word"),
    [(486, "BUSY", 17, "SIP 486"), (403, "CHANUNAVAIL", 21, "SIP 403"), (404, "CHANUNAVAIL", 1, "SIP 404")],
)
def test_a_refusal(box: Box, answer: int, status: str, cause: int, word: str) -> None:
    with provider(box, refuses=answer):
        ask(box)
        found = result(box)
    assert (found.result["status"], found.result["cause"]) == (status, cause), found
    assert found.result["word"].startswith(word) and "rang" not in found.result


def test_what_is_heard_is_recorded(box: Box) -> None:
    with provider(box, answers=True, tone_hz=440) as far:
        ask(box, record="1")
        leg = far.wait_call()
        file = box.settings.recordings / line_tests.recording(kept(box)[0].id)
        until(lambda: file.is_file() and file.stat().st_size > 50_000, 20, "some seconds to be recorded")
        leg.hang_up()
        found = result(box)
    assert found.is_heard and tone_seconds(read_wav(file), 440) > 2
    with provider(box, refuses=486):
        ask(box, record="1")
        silent = result(box)
    assert not silent.is_heard
    assert {one.stem for one in file.parent.iterdir()} >= {found.id}
    with box.store.change() as change:
        line_tests.drop(change, found.id)
    housekeeping = Recordings(box.store, box.settings.recordings)
    housekeeping.delete_doomed()
    assert list(file.parent.iterdir()) == []


def test_limits_hold(box: Box) -> None:
    with provider(box, refuses=486) as far:
        ask(box)
        result(box)
        spent = box.asterisk.cli("database show foyer-spent box")
        day = spent.split("/foyer-spent/box")[1].split(":")[1].split("/")[0].strip()
        box.asterisk.cli(f"database put foyer-spent box {day}/100000/0")
        ask(box)
        found = result(box)
        assert len(far.legs) == 1
    assert (found.result["status"], found.result["why"]) == ("", "limit-day"), found


def test_a_line_takes_no_more_calls_than_it_may(box: Box) -> None:
    before = box.site.to_dict()["lines"]
    box.save(lines=[{**before[0], "calls": 1}])
    try:
        with provider(box, refuses=486) as far:
            caller = far.call(NUMBER).wait_answer()
            ask(box)
            assert result(box).result["why"] == "limit-now"
            caller.hang_up()
            until(lambda: "0 active channels" in box.asterisk.cli("core show channels"), 30, "no call")
            ask(box)
            assert result(box).result["status"] == "BUSY"
    finally:
        box.save(lines=before)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("113", "emergency number"),
        ("101", "not a number outside"),
        ("*43", "not a number outside"),
        ("+12025550143", "country that may not be called"),
        ("19001234", "costs extra"),
        ("<script>", "not a number"),
    ],
)
def test_what_may_not_be_called(box: Box, number: str, words: str) -> None:
    refused = ask(box, number)
    assert refused.state == "failed" and words in refused.result["error"], refused


def test_a_line_or_port_that_is_not_there(box: Box) -> None:
    assert ask(box, line="l9").state == "failed"
    assert ask(box, port="x1").state == "failed"


def wait(box: Box, line: str = "l1") -> None:
    with box.store.change() as change:
        line_tests.begin(change, line, "", CALL_IN, "", "u1", {})


@pytest.mark.parametrize(
    ("number", "caller", "name"),
    [(NUMBER, "0281234567", "Anh Ba"), ("0999", "+84901234567", ""), (NUMBER, "anonymous", "")],
)
def test_a_call_in_is_shown_as_it_came(box: Box, number: str, caller: str, name: str) -> None:
    """Also one for a number that is on no page, whose caller hangs up at once."""
    with provider(box) as far:
        far.call(NUMBER, caller="0900000000").wait_answer().hang_up()
        until(lambda: "0 active channels" in box.asterisk.cli("core show channels"), 30, "no call")
        wait(box)
        # Nor is a call out over the line taken for one that comes in.
        ask(box)
        far.wait_ring().refuse()
        until(lambda: next(one.done for one in kept(box) if one.kind == CALL_OUT), 30, "the call out's end")
        far.call(number, caller=caller, name=name).wait_answer().hang_up()
        found = result(box, CALL_IN)
    assert (found.number, found.result.get("name", "")) == (caller, name), found
    assert (found.result["status"], found.result["dialled"]) == ("came", number)


def rows(*events: tuple[str, str, str, str, str]) -> list[Any]:
    """Rows of CEL: event, context, number, own id, the call's id."""
    names = ("eventtype", "context", "num", "uniqueid", "linkedid")
    more = {"eventtime": f"{now_ms() / 1000:.6f}", "channame": "DAHDI/35-1", "exten": "s"}
    return [parse_cel(json.dumps({**more, **dict(zip(names, one, strict=True))})) for one in events]


def test_an_analog_line_tells_the_number_after_the_first_ring(box: Box) -> None:
    wait(box, "l2")
    ring = rows(
        ("CHAN_START", "foyer-in-l2", "", "2.1", "1.1"),  # a call out over the line
        ("ANSWER", "foyer-in-l2", "0909", "2.1", "1.1"),
        ("CHAN_START", "foyer-in-l2", "", "3.1", "3.1"),
        ("CHAN_START", "foyer-in-l3", "", "4.1", "4.1"),
    )
    number = rows(
        ("FOYER_CALL", "foyer-call", "77", "4.1", "4.1"),
        ("FOYER_CALL", "foyer-call", "0901234567", "3.1", "3.1"),
    )
    for part in (ring, number):
        assert kept(box, "l2")[0].done is None
        with box.store.change() as change:
            of_calls.take(change, part)
    found = kept(box, "l2")[0]
    assert found.number == "0901234567" and found.done is not None
    assert (found.result["channel"], "dialled" in found.result) == ("DAHDI/35-1", False)
