"""Whether expensive calls are stopped, as the pages learn it, and their release; with a real Asterisk."""

from __future__ import annotations

import threading

import pytest

from appliance.pbx.ami_session import Account, ActionSession
from appliance.pbx.guard import Guard
from appliance.store import audit, live
from tests.pbx.box import Box

pytestmark = pytest.mark.asterisk


def test_a_stop_is_shown_written_down_and_released(tmp_path_factory: pytest.TempPathFactory) -> None:
    with Box(tmp_path_factory.mktemp("guard")) as box:
        account = Account(box.settings.ami_port, "ami-mirror", box.settings.secrets / "ami-mirror")
        session = ActionSession(account)
        guard = Guard(box.store, session)

        def rows() -> dict[str, dict[str, int]]:
            guard.tidy(threading.Event())
            with box.store.read() as db:
                return live.snapshot(db).rows["guard"]

        def journal() -> list[str]:
            with box.store.read() as db:
                return [entry.action for entry in audit.recent(db) if entry.who == "foyer-pbx"]

        guard.release()
        assert rows() == {} and journal() == []
        box.asterisk.cli("database put foyer-guard 1795304400 3600")
        assert rows() == {}
        box.asterisk.cli("database put foyer-guard stopped 1795304460")
        assert rows() == rows() == {"outbound": {"since": 1795304460000}}
        assert journal() == ["outbound.stop"]
        guard.release()
        assert rows() == {} and "0 results" in box.asterisk.cli("database show foyer-guard")
        session.close()
