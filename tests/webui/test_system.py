"""The system page, the search in the messages, the restart of a service, the support file, the network."""

from __future__ import annotations

import io
import json
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import RejectedError, Sentence, TransientError
from appliance.health.client import Health
from appliance.health.facts import Contact, Interface, Unit
from appliance.health.query import Message, Query
from appliance.network.plan import NetworkPlan
from appliance.network.trial import Network, Token
from appliance.privileged.protocol import Call
from appliance.settings import Settings
from appliance.store import Store, audit, now_ms, people, secrets
from appliance.store import site as sites
from appliance.webui.masking import mask_of
from appliance.webui.pages.system import Doctor
from appliance.webui.pages.system_network import DOOR
from tests.health.test_checks import NOW, WELL
from tests.privileged.noting import noting
from tests.until import until
from tests.webui.conftest import OTP, SignIn
from tests.webui.health import Answers, serving

CURSOR = "s=a3f1;i=49;b=3d2e;m=3216;t=660d;x=dabf"


def message(text: str, who: str = "caddy", level: int = 6) -> Message:
    return Message(NOW, who, level, text, CURSOR)


@pytest.fixture
def settings(settings: Settings) -> Iterator[Settings]:
    """Sockets of this test's own, in a folder with a short name."""
    with tempfile.TemporaryDirectory() as folder:
        yield replace(
            settings,
            health_socket=Path(folder) / "health.sock",
            privileged_socket=Path(folder) / "privileged.sock",
        )


@pytest.fixture
def answers(settings: Settings) -> Iterator[Answers]:
    found = Answers(WELL, [message("Started caddy.")])
    with serving(settings.health_socket, found):
        yield found


@pytest.fixture
def privileged(settings: Settings) -> Iterator[list[Call]]:
    """Notes what is asked of root, and says that it was done."""
    with noting(settings.privileged_socket) as calls:
        yield calls


def test_a_healthy_box(sign_in: SignIn, store: Store, answers: Answers) -> None:
    words = sign_in("boss").get("/system").words
    # The store of these tests has no telephone service.
    assert "The telephone service is not running." in words
    for fact in (
        "1.0",
        "Slot A",
        "Slot B is empty",
        "DG4064",
        "10 % of its life used",
        "20 GB of 60 GB",
        "eth0",
        "52 °C",
        "50 MB",
    ):
        assert fact in words, fact


def test_what_is_wrong_stands_on_top(sign_in: SignIn, answers: Answers) -> None:
    answers.machine = replace(WELL, units=(Unit("asterisk", "failed", 9),), refused_modules=("wcte13xp",))
    page = sign_in("boss").get("/system")
    assert page.words.index("telephone service (asterisk)") < page.words.index("Version")
    assert "The driver wcte13xp was refused" in page.words and "started again 9 times" in page.words


def test_a_box_inside_another_machine_says_so(sign_in: SignIn, answers: Answers) -> None:
    answers.machine = replace(WELL, release=replace(WELL.release, slot="", version=""))
    browser = sign_in("boss")
    assert "runs inside another machine and has no slots" in browser.get("/system").words
    page = browser.get("/system/network")
    assert "there is nothing to set here" in page.words
    sent = browser.post(
        "/system/network", [*page.form("/logout").fields, ("card", "eth0"), ("mode", "router")]
    )
    assert sent.status == 409


def test_the_page_opens_without_the_process(sign_in: SignIn) -> None:
    page = sign_in("boss").get("/system")
    assert page.status == 200 and "The box's own state could not be read." in page.words
    assert sign_in("boss").get("/system/log").status == 503


def test_nobody_waits_while_the_whole_database_is_read(settings: Settings, answers: Answers) -> None:
    asked: list[tuple[bool, str]] = []
    go_on = threading.Event()

    def look(thorough: bool, known: str) -> Contact:
        asked.append((thorough, known))
        if thorough:
            assert go_on.wait(60)
        return Contact(database_problem="row 7 missing" if thorough else known)

    def problem() -> str:
        found = doctor.facts().contact
        return found.database_problem if found else "?"

    doctor = Doctor(Health(settings.health_socket), look)
    thorough = threading.Thread(target=problem)
    thorough.start()
    until(lambda: asked == [(True, "")], 5, "the first to read it")
    assert problem() == "", "nothing is known yet"
    go_on.set()
    thorough.join()
    assert problem() == "row 7 missing"
    assert asked[1:] == [(False, ""), (False, "row 7 missing")]


def test_a_failure_leaves_the_thorough_look_to_the_next(settings: Settings, answers: Answers) -> None:
    asked: list[bool] = []

    def look(thorough: bool, known: str) -> Contact:
        asked.append(thorough)
        if len(asked) == 1:
            raise TransientError("The disk fails.")
        return Contact(database_problem=known)

    doctor = Doctor(Health(settings.health_socket), look)
    with pytest.raises(TransientError):
        doctor.facts()
    doctor.facts()
    doctor.facts()
    assert asked == [True, True, False]


def test_messages_are_searched(sign_in: SignIn, answers: Answers, store: Store) -> None:
    answers.messages = [message(f"line {number} token={OTP}", level=3) for number in range(150)]
    browser = sign_in("boss")
    page = browser.get("/system/log?unit=caddy&level=3&words=line")
    assert answers.asked == [Query("caddy", 3, "line", "", 100)]
    assert "line 99" in page.words and "line 100" not in page.words and OTP not in page.text
    browser.get(f"/system/log?before={CURSOR.replace(';', '%3B')}")
    assert answers.asked[-1].before == CURSOR
    assert browser.get("/system/log?unit=../etc").status == 400
    assert browser.get("/system/log?level=99&before=<script>").status == 400
    with pytest.raises(RejectedError):
        Query(limit=0)


def test_a_restart_is_confirmed_and_written_down(
    sign_in: SignIn, answers: Answers, privileged: list[Call], box: dict[str, str]
) -> None:
    browser = sign_in("boss")
    page = browser.get("/system/restart/asterisk")
    assert "Calls that are up are cut off" in page.words and privileged == []
    page = browser.submit(page, "/system/restart/asterisk")
    assert privileged == [Call("restart_service", {"name": "asterisk"})]
    assert "It was restarted: telephone service." in page.words
    assert "Restarted a service asterisk" in browser.get("/audit").words
    assert browser.get("/system/restart/sshd").status == 404


@pytest.mark.parametrize(
    ("path", "action", "typed", "words"),
    [
        ("/system/restart/asterisk", "", {}, "It was restarted"),
        ("/system/drivers", "", {}, "Write this code down"),
        ("/system/network", "", {"mode": "router"}, "open the new address"),
        ("/system/network", "/back", {}, "former network"),
    ],
)
def test_what_root_did_not_do_can_be_asked_again(
    sign_in: SignIn,
    answers: Answers,
    settings: Settings,
    path: str,
    action: str,
    typed: dict[str, Any],
    words: str,
) -> None:
    """With the very same form; and only what was done is written down."""
    answers.machine = replace(
        WELL,
        driver_key="unknown",
        interfaces=(Interface("eth0", "02:00:00:00:00:01", True, (), True),),
    )
    browser = sign_in("boss")
    token = "t" * 32
    if action:
        trial(Call("try_network", {"plan": NetworkPlan("eth0").to_text(), "token": token}))
    try:
        page = browser.get(path)
        failed = browser.submit(page, f"{path}{action}", **typed)
        assert failed.status == 503
        before = len(browser.get("/audit").text)
        with noting(settings.privileged_socket) as calls:
            done = browser.submit(page, f"{path}{action}", **typed)
        assert done.status == 200 and words in done.words, done.words
        assert len(calls) == 1
        assert len(browser.get("/audit").text) > before
    finally:
        (Network().state / "trial.json").unlink(missing_ok=True)


def test_the_recovery_key_is_shown_and_written_down(
    sign_in: SignIn, answers: Answers, settings: Settings, store: Store
) -> None:
    browser = sign_in("boss")
    assert "Recovery key" not in browser.get("/system").words
    assert browser.get("/system/recovery-key").status == 404
    groups = ["cbdefghi", "jklnrtuv"] * 4
    (settings.secrets / "recovery-key").write_text("-".join(groups) + "\n")
    assert "recovery key was never looked at" in browser.get("/system").words
    page = browser.get("/system/recovery-key")
    assert groups[0] not in page.text
    page = browser.submit(page, "/system/recovery-key")
    assert " ".join(groups) in page.words
    assert "Looked at the recovery key" in browser.get("/audit").words
    assert "never looked at" not in browser.get("/system").words
    with store.read() as db:
        assert "-".join(groups) not in mask_of(db, settings, sites.head(db)[1]).hide("-".join(groups))


def test_the_drivers_are_let_in(sign_in: SignIn, answers: Answers, privileged: list[Call]) -> None:
    browser = sign_in("boss")
    assert "Secure Boot" not in browser.get("/system").words
    page = browser.get("/system/drivers")
    assert (
        "takes the drivers" in page.words and '<form method="post" action="/system/drivers' not in page.text
    )
    answers.machine = replace(WELL, refused_modules=("wctdm24xxp",), driver_key="unknown")
    page = browser.get("/system")
    assert "Secure Boot keeps the driver wctdm24xxp" in page.words and "do not work yet" in page.words
    page = browser.submit(browser.get("/system/drivers"), "/system/drivers")
    (call,) = privileged
    assert call.action == "confirm_drivers" and call.args["code"] in page.words
    assert "Asked to let drivers in" in browser.get("/audit").words
    answers.machine = replace(WELL, driver_key="confirmed")
    assert "telephone cards work" in browser.get("/system").words


def test_nobody_else_gets_in(sign_in: SignIn, answers: Answers) -> None:
    for path in ("", "/recovery-key", "/drivers", "/log", "/network", "/restart/caddy"):
        assert sign_in("lead").get(f"/system{path}").status == 403


PLANTED = {
    "the one-time password": OTP,
    "a line's password": "correct horse",
    "a phone's password": "Zx9-kLm3_Qr7vTb2WnYp5sHd8fGj4AcE",
    "a manager's password": "AbC123dEf456GhI789jKl012MnO345pQ",
    "a person": "Nguyễn Thị Bưởi",
    "a part of a person": "Bưởi",
    "an Arab person": "عبد الرحمن",
    "a Japanese person": "山田太郎",
    "an agent": "Lan",
    "the business": "Lotus Dental",
    "a queue": "Reception",
    "a caller": "+842873001234",
    "a caller in groups": "028 7300 1234",
    "a mail address": "buoi@example.org",
    "a provider": "voice.example.net",
    "an account": "u1",
}


def test_the_support_file_tells_nothing_of_people(
    sign_in: SignIn, store: Store, answers: Answers, settings: Settings
) -> None:
    (settings.secrets / "sim-trunk").write_text("AbC123dEf456GhI789jKl012MnO345pQ\n")
    with store.change() as change:
        for number, name in (("+842873001234", "Nguyễn Thị Bưởi"), ("+819012345678", "山田太郎")):
            person = people.person_for(change, "phone", number, name)
            people.rename(change, person, name)
        people.rename(change, people.person_for(change, "email", "buoi@example.org", ""), "عبد الرحمن")
        secrets.put(change, "line:l1", "correct horse")
        secrets.put(change, "sip:a1", "Zx9-kLm3_Qr7vTb2WnYp5sHd8fGj4AcE")
        sites.report(change, 1, "lines", "failed", Sentence(" | ".join(PLANTED.values())))
    everything = " | ".join(
        [*PLANTED.values(), "password=correct horse", "山田太郎様から", "call from Bưởi,"]
    )
    answers.messages = [message(everything), message(everything, who="Nguyễn Thị Bưởi")]
    browser = sign_in("boss")
    answer = browser.submit(browser.get("/system"), "/system/support")
    assert answer.header("Content-Type") == "application/gzip"
    with tarfile.open(fileobj=io.BytesIO(answer.body)) as archive:
        parts = {entry.name: archive.extractfile(entry) for entry in archive}
        texts = {name: file.read().decode() for name, file in parts.items() if file}
    assert len(texts) == 7 and all(texts.values())
    for what, planted in PLANTED.items():
        for name, text in texts.items():
            assert planted not in text.replace('"u1"', ""), (what, name)
    assert "(name)" in texts["foyer-support/messages.txt"]
    assert json.loads(texts["foyer-support/counts.json"])["person"] == 3
    assert json.loads(texts["foyer-support/machine.json"])["release"]["slot"] == "A"
    assert json.loads(texts["foyer-support/settings.json"])["queues"][0]["agents"] == ["a1", "a2"]


def test_a_second_support_file_is_a_new_one(sign_in: SignIn, store: Store, answers: Answers) -> None:
    browser = sign_in("boss")
    page = browser.get("/system")

    def messages() -> str:
        answer = browser.submit(page, "/system/support")
        with tarfile.open(fileobj=io.BytesIO(answer.body)) as archive:
            file = archive.extractfile("foyer-support/messages.txt")
            assert file
            return file.read().decode()

    assert "Started caddy." in messages()
    answers.messages = [message("The disk is full.")]
    assert "The disk is full." in messages()
    with store.read() as db:
        assert len(audit.recent(db, 9, action="support-file")) == 2


def test_useful_words_stay(store: Store, settings: Settings, box: dict[str, str]) -> None:
    with store.read() as db:
        mask = mask_of(db, settings, sites.head(db)[1])
    said = "Started foyer-pbx.service: line l1 is registered, 3 of 12 legs, exit code 137."
    assert mask.hide(said) == said
    assert mask.hide("the lan cable of Lan") == "the (name) cable of (name)"


def test_a_network_is_tried(sign_in: SignIn, answers: Answers, privileged: list[Call]) -> None:
    answers.machine = replace(WELL, interfaces=(Interface("eth0", "02:00:00:00:00:01", True, (), True),))
    browser = sign_in("boss")
    page = browser.get("/system/network")
    wrong = browser.submit(page, "/system/network", mode="fixed", address="300.1.1.1", prefix="24")
    assert wrong.status == 422 and "This is no address" in wrong.words and privileged == []
    page = browser.submit(page, "/system/network", mode="fixed", address="192.168.1.20", prefix="24")
    (call,) = privileged
    assert call.action == "try_network" and NetworkPlan.parse(call.args["plan"]).address == "192.168.1.20/24"
    assert f"https://192.168.1.20/system/network/confirm/{call.args['token']}" in page.text
    # Whoever comes later than two minutes, or without a trial, is told so.
    door = f"/system/network/confirm/{call.args['token']}"
    assert "This trial is over" in browser.get(door).words
    trial(call)
    try:
        early = browser.get(door)
        assert "The box changes its network now" in early.words and 'http-equiv="refresh"' in early.text
        assert "<form" not in early.text
        fields = browser.get("/system/network").form("/logout").fields
        refused = browser.post(door, fields, headers={DOOR: "192.168.1.20"})
        assert refused.status == 503 and "has not changed its network yet" in refused.words
        assert len(privileged) == 1
        # networkd has it now.
        (Network().state / "applied").write_text(Token.parse(call.args["token"]).digest())
        assert "Another network is being tried." in browser.get("/system/network").words
        asked = browser.get(door)
        assert "The box is here" in asked.words
        # Whatever the browser calls the box: it came in at another address.
        fields = asked.form(door).fields
        for where in ("192.168.1.21", "foyer.local", ""):
            refused = browser.post(door, fields, headers={DOOR: where})
            assert refused.status == 400 and "from the new address" in refused.words
        assert len(privileged) == 1
        kept = browser.post(door, fields, headers={DOOR: "192.168.1.20"})
        assert "The new network stays" in kept.words
        assert privileged[-1] == Call("confirm_network", {"token": call.args["token"]})
        back = browser.submit(browser.get("/system/network"), "/system/network/back")
        assert privileged[-1] == Call("leave_network", {})
        # The page may be the last that comes by this way.
        assert back.status == 200 and 'href="https://foyer.local/system/network"' in back.text
    finally:
        for name in ("trial.json", "applied"):
            (Network().state / name).unlink(missing_ok=True)
    journal = browser.get("/audit").words
    for entry in ("Tried another network", "Confirmed the network", "Went back to the network before"):
        assert entry in journal


def trial(call: Call) -> None:
    """What foyer-privileged writes down when it begins; this root's /run is its own."""
    state = Network().state
    state.mkdir(exist_ok=True)
    plan, digest = call.args["plan"], Token.parse(call.args["token"]).digest()
    text = json.dumps({"plan": plan, "digest": digest, "until": now_ms() + 60_000})
    (state / "trial.json").write_text(text)
