"""A saved revision becomes live in a real Asterisk, or the box goes back, whatever happens in between."""

from __future__ import annotations

import datetime
import hashlib
import os
import re
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from appliance.apply import objects, report, sounds
from appliance.errors import ConflictError
from appliance.pbx.conf.inputs import Env, sound_name
from appliance.pbx.conf.tree import render_tree
from appliance.store import secrets
from appliance.store import site as sites
from appliance.store.sitemodel import Site
from tests.apply.box import FIRST, Box, LiveAsterisk
from tests.asterisk import sound
from tests.asterisk.phone import Phone
from tests.until import Stopwatch

pytestmark = pytest.mark.asterisk


def all_in(state: str, message: str = "") -> dict[str, tuple[str, str]]:
    return dict.fromkeys(report.PARTS, (state, message))


def test_a_box_without_a_site_gets_an_empty_rendering(box: Box, asterisk: LiveAsterisk) -> None:
    applier = box.applier()
    label = applier.prepare()
    assert label.startswith("0-") and (box.settings.config / "live").readlink() == Path(label)
    asterisk.start()
    assert applier.look() is None
    assert (box.settings.config / "good").readlink() == Path(label)
    assert "No such" not in asterisk.cli("dialplan show foyer-extensions")
    log = (box.settings.ast_log / "messages").read_text("utf-8").splitlines()
    # pjproject warns now and then of a module that Asterisk adds while it already listens.
    complaints = [
        line for line in log if ("ERROR" in line or "WARNING" in line) and "SAFE_MODULE" not in line
    ]
    assert complaints == []


def test_a_saved_revision_becomes_live_without_dropping_a_call(box: Box, asterisk: LiveAsterisk) -> None:
    applier = box.applier()
    number = box.save()
    applier.prepare()
    asterisk.start()
    assert applier.look() is None
    assert box.states(number) == all_in("live")
    with box.store.read() as db:
        password = secrets.get(db, "sip:a1d")
    assert password and len(password) == 32
    with Phone("a1d", password, server=("127.0.0.1", box.settings.sip_port), tone_hz=600) as phone:
        phone.register()
        leg = phone.call("*43").wait_answer()
        queues = [{**FIRST["queues"][0], "strategy": "ringall"}, {"id": "q2", "name": "Giao hàng"}]
        agents = [*FIRST["agents"], {"id": "a3", "name": "Mới", "extension": "103"}]
        second = box.save(queues=queues, agents=agents)
        assert applier.look() is None
        assert box.states(second) == all_in("live")
        assert "a3d/103" in asterisk.cli("pjsip show endpoints")
        assert "'ringall' strategy" in asterisk.cli("queue show q1")
        assert "q2 has 0 calls" in asterisk.cli("queue show q2")
        leg.wait_heard(lambda heard: not sound.tone_gaps(heard, 600), 1.0, 5, "itself, through it all")
        assert leg.is_up
    third = box.save(agents=FIRST["agents"], queues=FIRST["queues"])
    assert applier.look() is None
    assert box.states(third) == all_in("live")
    assert "a3d/103" not in asterisk.cli("pjsip show endpoints")


@pytest.mark.slow
def test_greetings_are_spoken_once_and_forgotten_with_their_last_revision(
    box: Box, asterisk: LiveAsterisk
) -> None:
    spoken: list[str] = []

    def count(text: str, _language: str, target: Path) -> None:
        spoken.append(text)
        target.write_bytes(b"")

    applier = box.applier(speak=count)
    box.save()
    applier.prepare()
    asterisk.start()
    box.save(business_name="Khác")
    assert applier.look() is None
    assert spoken == ["Xin chào quý khách."]
    for turn in range(10):
        box.save(queues=[{**FIRST["queues"][0], "greeting_text": f"Xin chào {turn}."}])
        assert applier.look() is None
    kept = list(box.settings.sounds.glob("*.wav"))
    # Who came in before all this may hear the first one yet.
    assert len(spoken) == len(kept) == 11
    for file in kept:
        os.utime(file, (time.time() - sounds.KEPT_S - 5,) * 2)
    box.save(business_name="Như cũ")
    assert applier.look() is None
    assert 5 < len(list(box.settings.sounds.glob("*.wav"))) <= 9
    folders = [path for path in box.settings.config.iterdir() if path.is_dir() and not path.is_symlink()]
    assert len(folders) <= 9


def test_a_set_of_music_is_live_within_two_seconds_and_its_files_stay(
    box: Box, asterisk: LiveAsterisk
) -> None:
    applier = box.applier()
    box.save()
    applier.prepare()
    asterisk.start()
    assert applier.look() is None
    box.settings.prompts.mkdir(parents=True)
    names = [hashlib.sha256(bytes([at])).hexdigest() for at in range(2)]
    for at, name in enumerate(names):
        sound.write_wav(box.settings.prompts / f"{name}.wav", sound.tone(440 + at, 1.0))
    for order in (names[:1], names, names[::-1]):
        pieces = [{"name": name[:4], "sound": name} for name in order]
        watch = Stopwatch()
        number = box.save(music=[{"id": "m1", "name": "Xuân", "pieces": pieces}], hold_music="m1")
        assert applier.look() is None
        assert watch.seconds < 2.0
        assert box.states(number) == all_in("live")
        shown = asterisk.cli("moh show files").partition("Class: m1\n")[2].partition("Class:")[0]
        assert [line.rpartition("/")[2] for line in shown.split("\n") if line] == order
    queue = {**FIRST["queues"][0], "message_text": "Xin chờ."}
    box.save(queues=[queue])
    assert applier.look() is None
    kept = {path.stem for path in box.settings.sounds.glob("*.wav")}
    assert {*names, sound_name("vi", "Xin chờ.")} <= kept
    number = box.save(music=[{"id": "m1", "name": "Xuân", "pieces": [{"name": "?", "sound": "0" * 64}]}])
    assert applier.look() is None
    assert box.states(number)["sounds"][0] == "failed" and "missing" in box.states(number)["sounds"][1]


def dialplan(asterisk: LiveAsterisk) -> list[str]:
    """The contexts that came from files. Those that Asterisk's own modules make change place with reloads."""
    parts = asterisk.cli("dialplan show").split("\n\n")
    return sorted(part for part in parts if "' created by 'pbx_config' ]" in part)


@pytest.mark.parametrize(
    ("part", "file", "right", "wrong"),
    [
        ("phones", "pjsip.conf", "webrtc = yes", "webrtc = yes\nnonsense = yes"),
        pytest.param(
            "lines", "pjsip.conf", "from_domain = 127.0.0.2", "rtp_timeout = soon", marks=pytest.mark.slow
        ),
        pytest.param(
            "queues", "queues.conf", "strategy = rrmemory", "strategy = nonsense", marks=pytest.mark.slow
        ),
        ("calls", "extensions.conf", "exten = 102,1,", "exten = 102,2,"),
        pytest.param("queues", "queues.conf", "weight = 5", "weight = heavy", marks=pytest.mark.slow),
        pytest.param(
            "queues", "queues.conf", "servicelevel = 20", "servicelevel = soon", marks=pytest.mark.slow
        ),
        ("queues", "queues.conf", "wrapuptime = 20", "wrapuptimes = 20"),
        pytest.param(
            "queues",
            "queues.conf",
            "announce-round-seconds = 0",
            "announce-round-seconds = 7",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "queues", "queues.conf", "joinempty = loose", "joinempty = lose", marks=pytest.mark.slow
        ),
        ("queues", "queuerules.conf", "penaltychange = 30,2", "penaltychange = soon,2"),
        pytest.param(
            "calls",
            "indications.conf",
            "ringcadence = 1000,4000",
            "ringcadence = soon",
            marks=pytest.mark.slow,
        ),
        ("calls", "indications.conf", "country = vn", "country = xx"),
    ],
)
def test_what_asterisk_refuses_goes_back(
    box: Box, asterisk: LiveAsterisk, part: str, file: str, right: str, wrong: str
) -> None:
    def break_file(site: Site, env: Env) -> Mapping[str, str]:
        tree = render_tree(site, env)
        return {**tree, file: tree[file].replace(right, wrong)} if site.business_name == "Hỏng" else tree

    applier = box.applier(render=break_file)
    # One of two agents only helps out, so that there is a rule.
    good = box.save(queues=[{**FIRST["queues"][0], "agents": ["a1", "a2"], "helpers": ["a2"]}])
    applier.prepare()
    asterisk.start()
    assert applier.look() is None
    assert box.states(good) == all_in("live")
    before = (box.settings.config / "live").readlink()
    shown = phones(asterisk), asterisk.cli("queue show"), dialplan(asterisk)
    bad = box.save(business_name="Hỏng")
    # What was refused stays so, however long one looks; what is good must have its time.
    patience_s, applier._console._settle_s = applier._console._settle_s, 1.0
    assert applier.look() is None
    applier._console._settle_s = patience_s
    states = box.states(bad)
    assert states[part][0] == "failed" and "did not accept" in states[part][1], states
    assert {state for state, _ in states.values()} == {"failed", "back"}
    assert box.desired() == good and (box.settings.config / "live").readlink() == before
    assert applier.look() is None
    assert box.states(good) == all_in("live")
    assert shown == (phones(asterisk), asterisk.cli("queue show"), dialplan(asterisk))


def phones(asterisk: LiveAsterisk) -> list[tuple[str, str]]:
    """What there is of phones and lines, but not whether it answers: that is found out meanwhile."""
    return re.findall(r"^ +(\w+): +(\S+)", asterisk.cli("pjsip show endpoints"), re.MULTILINE)


def test_what_asterisk_never_tells_is_known_to_be_read(box: Box, asterisk: LiveAsterisk) -> None:
    applier = box.applier()
    box.save()
    applier.prepare()
    asterisk.start()
    assert applier.look() is None
    number = box.save(queues=[{**FIRST["queues"][0], "ring_seconds": 25, "wrap_up_seconds": 7}])
    folder = box.settings.config / applier.prepare() / "asterisk"
    wanted = objects.expected({path.name: path.read_text("utf-8") for path in folder.iterdir()})
    found = objects.differences(wanted, box.console().loaded())
    assert {(one.part, one.name) for one in found} == {("queues", "queues.conf")}
    assert applier.look() is None
    assert box.states(number) == all_in("live")
    assert objects.differences(wanted, box.console().loaded()) == []


def test_what_cannot_be_rendered_or_spoken_is_told_in_words(box: Box, asterisk: LiveAsterisk) -> None:
    applier = box.applier()
    good = box.save()
    applier.prepare()
    asterisk.start()
    assert applier.look() is None
    police = box.save(agents=[{"id": "a1", "name": "Hoa", "extension": "113"}, FIRST["agents"][1]])
    applier.look()
    assert box.states(police)["asterisk"] == (
        "failed",
        "Extension 113 is an emergency number of this country. Choose another one.",
    )
    assert box.desired() == good
    assert applier.look() is None
    voiceless = box.save(agents=FIRST["agents"], language="tlh")
    applier.look()
    assert box.states(voiceless)["sounds"] == ("failed", "The box has no voice for the language tlh.")
    assert box.states(voiceless)["phones"] == ("back", report.ELSEWHERE)
    assert box.desired() == good
    assert applier.look() is None and box.states(good) == all_in("live")


@pytest.mark.slow
def test_files_switch_while_asterisk_is_down_and_are_confirmed_later(
    box: Box, asterisk: LiveAsterisk
) -> None:
    applier = box.applier()
    applier.prepare()
    number = box.save()
    assert applier.look() == 1.0
    assert box.states(number) == all_in("rendering", report.WAITING)
    assert str((box.settings.config / "live").readlink()).startswith(f"{number}-")
    asterisk.start()
    assert applier.look() is None
    assert box.states(number) == all_in("live")
    asterisk.kill()
    later = box.save(business_name="Sau")
    assert applier.look() == 1.0
    assert box.states(later) == all_in("rendering", report.WAITING)
    asterisk.start()
    assert applier.look() is None
    assert box.states(later) == all_in("live")


@pytest.mark.slow
def test_a_line_whose_name_cannot_be_looked_up_does_not_stop_the_rest(
    box: Box, asterisk: LiveAsterisk
) -> None:
    applier = box.applier()
    number = box.save(lines=[{**FIRST["lines"][0], "host": "voice.example.invalid"}])
    applier.prepare()
    asterisk.start()
    assert applier.look() == 30.0
    assert box.states(number) == {**all_in("live"), "lines": ("rendering", report.LOOKUP)}
    found = box.save(lines=[{**FIRST["lines"][0], "host": "localhost"}])
    assert applier.look() is None
    assert box.states(found) == all_in("live")


def test_a_line_waits_for_its_password_and_takes_it_when_it_comes(box: Box, asterisk: LiveAsterisk) -> None:
    applier = box.applier()
    line = {**FIRST["lines"][0], "username": "028", "register": True}
    number = box.save(lines=[line])
    applier.prepare()
    asterisk.start()
    assert applier.look() is None
    assert box.states(number)["lines"] == ("live", report.NO_PASSWORD)
    with box.store.change() as change:
        secrets.put(change, "line:l1", 'x;y "z')
    assert applier.look() is None
    assert box.states(number) == all_in("live")
    assert 'x;y "z' in asterisk.cli("pjsip show auth l1")
    assert "l1/sip:127.0.0.2:5070" in asterisk.cli("pjsip show registrations")


def test_managers_who_save_at_once_get_an_answer_and_the_newest_wins(
    box: Box, asterisk: LiveAsterisk
) -> None:
    applier = box.applier()
    first = box.save()
    applier.prepare()
    asterisk.start()
    assert applier.look() is None
    conflicts: list[ConflictError] = []

    def save(name: str) -> None:
        with box.store.read() as db:
            head, site = sites.head(db)
        both_read.wait()
        try:
            with box.store.change() as change:
                sites.save(change, Site.from_dict({**site.to_dict(), "business_name": name}), "u1", "", head)
        except ConflictError as error:
            conflicts.append(error)

    both_read = threading.Barrier(2)
    managers = [threading.Thread(target=save, args=(name,)) for name in ("Một", "Hai")]
    for manager in managers:
        manager.start()
    for manager in managers:
        manager.join()
    assert len(conflicts) == 1
    assert applier.look() is None
    assert box.desired() == first + 1 and box.states(first + 1) == all_in("live")


def test_a_revision_that_was_overtaken_is_told_so(box: Box, asterisk: LiveAsterisk) -> None:
    applier = box.applier()
    applier.prepare()
    asterisk.start()
    assert applier.look() is None
    overtaken, newest = box.save(), box.save(business_name="Mới")
    assert applier.look() is None
    assert box.states(overtaken) == all_in("back", report.SKIPPED)
    assert box.states(newest) == all_in("live")


def test_a_revision_of_a_newer_release_goes_back(box: Box, asterisk: LiveAsterisk) -> None:
    applier = box.applier()
    good = box.save()
    applier.prepare()
    asterisk.start()
    assert applier.look() is None
    later = box.save(business_name="Sau")
    with box.store.change() as change:
        change.db.execute("UPDATE revision SET site = ? WHERE number = ?", ('{"queues": 1}', later))
    assert applier.look() is None
    assert (
        box.states(later)["asterisk"][0] == "failed" and "cannot be read" in box.states(later)["asterisk"][1]
    )
    assert box.desired() == good


def test_two_appliers_never_work_at_once(box: Box) -> None:
    applier, other = box.applier(), box.applier()
    applier.prepare()
    with other._folders.lock():
        assert applier.look() == 1.0


def test_holidays_go_on_year_after_year(box: Box, asterisk: LiveAsterisk) -> None:
    day = [datetime.date(2026, 12, 31)]
    applier = box.applier(today=lambda: day[0])
    hours = {
        "id": "s1",
        "name": "Office",
        "weekly": [{"day": 1, "opens": "08:00", "closes": "17:00"}],
        "closes_on_holidays": True,
    }
    number = box.save(schedules=[hours])
    applier.prepare()
    asterisk.start()
    assert applier.look() is None
    assert "'20280902'" in asterisk.cli("dialplan show foyer-hours-s1")
    day[0] = datetime.date(2027, 1, 1)
    assert "'20290902'" not in asterisk.cli("dialplan show foyer-hours-s1")
    assert applier.look() is None
    assert "'20290902'" in asterisk.cli("dialplan show foyer-hours-s1")
    assert box.states(number) == all_in("live")
