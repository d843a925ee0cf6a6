"""Tests of phone lines: places a call out over one line or port (dialplan/foyer-test.conf), and reads from
Asterisk's log what came back, and which call came in that somebody waits for.

Called by actions.py for the page of a line, and by feed.py, which keeps what is read here in the same change
as the log's rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from appliance.errors import FoyerError, NotFoundError, RejectedError
from appliance.pbx.ami import Ami
from appliance.pbx.ami_wire import Field
from appliance.pbx.conf import outbound
from appliance.pbx.conf.syntax import START
from appliance.pbx.rows import CEL, Parsed, cel
from appliance.store import Change, Store, calling, doomed_files, line_tests
from appliance.store.countries import Country
from appliance.store.feeds import RawEvent
from appliance.store.line_tests import CALL_IN, CALL_OUT, CAME, LONGEST_S, WAIT_MS, LineTest
from appliance.store.sitemodel import Site

EVENT = "FOYER_TEST"
_STATUSES = ("ANSWER", "BUSY", "NOANSWER", "CANCEL", "CONGESTION", "CHANUNAVAIL")
_WORD = re.compile(r"[^ -~]")
_WORD_MAX = 80


def call_out(store: Store, ami: Ami, site: Site, country: Country, args: Mapping[str, str]) -> None:
    """Calls `number` over the line `line`, over its port `port` if it has any, for `who`; with `record` "1",
    it is recorded. RejectedError: the rules for everybody forbid the number, or another test goes on.
    """
    line = site.line(args.get("line", ""))
    if line is None:
        raise NotFoundError("There is no such phone line.")
    port, number = args.get("port", ""), args.get("number", "")
    if port not in ((*line.spans, *line.ports) or ("",)):
        raise RejectedError("Choose one of these.", field="port")
    kind = calling.kind_of(site, country, number)
    if kind == calling.EMERGENCY:
        raise RejectedError("No line is tried with an emergency number.", field="number")
    if kind == calling.INTERNAL:
        raise RejectedError("This is not a number outside.", field="number")
    calling.refuse_forbidden(site, country, outbound.BOX, number)
    is_recorded = args.get("record") == "1"
    known = {"deaf": _is_deaf(site, port), "record": is_recorded}
    with store.change() as change:
        test_id = line_tests.begin(change, line.id, port, CALL_OUT, number, args.get("who", ""), known)
    fields: dict[str, Field] = {
        # Who answers hears that it is a test.
        "Channel": f"Local/{START}@{outbound.try_of(port or line.id)}/n",
        "Context": "foyer-sim-caller",
        "Exten": "s",
        "Priority": "1",
        "Timeout": (LONGEST_S + 2) * 1000,
        "Variable": (
            f"FOYER_TEST={test_id}",
            f"FOYER_TEST_NUMBER={number}",
            f"FOYER_TEST_RECORD={'yes' if is_recorded else 'no'}",
        ),
        "Async": "true",
    }
    try:
        ami.ask("Originate", fields)
    except FoyerError:
        with store.change() as change:
            line_tests.drop(change, test_id)
        raise


def _is_deaf(site: Site, port_id: str) -> bool:
    """Whether a call over this port counts as answered once its number is dialled."""
    port = site.port(port_id)
    return port is not None and not port.answer_on_polarity


def take(change: Change, rows: Sequence[Parsed]) -> None:
    """What the rows of CEL that were read say of tests."""
    _take_ends(change, rows)
    for test in line_tests.going(change.db, CALL_IN):
        _take_call(change, test, rows)


def _take_call(change: Change, test: LineTest, rows: Iterable[Parsed]) -> None:
    """The first call that came in over the line since the test began. Its number and name are known once the
    dialplan has it: an analog line tells them between two rings. A call out over the line begins in the same
    context, but belongs to another leg's call.
    """
    leg = str(test.result.get("leg", ""))
    for parsed in rows:
        row, own = parsed.row, str(parsed.row.get("uniqueid", ""))
        if row.get("eventtype") == "CHAN_START":
            is_in = row.get("context") == f"foyer-in-{test.line_id}" and own == parsed.linkedid
            if not leg and is_in and 0 <= parsed.at - test.asked <= WAIT_MS:
                leg, dialled = own, str(row.get("exten", ""))
                known = {
                    "leg": leg,
                    "channel": row.get("channame"),
                    "dialled": dialled if dialled != "s" else None,
                }
                line_tests.note(change, test.id, known)
        elif leg and own == leg:
            name = str(row.get("name", ""))[:_WORD_MAX]
            found = {"status": CAME, "name": name or None}
            line_tests.end(change, test.id, parsed.at, found, str(row.get("num", ""))[:_WORD_MAX])
            return


def _take_ends(change: Change, rows: Iterable[Parsed]) -> None:
    for row in rows:
        if row.row.get("eventtype") == EVENT:
            extra = cel(RawEvent(0, CEL, row.linkedid, row.at, row.row)).extra
            told = str(extra.get("extra", "")).split("^", 7)
            found = _result(*told[1:], *[""] * (8 - len(told)))
            if line_tests.end(change, told[0], row.at, found):
                _forget_silence(change, told[0])


def _forget_silence(change: Change, test_id: str) -> None:
    """The file of a recording is made before anything is heard."""
    test = line_tests.get(change.db, test_id)
    if test.result.get("record") and not test.is_heard:
        doomed_files.doom(change, [line_tests.recording(test_id)])


def _result(
    status: str, why: str, cause: str, rang: str, sound: str, talked: str, word: str
) -> dict[str, Any]:
    """Of what the dialplan wrote, and the other side said."""
    return {
        "status": status if status in _STATUSES else "",
        "why": why,
        "cause": int(cause) if cause.isdecimal() else 0,
        "rang": _ms(rang),
        "sound": _ms(sound),
        "talked": _ms(talked),
        "word": _WORD.sub("", word)[:_WORD_MAX],
    }


def _ms(text: str) -> int | None:
    return int(text) if text.isdecimal() else None
