"""Forwarding by a request, and by a code on a phone: kept in a real Asterisk, and known to the pages."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from appliance.store.diversions import Diversion
from tests.pbx.box import Box
from tests.until import until

pytestmark = pytest.mark.asterisk


def test_what_a_page_and_a_phone_set() -> None:
    def told() -> Diversion:
        return Diversion.of(box.row("divert", "a1"))

    with tempfile.TemporaryDirectory(prefix="pbx-", dir="/tmp") as path, Box(Path(path)) as box:
        box.start()
        asked = {"agent": "a1", "quiet": "1", "always": "", "busy": "102", "unanswered": "0909123456"}
        assert box.ask("divert", **asked).state == "done"
        wanted = Diversion(quiet=True, busy="102", unanswered="0909123456")
        until(lambda: told() == wanted, 5, "the pages to know")
        assert "foyer-divert/a1-busy" in box.asterisk.cli("database show foyer-divert")
        with box.desk("a1") as desk:
            desk.register()
            # The box hangs up once it is kept: whoever hangs up sooner may have changed nothing.
            for code in ("*79", "*72102"):
                desk.call(code).wait_answer().wait_end(20)
        wanted = Diversion(always="102", busy="102", unanswered="0909123456")
        until(lambda: told() == wanted, 5, "the pages to know")
        assert box.ask("divert", agent="a1").state == "done"
        until(lambda: not box.rows()["divert"], 5, "nothing to be set")
        for number in ("101", "113", "19001234", "x"):
            failed = box.ask("divert", agent="a1", always=number)
            assert failed.state == "failed", number
        assert box.ask("divert", agent="a9").state == "failed"
        # An agent who is gone leaves nothing behind.
        box.asterisk.cli("database put foyer-divert a9-always 102")
        until(lambda: "a9-always" not in box.asterisk.cli("database show foyer-divert"), 5, "it to be gone")
