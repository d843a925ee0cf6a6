"""Real calls through the rendered dialplan, with no process of ours alive: what is heard, recorded
and shown.
"""

from __future__ import annotations

import json
import re
import secrets
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.asterisk import sound
from tests.asterisk.caller import SippCaller
from tests.asterisk.g711 import Samples
from tests.asterisk.leg import Leg
from tests.asterisk.phone import Phone, Transaction
from tests.asterisk.sip import tag_of
from tests.pbx_conf.exchange import PROVIDER, Exchange
from tests.pbx_conf.places import DOCUMENT, site
from tests.until import until

pytestmark = pytest.mark.asterisk

NUMBER, PLAIN, SHORT = "02812345678", "02812345679", "02812345677"
REGISTERED, REGISTRAR = "02812345676", 5080
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    plain = {"id": "q2", "name": "Đơn giản", "agents": ["a1"], "record": False}
    short = {**plain, "id": "q3", "name": "Ngắn", "max_wait_seconds": 10}
    agents = [*DOCUMENT["agents"], {"id": "a3", "name": "Vắng", "extension": "103"}]
    registering = {
        **DOCUMENT["lines"][0],
        "id": "l2",
        "host": "127.0.0.9",
        "port": REGISTRAR,
        "username": "028",
        "register": True,
    }
    wanted = site(
        agents=agents,
        lines=[*DOCUMENT["lines"], registering],
        queues=[*DOCUMENT["queues"], plain, short],
        numbers=[
            *DOCUMENT["numbers"],
            {"id": "n2", "number": PLAIN, "line_id": "l1", "queue_id": "q2"},
            {"id": "n4", "number": REGISTERED, "line_id": "l2", "queue_id": "q2"},
            {"id": "n3", "number": SHORT, "line_id": "l1", "queue_id": "q3"},
        ],
    )
    with Exchange(tmp_path_factory.mktemp("exchange"), wanted) as asterisk:
        yield asterisk


@pytest.fixture
def exchange(running: Exchange) -> Iterator[Exchange]:
    """The exchange without calls and members. Queue q2 has neither greeting nor recording, q3 no
    patience either.
    """
    yield running
    until(lambda: "0 active channels" in running.cli("core show channels"), 20, "every call to end")
    for queue in ("q1", "q2", "q3"):
        for agent in ("a1", "a2"):
            if f"PJSIP/{agent}d" in running.cli(f"queue show {queue}"):
                running.take_out(agent, queue)


def wait_tone(leg: Leg, tone_hz: float, seconds: float) -> None:
    """Waits until this tone alone was heard for the last so many seconds."""

    def enough(heard: Samples) -> bool:
        return sound.tone_seconds(heard, tone_hz) > 0.9 * seconds

    leg.wait_heard(enough, seconds, seconds + 6, f"{tone_hz} Hz")


def events(exchange: Exchange) -> list[dict[str, str]]:
    text = (exchange.env.log / "cel.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_a_sipp_caller_hears_the_greeting_then_music_then_the_agent(
    exchange: Exchange, tmp_path: Path
) -> None:
    exchange.put_in("a2")
    exchange.cli("queue pause member PJSIP/a2d queue q1")
    with (
        exchange.desk("a1", tone_hz=700) as desk,
        SippCaller(
            tmp_path, NUMBER, caller="0901234567", host=PROVIDER, server=exchange.server, tone_hz=440
        ) as caller,
    ):
        since = exchange.since()
        caller.wait_answer()
        greeting = sound.read_wav(exchange.greeting("q1"))
        until(lambda: sound.likeness(caller.heard(), greeting) > 0.9, 10, "the greeting to be heard")
        exchange.wait_played(since, "queue-youarenext")
        start = caller.sound.heard().size

        def hears_music() -> bool:
            last = caller.heard()[start:][-8000 * 3 :]
            return len(last) == 24000 and not sound.silences(last, 1500) and sound.clipped_share(last) < 0.01

        until(hears_music, 15, "three seconds of music")
        exchange.put_in("a1")
        leg = desk.wait_ring()
        assert leg.caller == "0901234567" and leg.invite
        assert leg.invite.get("x-foyer-queue") == "q1"
        assert UUID.fullmatch(leg.invite.get("x-foyer-call"))
        leg.answer()
        wait_tone(leg, 440, 1.0)
        until(
            lambda: sound.tone_seconds(caller.heard()[-8000:], 700) > 0.9, 5, "the caller to hear the agent"
        )
        leg.hang_up()
        assert caller.wait_end() == 0


def test_the_recording_has_both_sides_and_stands_where_the_call_says(exchange: Exchange) -> None:
    exchange.put_in("a1")
    with exchange.desk("a1", tone_hz=700) as desk, exchange.provider(tone_hz=440) as provider:
        caller = provider.call(NUMBER, caller="0901234567", name="x,y)${SHELL(id)}").wait_answer()
        leg = desk.wait_ring()
        leg.answer()
        wait_tone(leg, 440, 2.0)
        caller.hang_up()
        leg.wait_end()
        assert leg.invite
        call = leg.invite.get("x-foyer-call")
    made = until(lambda: list(exchange.env.recordings.glob(f"*/*/*/{call}.wav")), 5, "the recording")
    assert re.fullmatch(r"20\d\d/\d\d/\d\d", str(made[0].parent.relative_to(exchange.env.recordings)))
    until(lambda: made[0].stat().st_size > 44 + 16000, 5, "the recording to be closed")
    recorded = sound.read_wav(made[0])
    assert 1.7 < sound.seconds(recorded) < 6
    both = [sound.tone_seconds(recorded, tone, 0.3) for tone in (440, 700)]
    assert all(heard > 0.9 * sound.seconds(recorded) - 0.3 for heard in both), both
    assert not sound.silences(recorded[2400:-2400])
    marks = [event for event in events(exchange) if event["accountcode"] == call and event["eventextra"]]
    assert any(json.loads(m["eventextra"]).get("extra") == f"{call}^l1^+842812345678^in" for m in marks)


@pytest.mark.slow
def test_who_waits_second_is_told_the_place_in_vietnamese(exchange: Exchange) -> None:
    exchange.put_in("a1")
    exchange.cli("queue pause member PJSIP/a1d queue q1")
    with exchange.desk("a1"), exchange.provider(tone_hz=440) as provider:
        first = provider.call(NUMBER, caller="0901").wait_answer()
        exchange.wait_played(0, "queue-youarenext")
        since = exchange.since()
        second = provider.call(NUMBER, caller="0902").wait_answer()
        leg = exchange.last_leg()
        until(lambda: ("queue-callswaiting", "vi") in exchange.played(since, leg), 20, "the place to be told")
        told = [name for name, language in exchange.played(since, leg) if language == "vi"]
        place = told.index("queue-thereare")
        assert told[place:] == ["queue-thereare", "digits/2", "queue-callswaiting"]
        first.hang_up()
        second.hang_up()


@pytest.mark.slow
def test_nobody_on_duty_is_told_and_ended(exchange: Exchange) -> None:
    since = exchange.since()
    with exchange.provider(tone_hz=440) as provider:
        caller = provider.call(PLAIN).wait_answer()
        exchange.wait_played(since, "foyer/sorry")
        sorry = sound.read_wav(Path("/usr/share/asterisk/sounds/vi/foyer/sorry.wav"))
        until(lambda: sound.likeness(caller.heard(), sorry) > 0.9, 10, "the apology to be heard")
        caller.wait_end(5)


@pytest.mark.slow
def test_patience_ends_with_an_apology(exchange: Exchange) -> None:
    exchange.put_in("a1", "q3")
    exchange.cli("queue pause member PJSIP/a1d queue q3")
    since = exchange.since()
    with exchange.desk("a1"), exchange.provider(tone_hz=440) as provider:
        before = list(exchange.env.recordings.glob("*/*/*/*"))
        caller = provider.call(SHORT).wait_answer()
        exchange.wait_played(since, "foyer/sorry", 20)
        caller.hang_up()
        assert list(exchange.env.recordings.glob("*/*/*/*")) == before, "this queue is not recorded"


@pytest.mark.parametrize("form", ["+842812345678", "842812345678", "2812345678", "00842812345678"])
def test_a_provider_may_write_the_number_in_any_form(exchange: Exchange, form: str) -> None:
    with exchange.provider() as provider:
        leg = provider.call(form).wait_answer()
        leg.hang_up()
    (last,) = [e for e in events(exchange) if e["eventtype"] == "FOYER_CALL"][-1:]
    assert "^l1^+842812345678^in" in last["eventextra"]


def test_an_unknown_number_is_told_so(exchange: Exchange) -> None:
    since = exchange.since()
    with exchange.provider(tone_hz=440) as provider:
        caller = provider.call("0999999999").wait_answer()
        exchange.wait_played(since, "foyer/unknown-number")
        caller.hang_up()


def test_a_stranger_is_not_a_line(exchange: Exchange) -> None:
    with Phone("l1", host="127.0.0.77", server=exchange.server) as stranger:
        assert stranger.call(NUMBER, caller="l1").wait_end().status == 401
    log = (exchange.env.log / "messages").read_text("utf-8", "replace")
    said = [line for line in log.splitlines() if "127.0.0.77" in line]
    # On the box only warnings and errors are kept: else anybody on the network could fill its disk.
    assert said
    assert not [line for line in said if " WARNING[" in line or " ERROR[" in line]


@pytest.mark.slow
def test_a_silent_agents_caller_comes_first_again(exchange: Exchange) -> None:
    exchange.put_in("a1", "q2")
    with (
        exchange.desk("a1", tone_hz=700) as desk,
        exchange.desk("a2", tone_hz=800) as other,
        exchange.provider(tone_hz=440) as provider,
    ):
        talking = provider.call(PLAIN, caller="0901").wait_answer()
        leg = desk.wait_ring()
        leg.answer()
        wait_tone(talking, 700, 1.0)
        waiting = provider.call(PLAIN, caller="0902").wait_answer()
        until(lambda: "1. PJSIP/l1" in exchange.cli("queue show q2"), 10, "the second caller to wait")
        since = exchange.since()
        leg.sound.close()
        exchange.take_out("a1", "q2")
        exchange.put_in("a2", "q2")
        exchange.cli("queue pause member PJSIP/a2d queue q2")
        exchange.wait_played(since, "foyer/again", 15)
        until(lambda: "2. PJSIP/l1" in exchange.cli("queue show q2"), 15, "both to wait")
        exchange.cli("queue unpause member PJSIP/a2d queue q2")
        back = other.wait_ring(15)
        assert back.caller == "0901"
        back.answer()
        wait_tone(talking, 800, 1.0)
        waiting.hang_up()
        talking.hang_up()


@pytest.mark.parametrize("sequences", [(30000, 100), (100, 30000), (65400, 32000)])
def test_a_reloaded_page_takes_its_call_back_and_is_recorded(
    exchange: Exchange, sequences: tuple[int, int]
) -> None:
    """Whatever number the new leg's packets begin with (RFC 3550 5.1: a random one)."""
    exchange.put_in("a1")
    with exchange.desk("a1", tone_hz=700) as desk, exchange.provider(tone_hz=440) as provider:
        desk.sequence = sequences[0]
        caller = provider.call(NUMBER, caller="0901").wait_answer()
        old = desk.wait_ring()
        old.answer()
        wait_tone(caller, 700, 0.5)
        desk.sequence = sequences[1]
        new = replaces(desk, old, 1000)
        new.wait_answer()
        old.wait_end()
        wait_tone(caller, 1000, 1.0)
        wait_tone(new, 440, 1.0)
        assert "(in call)" in exchange.cli("queue show q1")
        new.hang_up()
        caller.wait_end()
        assert old.invite
        recorded = recording(exchange, old.invite.get("x-foyer-call"))
        assert sound.tone_seconds(recorded, 700, 0.3) > 0.3
        assert sound.tone_seconds(recorded, 1000, 0.3) > 0.7
        assert sound.tone_seconds(recorded, 440, 0.3) > 0.8 * sound.seconds(recorded)
        gone = replaces(desk, old, 1000)
        assert gone.wait_end().status in (481, 603)


def recording(exchange: Exchange, call: str) -> Samples:
    """The recording of a call that has ended, once its file is closed."""
    (file,) = exchange.env.recordings.glob(f"*/*/*/{call}.wav")
    until(lambda: call not in exchange.cli("core show channels verbose"), 5, "the call to end")
    until(lambda: str(file) not in open_files(exchange), 5, "the recording to be closed")
    return sound.read_wav(file)


def open_files(exchange: Exchange) -> set[str]:
    """What Asterisk has open now."""
    assert exchange.process
    held = Path(f"/proc/{exchange.process.pid}/fd").iterdir()
    return {str(link.readlink()) for link in held if link.is_symlink()}


def replaces(phone: Phone, old: Leg, tone_hz: float) -> Leg:
    """Calls as a reloaded page does: an INVITE that names the dialog it takes over (RFC 3891)."""
    assert old.invite
    phone.tone_hz = tone_hz
    uri = f"sip:resume@{phone.server[0]}:{phone.server[1]}"
    leg = Leg(phone, uri, f"{secrets.token_hex(8)}@{phone.host}", None)
    leg.local, leg.remote = f"<sip:{phone.user}@{phone.host}>;tag={leg.tag}", f"<{uri}>"
    phone.legs.append(leg)
    request = leg.request("INVITE", leg.description())
    tags = f"to-tag={tag_of(old.invite.get('from'))};from-tag={old.tag}"
    headers = (*request.headers, ("require", "replaces"), ("replaces", f"{old.call_id};{tags}"))
    phone._dispatch(Transaction(replace(request, headers=headers), leg))
    return leg


def test_a_registered_line_is_known_by_its_registration(exchange: Exchange) -> None:
    """The provider's calls come from another address than its registrar, to the contact that we
    registered.
    """
    with (
        Phone("028", host="127.0.0.9", port=REGISTRAR, server=exchange.server) as registrar,
        Phone("sbc", host="127.0.0.88", server=exchange.server) as gateway,
    ):
        exchange.cli("pjsip send register l2")
        until(lambda: "Registered" in exchange.cli("pjsip show registrations"), 10, "the line to register")
        requests = [text for text in registrar.trace if "\nREGISTER sip:127.0.0.9" in text]
        contact = re.search(r"Contact: <sip:([^@]+)@[^>;]*(;line=\w+)", requests[-1])
        assert contact and contact.group(1) == "+842812345676"
        uri = f"sip:{contact.group(1)}@{gateway.server[0]}:{gateway.server[1]}{contact.group(2)}"
        leg = Leg(gateway, uri, f"{secrets.token_hex(8)}@{gateway.host}", None)
        leg.local, leg.remote = f"<sip:0901@{gateway.host}>;tag={leg.tag}", f"<{uri}>"
        gateway.legs.append(leg)
        gateway._dispatch(Transaction(leg.request("INVITE", leg.description()), leg))
        leg.wait_answer()
        leg.hang_up()
    (mark,) = [e for e in events(exchange) if e["eventtype"] == "FOYER_CALL"][-1:]
    assert "^l2^+842812345676^in" in mark["eventextra"]


def test_agents_call_each_other(exchange: Exchange) -> None:
    with exchange.desk("a1", tone_hz=700) as one, exchange.desk("a2", tone_hz=800, answers=True) as two:
        leg = one.call("102").wait_answer()
        assert two.wait_call().caller == "101" and two.wait_call().caller_name == "Trần Thị Hoa"
        wait_tone(leg, 800, 1.0)
        leg.hang_up()
    recorded = list(exchange.env.recordings.glob("*/*/*/*.wav"))
    with exchange.desk("a1") as one:
        since = exchange.since()
        assert one.call("103").wait_end(15).status >= 400
        assert ("foyer/not-there", "vi") in exchange.played(since)
    assert list(exchange.env.recordings.glob("*/*/*/*.wav")) == recorded


def test_an_agent_calls_outside_and_is_recorded(exchange: Exchange) -> None:
    with (
        exchange.desk("a1", tone_hz=700) as desk,
        exchange.provider(port=5070, tone_hz=440, answers=True) as outside,
    ):
        leg = desk.call("0909123456").wait_answer()
        far = outside.wait_call()
        assert far.invite and far.invite.uri.startswith("sip:0909123456@")
        assert far.caller == "+842812345678" and far.caller_name == ""
        wait_tone(leg, 440, 1.5)
        leg.hang_up()
        far.wait_end()
    (mark,) = [e for e in events(exchange) if e["eventtype"] == "FOYER_CALL"][-1:]
    call, line, number, direction = json.loads(mark["eventextra"])["extra"].split("^")
    assert (line, number, direction) == ("l1", "0909123456", "out")
    assert until(lambda: list(exchange.env.recordings.glob(f"*/*/*/{call}.wav")), 5, "the recording")


def test_a_strange_number_reaches_the_line_only_as_digits(exchange: Exchange) -> None:
    with exchange.desk("a1") as desk, exchange.provider(port=5070) as outside:
        leg = desk.call("0909$%7BSHELL(id)%7D,x")
        rang = outside.wait_ring()
        assert rang.invite and re.fullmatch(r"sip:0909@[\d.:]+", rang.invite.uri)
        leg.hang_up()


@pytest.mark.slow
def test_feature_codes(exchange: Exchange) -> None:
    exchange.put_in("a1")
    with exchange.desk("a1", tone_hz=700) as desk:
        for code, heard, state in (("*90", "foyer/break", "paused"), ("*91", "foyer/back", "Not in use")):
            since = exchange.since()
            desk.call(code).wait_answer().wait_end(10)
            assert (heard, "vi") in exchange.played(since)
            assert state in exchange.cli("queue show q1")
        assert "paused:phone" in exchange.cli("queue show q1") or "|PAUSE|phone" in (
            exchange.env.log / "queue_log"
        ).read_text("utf-8")
        exchange.take_out("a1")
        since = exchange.since()
        desk.call("*90").wait_answer().wait_end(10)
        desk.call("*60").wait_answer().wait_end(15)
        names = [name for name, _ in exchange.played(since)]
        assert names[0] == "foyer/off-duty" and "foyer/hours" in names and names[-1] == "foyer/minutes"
        echo = desk.call("*43").wait_answer()
        wait_tone(echo, 700, 1.0)
        echo.hang_up()


@pytest.mark.slow
def test_the_simulated_caller_rings_in_like_a_customer(exchange: Exchange) -> None:
    exchange.put_in("a1")
    with exchange.desk("a1", tone_hz=700) as desk:
        originate(exchange)
        leg = desk.wait_ring(20)
        assert leg.caller == "0901234567"
        leg.answer()
        voice = sound.read_wav(Path("/usr/share/asterisk/sounds/vi/foyer/sim-caller.wav"))[40000:56000]
        until(lambda: sound.likeness(leg.heard(), voice) > 0.8, 20, "the voice to be heard")
        leg.hang_up()


def originate(exchange: Exchange) -> None:
    """What foyer-pbx sends for a test call, on the session that may only act."""
    with socket.create_connection(("127.0.0.1", exchange.env.ami_port), timeout=10) as connection:
        stream = connection.makefile("rwb")
        stream.write(
            b"Action: Login\r\nUsername: ami-actions\r\nSecret: secret-actions\r\nEvents: off\r\n\r\n"
        )
        stream.write(
            b"Action: Originate\r\nChannel: PJSIP/+842812345678@sim-out\r\nContext: foyer-sim-caller\r\n"
            b"Exten: s\r\nPriority: 1\r\nAsync: true\r\nCallerID: <0901234567>\r\n\r\nAction: Logoff\r\n\r\n"
        )
        stream.flush()
        answer = stream.read().decode("utf-8", "replace")
    assert "Originate successfully queued" in answer, answer


def test_nothing_was_complained_of(exchange: Exchange) -> None:
    """The last test: all prompts were found, no file and no step was wrong."""
    assert exchange.complaints() == []
