"""The tests of a phone line on their page: asked for, refused, and what came of them in words."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.settings import Settings
from appliance.store import Store, audit, line_tests, live
from appliance.store import site as sites
from appliance.store.sitemodel import Site
from appliance.webui import line_test_words
from appliance.webui.line_test_words import CAUSES, STATES
from tests.webui.conftest import SITE, SignIn
from tests.webui.telephony import telephony

PATH = "/settings/lines/l1/tests"
PORTS = [{"id": f"x{n}", "number": 2, "name": f"Shop {n}", "device": "serial", "port": n} for n in (1, 2)]
SHOP = {"id": "l2", "kind": "card", "name": "Shop", "ports": ["x2", "x1"]}


def begun(store: Store, who: str, line: str = "l1", port: str = "", **known: Any) -> str:
    with store.change() as change:
        return line_tests.begin(change, line, port, line_tests.CALL_OUT, "+84909123456", who, known)


def ended(store: Store, test_id: str, **result: Any) -> None:
    with store.change() as change:
        assert line_tests.end(change, test_id, change.now + 4200, result)


def with_cards(store: Store, boss: str) -> None:
    with store.change() as change:
        site = Site.from_dict({**SITE, "ports": PORTS, "lines": [*SITE["lines"], SHOP]})
        sites.save(change, site, boss, "", 1)


def test_a_number_is_called(sign_in: SignIn, store: Store, box: dict[str, str]) -> None:
    boss = sign_in("boss")
    assert f'href="{PATH}"' in boss.get("/settings/lines/l1").text
    page = boss.get(PATH)
    assert "None yet." in page.words and 'name="port"' not in page.text
    with telephony(store, True, {}) as asked:
        after = boss.submit(page, PATH, number="0909 123 456")
    wanted = {"line": "l1", "port": "", "number": "0909 123 456", "record": "", "who": box["boss"]}
    assert (asked[0].kind, asked[0].args) == ("test_line", wanted)
    assert "after 20 seconds at most" in after.words and 'value="0909 123 456"' in after.text
    with store.read() as db:
        assert audit.recent(db, action="line.test")[0].subject == "l1"
    with telephony(store, False, {"error": "No line is tried with an emergency number."}):
        after = boss.submit(after, PATH, number="113")
    assert "No line is tried with an emergency number." in after.words and 'value="113"' in after.text


def test_only_administrators_may(sign_in: SignIn, store: Store) -> None:
    lead = sign_in("lead")
    assert lead.get(PATH).status == lead.get(f"{PATH}/now").status == 403
    form = lead.get("/live").form("/test-call")
    assert lead.post(PATH, [*form.fields, ("number", "0909123456")]).status == 403
    assert sign_in("boss").get("/settings/lines/l9/tests").status == 404


def test_the_history(sign_in: SignIn, store: Store, box: dict[str, str]) -> None:
    boss = sign_in("boss")
    test_id = begun(store, box["boss"])
    assert "The call goes on" in boss.get(f"{PATH}/now").words
    ended(store, test_id, status="CHANUNAVAIL", cause=21, rang=1234, word="SIP 403 <b>Forbidden</b>")
    page = boss.get(f"{PATH}/now")
    assert "Refused by the other side" in page.words and "The provider forbids this call." in page.words
    assert "It rang after 1.2 s" in page.words and "4.2 s in all" in page.words and "Mai" in page.words
    assert "SIP 403 &lt;b&gt;" in page.text
    assert "090 912 34 56" in page.words


def test_a_recording(sign_in: SignIn, store: Store, settings: Settings, box: dict[str, str]) -> None:
    boss = sign_in("boss")
    with telephony(store, True, {}) as asked:
        boss.submit(boss.get(PATH), PATH, number="0909123456", record="1")
    assert asked[0].args["record"] == "1"
    test_id = begun(store, box["boss"], record=True)
    file = settings.recordings / line_tests.recording(test_id)
    file.parent.mkdir(parents=True)
    file.write_bytes(b"RIFF sound")
    path = f"{PATH}/{test_id}/sound"
    assert path not in boss.get(PATH).text and boss.get(path).status == 404
    ended(store, test_id, status="ANSWER", talked=3000)
    assert f'src="{path}"' in boss.get(PATH).text
    assert (boss.get(path).body, boss.get(path).status) == (b"RIFF sound", 200)
    with store.read() as db:
        assert [one.who for one in audit.recent(db, action="recording.listen")] == [box["boss"]]
    assert sign_in("lead").get(path).status == 403
    assert boss.get(path.replace("/l1/", "/l9/")).status == 404
    assert boss.get(f"{PATH}/none/sound").status == 404
    file.unlink()
    assert "recording of this test is missing" in boss.get(path).words
    other = begun(store, box["boss"], record=True)
    ended(store, other, status="BUSY", rang=300)
    assert other not in boss.get(PATH).text


def test_the_ports_of_a_line(sign_in: SignIn, store: Store, box: dict[str, str]) -> None:
    with_cards(store, box["boss"])
    boss = sign_in("boss")
    path = "/settings/lines/l2/tests"
    assert f'href="{path}?port=x1"' in boss.get("/settings/ports/x1").text
    page = boss.get(f"{path}?port=x1")
    assert '<option value="x1" selected>Shop 1' in page.text and "Shop 2" in page.words
    with store.change() as change:
        row = {"device": "serial", "part": 1, "port": 1, "kind": "FXO", "card": "", "number": 2}
        live.put(
            change, "port", "serial:1:1", {**row, "signalling": "FXSKS", "open": True, "alarms": ["red"]}
        )
    words = boss.get(path).words
    assert "No battery" in words and "The cable is not connected" in words
    ended(store, begun(store, box["boss"], "l2", "x1", deaf=True), status="ANSWER", cause=16, talked=3000)
    words = boss.get(f"{path}/now").words
    assert "Dialled" in words and "does not hear whether somebody answers" in words and "Shop 1" in words
    assert "Connected for 3 s" in words


def test_a_call_is_waited_for(sign_in: SignIn, store: Store, box: dict[str, str]) -> None:
    with_cards(store, box["boss"])
    boss = sign_in("boss")
    path = "/settings/lines/l2/tests"
    page = boss.submit(boss.get(path), f"{path}/wait")
    assert "Waiting for a call" in page.words
    again = boss.submit(page, f"{path}/wait")
    assert "A test of this line goes on already." in again.words
    with store.change() as change:
        (going,) = line_tests.going(change.db, "call_in")
        found = {"status": "came", "name": "<b>Ba</b>", "channel": "DAHDI/34-1"}
        line_tests.end(change, going.id, change.now, found, "84901234567")
    page = boss.get(f"{path}/now")
    assert "A call came in" in page.words and "84901234567" in page.words and "Shop 2" in page.words
    assert "Name, as it came: &lt;b&gt;Ba" in page.text
    with store.read() as db:
        assert audit.recent(db, action="line.wait")[0].who == box["boss"]
    lead = sign_in("lead")
    form = lead.get("/live").form("/test-call")
    assert lead.post(f"{path}/wait", form.fields).status == 403


@pytest.mark.parametrize(
    ("channel", "number", "status", "state", "port"),
    [
        ("PJSIP/l1-0000001", "0901234567", "came", "came", ""),
        ("PJSIP/l1-0000001", "", "came", "no-number", ""),
        ("DAHDI/33-1", "", "came", "no-analog-number", "Shop 1"),
        ("DAHDI/i1/0901234567-2a", "0901234567", "came", "came", "Company"),
        ("DAHDI/99-1", "0901234567", "came", "came", ""),
        ("", "", "none", "none", ""),
    ],
)
def test_the_state_of_a_call_in(channel: str, number: str, status: str, state: str, port: str) -> None:
    spans = [{"id": "d1", "number": 1, "name": "Company", "device": "DYN/loc/1:1"}]
    site = Site.from_dict({**SITE, "ports": PORTS, "spans": spans})
    result = {"status": status, "channel": channel}
    test = line_tests.LineTest("t", "l1", "", "call_in", number, "u1", 1000, 2000, result)
    now = line_test_words.now_of(test, site)
    assert (now.state, now.port) == (state, port)


@pytest.mark.parametrize(
    ("port", "result", "state"),
    [
        ("", {"status": "ANSWER"}, "answered"),
        ("x1", {"status": "ANSWER", "deaf": True}, "dialled"),
        ("x1", {"status": "ANSWER", "deaf": False}, "answered"),
        ("", {"status": "BUSY", "cause": 17}, "busy"),
        ("d1", {"status": "BUSY", "cause": 17}, "busy"),
        ("x1", {"status": "BUSY", "cause": 17}, "taken"),
        ("", {"status": "NOANSWER", "rang": 900}, "rang"),
        ("", {"status": "CANCEL", "sound": 900}, "sound"),
        ("", {"status": "NOANSWER"}, "silent"),
        ("", {"status": "CONGESTION", "cause": 42, "word": "SIP 503"}, "refused"),
        ("", {"status": "CHANUNAVAIL", "cause": 20}, "away"),
        ("x1", {"status": "CHANUNAVAIL", "cause": 66, "word": "x"}, "away"),
        ("", {"status": "", "why": "limit-day"}, "limit-day"),
        ("", {"status": "", "why": "of tomorrow"}, "lost"),
        ("", {"status": "lost"}, "lost"),
    ],
)
def test_the_state_of_a_result(port: str, result: dict[str, Any], state: str) -> None:
    test = line_tests.LineTest("t", "l1", port, "call_out", "1", "u1", 1000, 2000, result)
    assert line_test_words.now_of(test, Site(language="en")).state == state


def test_everything_that_is_not_good_says_what_to_do() -> None:
    for state, (words, kind, advice) in STATES.items():
        assert words and (advice or kind == "good" or state in ("going", "refused"))
    assert all(CAUSES.values())
    test = line_tests.LineTest(
        "t", "l1", "", "call_out", "1", "u1", 1000, 2000, {"status": "CONGESTION", "word": "x"}
    )
    assert "has trouble" in line_test_words.now_of(test, Site(language="en")).advice
