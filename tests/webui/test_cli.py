"""The `foyer` command."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from appliance.errors import Sentence
from appliance.settings import Settings
from appliance.store import Store, audit, live, requests
from appliance.store import site as sites
from appliance.store.conversations import CallRecord, upsert_call
from appliance.webui import cli, one_time
from tests.store.damage import damage_table
from tests.until import until

CALLER = "+12025550143"


def env(settings: Settings) -> dict[str, str]:
    return {"FOYER_DATA": str(settings.data), "FOYER_RUN": str(settings.run), "FOYER_HTTPS_PORT": "8443"}


def answered(store: Store, ok: bool, result: dict[str, str]) -> threading.Thread:
    """Plays foyer-pbx for one request."""

    def work() -> None:
        def claimed() -> requests.Request | None:
            with store.change() as change:
                return requests.claim(change, "pbx")

        request = until(claimed, 10, "a request for the telephone service")
        assert request is not None
        with store.change() as change:
            requests.finish(change, request.id, ok, result)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_status(
    settings: Settings, store: Store, box: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with store.change() as change:
        sites.report(change, 1, "lines", "failed", Sentence("This is not a call."))
        live.put(change, "pbx", "state", {"up": True, "since": 0})
        live.put(change, "agent", "a1", {"browser": True, "desk": False})
    assert cli.main(["status"], env(settings)) == 0
    said = capsys.readouterr().out
    for words in (
        "Lotus Dental",
        "number 1: did not work",
        "This is not a call.",
        "running; 0 waiting",
        "Lan (101): browser",
    ):
        assert words in said
    assert ":8443/" in said


def test_status_of_a_new_box(settings: Settings, store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status"], env(settings)) == 0
    assert "nothing was set up yet" in capsys.readouterr().out


def test_a_test_call(
    settings: Settings, store: Store, box: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    pbx = answered(store, True, {"caller": CALLER, "number": "+842812345678"})
    assert cli.main(["test-call"], env(settings)) == 0
    pbx.join()
    assert f"It is ringing. {CALLER} calls +842812345678." in capsys.readouterr().out


def test_a_test_call_to_its_end(
    settings: Settings, store: Store, box: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    pbx = answered(store, True, {"caller": CALLER, "number": "+842812345678"})
    command = threading.Thread(target=lambda: cli.main(["test-call", "--wait"], env(settings)))
    command.start()
    pbx.join()
    with store.change() as change:
        started = change.now
        upsert_call(change, call(started, None, None, "open"))
    said = [""]

    def heard(words: str) -> bool:
        said[0] += capsys.readouterr().out
        return words in said[0]

    until(lambda: heard("Waiting in the queue Reception."), 5, "the queue")
    with store.change() as change:
        upsert_call(change, call(started, started + 5000, started + 6000, "closed"))
    command.join(60)
    until(lambda: heard("Answered by Lan after 0:05."), 5, "the answer")
    assert "Over after 0:06: answered." in said[0]


def call(started: int, at: int | None, ended: int | None, state: str) -> CallRecord:
    return CallRecord(
        call_uuid="00000000-0000-4000-8000-000000000001",
        linkedid="1",
        direction="in",
        line_id="l1",
        number="+842812345678",
        caller=CALLER,
        caller_name="Test call",
        queue_id="q1",
        agent_id="a1" if at else None,
        started=started,
        answered=at,
        ended=ended,
        state=state,
        outcome="answered" if ended else None,
    )


def test_a_test_call_that_fails_says_why(
    settings: Settings, store: Store, box: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    pbx = answered(store, False, {"error": "No number leads to a queue yet.", "hint": "Set one up first."})
    assert cli.main(["test-call"], env(settings)) == 1
    pbx.join()
    assert capsys.readouterr().err == "foyer: No number leads to a queue yet. Set one up first.\n"


def test_errors_are_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status"], {"FOYER_DATA": str(tmp_path)}) == 1
    said = capsys.readouterr().err
    assert said.startswith("foyer: There is no database at") and said.count("\n") == 1
    assert cli.main(["status"], {"FOYER_HTTPS_PORT": "none"}) == 1
    with pytest.raises(SystemExit) as ended:
        cli.main(["no-such-command"], {})
    assert ended.value.code == 2


def test_the_doctor_tells_of_a_damaged_database(
    settings: Settings, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    damage_table(store, "live")
    assert cli.main(["doctor"], env(settings)) == 2
    assert "The database is damaged: database disk image is malformed." in capsys.readouterr().out


def test_a_new_one_time_password(
    settings: Settings, store: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The reader's account is the box's; here it is whoever runs the tests.
    monkeypatch.setattr(one_time, "_READER", "root")
    assert cli.main(["reset-admin"], env(settings)) == 0
    said = capsys.readouterr().out
    path = settings.secrets / one_time.FILE
    assert path.read_text().strip() in said and "/recover" in said
    assert path.stat().st_mode & 0o777 == 0o640
    with store.read() as db:
        entry = audit.recent(db, 1)[0]
    assert entry.action == "one-time-password.new" and path.read_text().strip() not in str(entry.detail)


def test_the_environment_file(tmp_path: Path) -> None:
    file = tmp_path / "environment"
    file.write_text('# a comment\nFOYER_HTTPS_PORT=8443\n\nFOYER_BIND="127.0.0.1"\nno pair\n')
    assert cli.environment(file) == {"FOYER_HTTPS_PORT": "8443", "FOYER_BIND": "127.0.0.1"}
    assert cli.environment(tmp_path / "none") == {}
