"""What an agent's phone can do beside answering the queue, and the built-in caller."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import psutil
import pytest

from appliance.pbx.ami import Ami
from tests.asterisk import sound
from tests.pbx_conf.exchange import Exchange, calls, new_call, wait_tone
from tests.until import until

pytestmark = pytest.mark.asterisk


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


def test_sound_comes_in_only_where_the_box_listens(exchange: Exchange) -> None:
    with exchange.desk("a1", tone_hz=700) as one, exchange.desk("a2", tone_hz=800, answers=True):
        leg = one.call("102").wait_answer()
        wait_tone(leg, 800, 0.5)
        assert exchange.process
        open_now = psutil.Process(exchange.process.pid).net_connections("udp")
        first, last = exchange.env.rtp_ports
        sound_at = [one.laddr.ip for one in open_now if first <= one.laddr.port <= last]
        leg.hang_up()
    assert len(sound_at) >= 2 and set(sound_at) == {exchange.env.bind}


def test_an_agent_calls_outside_and_is_recorded(exchange: Exchange) -> None:
    known = len(calls(exchange))
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
    mark = new_call(exchange, known)
    call, line, number, direction = json.loads(mark["eventextra"])["extra"].split("^")
    assert (line, number, direction) == ("l1", "0909123456", "out")
    assert until(lambda: list(exchange.env.recordings.glob(f"*/*/*/{call}.wav")), 5, "the recording")


def ring(exchange: Exchange, fields: Mapping[str, str]) -> None:
    """Rings a phone, as foyer-pbx does."""
    ami = Ami("ami-actions")
    ami.connect("127.0.0.1", exchange.env.ami_port)
    ami.login("ami-actions", exchange.env.secrets.ami_actions)
    ami.ask("Originate", {**fields, "Exten": "s", "Priority": "1", "Async": "true"})
    ami.close()


def test_a_prompt_is_spoken_on_a_phone_heard_and_spoken_again(exchange: Exchange) -> None:
    exchange.env.takes.mkdir(exist_ok=True)
    file, since, asked_ns = exchange.env.takes / "take.wav", exchange.since(), 0

    def size() -> int:
        """Of what was recorded since it was asked for, not of the take before."""
        found = file.stat() if file.exists() else None
        return found.st_size if found and found.st_mtime_ns > asked_ns else 0

    with exchange.desk("a1", answers=True) as desk:
        ring(exchange, {"Channel": "PJSIP/a1d", "Context": "foyer-take", "Variable": "FOYER_TAKE=take"})
        leg = desk.wait_call().wait_answer()
        for hz, key in ((500.0, "2"), (900.0, "")):
            exchange.wait_played(since, "beep", 30)
            since = exchange.since()
            leg.sound.say(hz)
            until(lambda: size() > 40_000, 10, "what is said to be kept")
            leg.sound.say(0)
            leg.sound.press("5")
            # It is heard again, and then asked about.
            wait_tone(leg, hz, 1.5)
            exchange.wait_played(since, "foyer/speak-again")
            asked_ns = time.time_ns()
            leg.sound.press(key or "1")
        leg.wait_end()
    assert sound.tone_seconds(sound.read_wav(file), 900) > 1.5
    assert sound.tone_seconds(sound.read_wav(file), 500) < 0.3


def test_a_strange_number_reaches_the_line_only_as_digits(exchange: Exchange) -> None:
    with exchange.desk("a1") as desk, exchange.provider(port=5070) as outside:
        leg = desk.call("0909$%7BSHELL()%7D,123456")
        rang = outside.wait_ring()
        assert rang.invite and re.fullmatch(r"sip:0909123456@[\d.:]+", rang.invite.uri)
        leg.hang_up()


@pytest.mark.slow
def test_feature_codes(exchange: Exchange) -> None:
    exchange.put_in("a1")
    with exchange.desk("a1", tone_hz=700) as desk:
        for code, heard, state in (("*90", "foyer/break", "paused"), ("*91", "foyer/back", "Not in use")):
            since = exchange.since()
            desk.call(code).wait_answer().wait_end(10)
            assert (heard, "vi") in exchange.played(since)
            until(partial(is_shown, exchange, state, code == "*90"), 5, f"{state} after {code}")
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
        # By the clock of who speaks: packets that a busy machine reads late are no gap in what was said.
        until(lambda: leg.sound.packets, 10, "the voice to begin")
        until(lambda: sound.likeness(leg.sound.as_sent(), voice) > 0.8, 20, "the voice to be heard")
        leg.hang_up()


def is_shown(exchange: Exchange, state: str, paused: bool) -> bool:
    """Whether the queue shows its member so; the phone's own state follows the end of its call."""
    shown = exchange.cli("queue show q1")
    return state in shown and ("(paused" in shown) is paused


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
