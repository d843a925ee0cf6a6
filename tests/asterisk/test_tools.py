"""The test tools themselves: ears that hear what is there, phones and SIPp callers at a real Asterisk."""

import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.asterisk import sound
from tests.asterisk.caller import SippCaller
from tests.asterisk.g711 import LAWS, PCMA, PCMU, Law
from tests.asterisk.instance import PrivateAsterisk, free_port
from tests.asterisk.phone import Phone
from tests.until import LateByTheClock, NeverHappened, Stopwatch, until, within

PROVIDER = "127.0.0.2"


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_g711_is_its_own_inverse(law: Law) -> None:
    values = law.decoded.astype(np.int16)
    assert np.array_equal(law.decode(law.encode(values)), values)


def test_g711_knows_the_standard_codes() -> None:
    # ITU-T G.711: the quietest positive and the loudest values of both laws.
    assert PCMA.encode(np.array([8, -8, 32256, -32256], dtype=np.int16)).hex() == "d555aa2a"
    assert PCMU.encode(np.array([8, -8, 32124, -32124], dtype=np.int16)).hex() == "fe7e8000"


def test_ears_find_a_tone_and_its_gap() -> None:
    said = np.concatenate([sound.tone(440, 1.0), np.zeros(4000, dtype=np.int16), sound.tone(440, 1.0)])
    assert sound.tone_seconds(said, 440) == pytest.approx(2.0, abs=0.1)
    assert sound.tone_seconds(said, 600) == 0
    (gap,) = sound.tone_gaps(said, 440)
    assert gap.start_s == pytest.approx(1.0, abs=0.05)
    assert gap.length_s == pytest.approx(0.5, abs=0.08)
    assert len(sound.silences(said)) == 1
    assert sound.clipped_share(said) == 0


def test_ears_find_two_tones_together_and_clipping() -> None:
    both = sound.tone(440, 1.0) + sound.tone(1000, 1.0)
    assert sound.tone_seconds(both, 440, 0.3) == pytest.approx(1.0, abs=0.05)
    assert sound.tone_seconds(both, 1000, 0.3) == pytest.approx(1.0, abs=0.05)
    quiet = sound.tone(440, 1.0) + sound.tone(1000, 1.0, amplitude=300)
    assert sound.audible_tone_seconds(quiet, 1000) == pytest.approx(1.0, abs=0.05)
    assert sound.audible_tone_seconds(sound.tone(440, 1.0), 1000) == 0
    assert float(sound.tone_level_dbfs(both, 440).mean()) == pytest.approx(
        float(sound.level_dbfs(sound.tone(440, 1.0)).mean()), abs=0.2
    )
    assert sound.clipped_share((both.astype(np.int32) * 4).clip(-32768, 32767).astype(np.int16)) > 0.1


def test_ears_know_a_prompt_again() -> None:
    generator = np.random.default_rng(7)
    prompt = (generator.standard_normal(8000) * 3000).astype(np.int16)
    other = (generator.standard_normal(8000) * 3000).astype(np.int16)
    heard = PCMA.decode(PCMA.encode(np.concatenate([np.zeros(1234, np.int16), prompt // 2, other])))
    assert sound.likeness(heard, prompt) > 0.98
    assert sound.likeness(heard[:1234], prompt) == 0
    slipped = np.concatenate([prompt[:4000], np.zeros(160, np.int16), prompt[4000:]])
    assert sound.likeness(slipped, prompt) > 0.98
    assert sound.likeness(heard, (generator.standard_normal(8000) * 3000).astype(np.int16)) < 0.2


def test_until_says_what_never_happened() -> None:
    with pytest.raises(NeverHappened, match=r"waited [0-9]+\.[0-9] s in vain for a miracle; last seen: 0"):
        until(lambda: 0, 0.1, "a miracle")


def test_a_promise_is_counted_without_the_time_in_which_work_waited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.until.PRESSURE", tmp_path)
    watch = Stopwatch()  # this kernel counts nothing
    with pytest.raises(NeverHappened, match="in vain for a miracle"):
        within(lambda: 0, 0.1, "a miracle", watch)
    assert watch.seconds >= 0.1
    line = "some avg10=91.58 avg60=88.47 avg300=76.33 total={}\nfull avg10=0.00 avg60=0.00 total=0\n"
    for resource in ("cpu", "io", "memory"):
        (tmp_path / resource).write_text(line.format(5_000_000))
    watch = Stopwatch()
    until(lambda: watch.wall_s > 0.2, 1, "a fifth of a second")
    assert watch.seconds > 0.2
    for resource, waited_us in (("cpu", 30_000), ("io", 20_000), ("memory", 10_000)):
        (tmp_path / resource).write_text(line.format(5_000_000 + waited_us))
    assert_left_out(watch, 0.03)  # the same moment, and not the sum of them
    for resource, left_out_s in (("cpu", 0.06), ("io", 0.10), ("memory", 0.15)):
        (tmp_path / resource).write_text(line.format(5_060_000))
        assert_left_out(watch, left_out_s)  # one after the other
    assert re.fullmatch(r"<\d\.\d s, \d\.\d s by the clock>", repr(watch))


def assert_left_out(watch: Stopwatch, left_out_s: float) -> None:
    before, counted, after = watch.wall_s, watch.seconds, watch.wall_s
    assert before - 0.001 <= counted + left_out_s <= after + 0.001, (before, counted, after)


def test_a_promise_that_only_a_busy_machine_excuses_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.until.PRESSURE", tmp_path)
    (tmp_path / "cpu").write_text("some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n")
    watch = Stopwatch()
    (tmp_path / "cpu").write_text("some avg10=0.00 avg60=0.00 avg300=0.00 total=5000000\n")
    with pytest.warns(LateByTheClock, match=r"a miracle: promised in 0\.1 s, seen after <0\.0 s, \d\.\d s"):
        within(lambda: watch.wall_s > 0.2, 0.1, "a miracle", watch)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert within(lambda: True, 5, "what is there")


@pytest.fixture(scope="module")
def sip_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def asterisk(tmp_path_factory: pytest.TempPathFactory, sip_port: int) -> Iterator[PrivateAsterisk]:
    pjsip = f"""
[udp]
type=transport
protocol=udp
bind=0.0.0.0:{sip_port}
[desk](!)
type=endpoint
context=test
disallow=all
allow=alaw
direct_media=no
rtp_symmetric=yes
[a1](desk)
auth=a1
aors=a1
[a1]
type=auth
username=a1
password=secret
[a1]
type=aor
max_contacts=1
remove_existing=yes
[provider](desk)
[provider]
type=identify
endpoint=provider
match={PROVIDER}
"""
    extensions = """
[test]
exten => echo,1,Answer()
 same => n,Echo()
exten => desk,1,Dial(PJSIP/a1,20)
exten => short,1,Answer()
 same => n,Wait(0.5)
 same => n,Hangup()
exten => busy,1,Hangup(17)
"""
    files = {"pjsip.conf": pjsip, "extensions.conf": extensions}
    with PrivateAsterisk(tmp_path_factory.mktemp("asterisk"), files) as running:
        yield running


@pytest.mark.asterisk
def test_phone_hears_itself(asterisk: PrivateAsterisk, sip_port: int) -> None:
    with Phone("a1", "secret", server=("127.0.0.1", sip_port), tone_hz=600) as phone:
        phone.register()
        assert "a1/sip:a1@127.0.0.1" in asterisk.cli("pjsip show contacts")
        leg = phone.call("echo").wait_answer()
        leg.wait_heard(lambda heard: not sound.tone_gaps(heard, 600), 1.0, 5, "its own tone for a second")
        leg.hang_up()
        until(lambda: "0 active channels" in asterisk.cli("core show channels"), 5, "the call's end")


@pytest.mark.asterisk
def test_phone_sees_refusals_and_remote_ends(asterisk: PrivateAsterisk, sip_port: int) -> None:
    with Phone("a1", "secret", server=("127.0.0.1", sip_port)) as phone:
        assert phone.call("busy").wait_end().status == 486
        ended = phone.call("short").wait_answer().wait_end()
        assert ended.answered_at and ended.ended_at and ended.ended_at - ended.answered_at > 0.4


@pytest.mark.asterisk
def test_sipp_caller_talks_with_a_desk_phone(
    asterisk: PrivateAsterisk, sip_port: int, tmp_path: Path
) -> None:
    server = ("127.0.0.1", sip_port)
    with (
        Phone("a1", "secret", server=server, tone_hz=700, host="127.0.0.3") as desk,
        SippCaller(tmp_path, "desk", caller="0901", host=PROVIDER, server=server, tone_hz=440) as caller,
    ):
        desk.register()
        leg = desk.wait_ring()
        assert leg.caller == "0901"
        leg.answer()
        caller.wait_answer()
        leg.wait_heard(lambda heard: not sound.tone_gaps(heard, 440), 1.0, 5, "the caller's tone")
        until(lambda: sound.tone_seconds(caller.heard(), 700) > 1, 5, "SIPp's side to hear the desk phone")
        leg.hold()
        leg.resume()
        caller.hang_up()
        leg.wait_end()


@pytest.mark.asterisk
def test_sipp_caller_is_hung_up_on_and_outlives_nothing(
    asterisk: PrivateAsterisk, sip_port: int, tmp_path: Path
) -> None:
    server = ("127.0.0.1", sip_port)
    with SippCaller(tmp_path, "short", caller="0901", host=PROVIDER, server=server, tone_hz=440) as caller:
        caller.wait_answer()
        assert caller.wait_end() == 0


@pytest.mark.asterisk
def test_asterisk_comes_back_after_a_crash(asterisk: PrivateAsterisk, sip_port: int) -> None:
    asterisk.restart()
    with Phone("a1", "secret", server=("127.0.0.1", sip_port)) as phone:
        phone.register()
