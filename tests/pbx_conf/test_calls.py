"""Real calls through the rendered dialplan, with no process of ours alive: what is heard, recorded
and shown.
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
from dataclasses import replace
from pathlib import Path

import pytest

from tests.asterisk import sound
from tests.asterisk.caller import SippCaller
from tests.asterisk.g711 import Samples
from tests.asterisk.leg import Leg
from tests.asterisk.phone import Phone, Transaction
from tests.asterisk.registrar import Registrar
from tests.asterisk.sip import tag_of
from tests.pbx_conf.exchange import (
    NUMBER,
    PLAIN,
    PROVIDER,
    SHORT,
    Exchange,
    calls,
    events,
    new_call,
    wait_tone,
)
from tests.until import until

pytestmark = pytest.mark.asterisk

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.mark.slow
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
    recorded = recording(exchange, call)
    assert leg.answered_at and leg.ended_at
    assert 1.7 < sound.seconds(recorded) < leg.ended_at - leg.answered_at + 1
    # A busy machine lets the phones here be silent for a while: no fault of the recording.
    late_s = max(caller.sound.late_s, leg.sound.late_s)
    both = [sound.tone_seconds(recorded, tone, 0.3) for tone in (440, 700)]
    assert all(heard > 0.9 * sound.seconds(recorded) - 0.3 - late_s for heard in both), both
    assert not sound.silences(recorded[2400:-2400], 200 + round(late_s * 1000))
    marks = [event for event in events(exchange) if event["accountcode"] == call and event["eventextra"]]
    assert any(json.loads(m["eventextra"]).get("extra") == f"{call}^l1^+842812345678^in" for m in marks)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["vi", "en"])
def test_who_waits_second_is_told_the_place_in_his_language(exchange: Exchange, language: str) -> None:
    """The office's, or the one that foyer-pbx has mirrored for this person."""
    exchange.cli(f"database put foyer-caller 0902 {'' if language == 'vi' else language}//")
    exchange.put_in("a1")
    exchange.cli("queue pause member PJSIP/a1d queue q1")
    with exchange.desk("a1"), exchange.provider(tone_hz=440) as provider:
        since = exchange.since()
        first = provider.call(NUMBER, caller="0901").wait_answer()
        exchange.wait_played(since, "queue-youarenext")
        since = exchange.since()
        second = provider.call(NUMBER, caller="0902").wait_answer()
        leg = exchange.last_leg()
        last = ("queue-callswaiting", language)
        until(lambda: last in exchange.played(since, leg), 20, "the place to be told")
        told = [name for name, spoken in exchange.played(since, leg) if spoken == language]
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
    known = len(calls(exchange))
    with exchange.provider() as provider:
        leg = provider.call(form).wait_answer()
        leg.hang_up()
    assert "^l1^+842812345678^in" in new_call(exchange, known)["eventextra"]


def test_an_unknown_number_is_told_so(exchange: Exchange) -> None:
    since = exchange.since()
    with exchange.provider(tone_hz=440) as provider:
        caller = provider.call("0999999999").wait_answer()
        exchange.wait_played(since, "foyer/unknown-number")
        caller.hang_up()


def test_a_stranger_is_not_a_line(exchange: Exchange) -> None:
    with Phone("l1", host="127.0.0.77", server=exchange.server) as stranger:
        assert stranger.call(NUMBER, caller="l1").wait_end().status == 401

    def lines() -> list[str]:
        log = (exchange.env.log / "messages").read_text("utf-8", "replace")
        return [line for line in log.splitlines() if "127.0.0.77" in line]

    said = until(lines, 5, "the stranger in the log")
    # On the box only warnings and errors are kept: else anybody on the network could fill its disk.
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
        assert sound.tone_seconds(recorded, 440, 0.3) > 0.8 * sound.seconds(recorded) - caller.sound.late_s
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
    found: set[str] = set()
    for link in Path(f"/proc/{exchange.process.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            found.add(str(link.readlink()))
    return found


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
    known = len(calls(exchange))
    with (
        Registrar(
            "028", host="127.0.0.9", port=exchange.site.lines[-1].port, server=exchange.server
        ) as registrar,
        Phone("sbc", host="127.0.0.88", server=exchange.server) as gateway,
    ):
        exchange.cli("pjsip send register l2")
        until(lambda: "Registered" in exchange.cli("pjsip show registrations"), 10, "the line to register")
        assert re.fullmatch(r"sip:\+842812345676@.*;line=\w+", registrar.registered)
        leg = gateway.call("", caller="0901", uri=registrar.registered)
        leg.wait_answer()
        leg.hang_up()
    assert "^l2^+842812345676^in" in new_call(exchange, known)["eventextra"]


def test_nothing_was_complained_of(exchange: Exchange) -> None:
    """The last test: all prompts were found, no file and no step was wrong."""
    assert exchange.complaints() == []
