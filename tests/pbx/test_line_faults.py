"""Why a phone line does not work, as a real Asterisk finds out at providers of all kinds."""

from __future__ import annotations

import dataclasses
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from appliance.pbx.conf.tree import render_tree
from appliance.pbx.line_faults import TAIL_BYTES, Tail, answers, nobody_there, unheard, why_of
from appliance.store import site as sites
from appliance.store.sitemodel import Line, Site
from tests.asterisk.g711 import LAWS
from tests.asterisk.instance import free_port
from tests.asterisk.phone import Phone
from tests.pbx.box import NUMBER, Box
from tests.until import until

# What Asterisk 22.10 wrote about a REGISTER that was answered so, or not at all.
LOG = "\n".join(
    f"[2026-11-22 08:58:19.114] WARNING[95] res_pjsip_outbound_registration.c: {what} received from"
    f" 'sip:{server}' on registration attempt to 'sip:{user}@{server}', retrying in '30'"
    for what, user, server in (
        ("No response", "u7", "nowhere.invalid:5060"),
        ("403 Forbidden fatal response", "u1", "127.0.0.2:36223"),
        ("Temporal response '401'", "u2", "127.0.0.2:59148"),
        ("'404' fatal response", "u4", "127.0.0.2:40422"),
        ("'503' fatal resp", "u5", "[2001:db8::1]:5060"),
    )
)[:-60]


def test_what_the_log_says() -> None:
    assert list(answers(LOG)) == [
        ("sip:u7@nowhere.invalid:5060", 0),
        ("sip:u1@127.0.0.2:36223", 403),
        ("sip:u2@127.0.0.2:59148", 401),
        ("sip:u4@127.0.0.2:40422", 404),
    ]


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (401, "password"),
        (403, "password"),
        (404, "account"),
        (408, "trouble"),
        (423, "refused"),
        (503, "trouble"),
        (603, "refused"),
    ],
)
def test_what_an_answer_means(status: int, why: str) -> None:
    assert why_of(status) == why


NO_SUCH_NAME = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
NO_ADDRESS = socket.gaierror(socket.EAI_NODATA, "No address associated with hostname")
NO_SERVER = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (NO_SUCH_NAME, "name"),
        (NO_ADDRESS, "name"),
        # "label too long": what Python says of a name that cannot be one.
        (UnicodeError(), "name"),
        (NO_SERVER, "no-names"),
        (None, "silent"),
    ],
)
def test_why_nobody_is_there(error: Exception | None, why: str) -> None:
    """As the system's resolver answers, with a name server that knows the name or not, and without one."""

    def look_up(host: str, port: int) -> object:
        assert (host, port) == ("voice.example.net", 5070)
        if error is not None:
            raise error
        return []

    assert nobody_there(Line("l1", "sip", "Provider", "voice.example.net", port=5070), look_up) == why


# What Asterisk 22.10 wrote of a call in whose sound formats were not the line's, one of a phone's, and one
# that was up.
LEGS = "".join(
    f"[2026-11-22 16:38:16.229] DEBUG[85] chan_pjsip.c:  {what}\n"
    for what in (
        "l1",
        "l1: inv_session->cause: 488",
        "l1: No channel",
        "a1d: inv_session->cause: 488",
        "l2: inv_session->cause: 403",
        "PJSIP/l3-0000000a: inv_session->cause: 488",
    )
)


def test_calls_whose_sound_does_not_fit() -> None:
    assert list(unheard(LEGS)) == ["l1"]


def test_the_newest_lines_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "legs"
    tail = Tail(path)
    assert not tail.has_grown() and tail.read() == ""
    path.write_text("old\n" * TAIL_BYTES)
    assert tail.has_grown() and len(tail.read()) <= TAIL_BYTES and not tail.has_grown()
    with path.open("a") as file:
        file.write("one\ntw")
    assert tail.read() == "one"
    with path.open("a") as file:
        file.write("o\n")
    assert tail.read() == "two" and tail.read() == ""
    only_news = Tail(path, from_end=True)
    assert only_news.read() == ""
    with path.open("a") as file:
        file.write("three\n")
    assert only_news.read() == tail.read() == "three"
    path.rename(tmp_path / "legs.1")
    path.write_text("new\n")
    assert only_news.read() == tail.read() == "new"


@pytest.fixture
def provider() -> Iterator[Phone]:
    with Phone("provider", host="127.0.0.3") as phone:
        yield phone


@pytest.fixture
def box(provider: Phone) -> Iterator[Box]:
    """A box with a line at `provider` (l2), one at an address with a typing mistake (l3), and one at an
    address where nobody is (l4).
    """
    lines = [
        {"id": "l2", "host": provider.host, "port": provider.port, "username": "u2", "register": True},
        {"id": "l3", "host": "voice.example.invalid", "username": "u3", "register": True},
        {"id": "l4", "host": "127.0.0.4", "port": free_port()},
    ]
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="pbx-", dir="/tmp"))
        box = Box(Path(folder))
        with box.store.change() as change:
            number, now = sites.head(change.db)
            document: dict[str, Any] = now.to_dict()
            document["lines"] += [{"kind": "sip", "name": line["id"], **line} for line in lines]
            document["outbound"]["lines"] = ["l2"]
            box.site = Site.from_dict(document)
            sites.save(change, box.site, "u1", "", number)
        env = box._env()
        secrets = dataclasses.replace(env.secrets, lines={"l2": "password", "l3": "password"})
        box.asterisk.write(render_tree(box.site, dataclasses.replace(env, secrets=secrets)))
        stack.enter_context(box)
        provider.server = ("127.0.0.1", box.sip_port)
        box.start()
        yield box


@pytest.mark.asterisk
def test_from_refused_to_signed_in(box: Box, provider: Phone) -> None:
    provider.statuses["REGISTER"] = 403
    box.wait_row("fault", "l2", "the refused password", 15, why="password", code=403)
    # A name of nobody; without a network even that cannot be known.
    until(lambda: box.row("fault", "l3").get("why") in ("name", "no-names"), 15, "the wrong name")
    box.wait_row("fault", "l4", "the silent provider", 15, why="silent", code=0)
    provider.statuses["REGISTER"] = 404
    assert box.ask("try_line", line="l2").state == "done"
    again = box.ask("try_line", line="l2")
    assert again.state == "failed" and "a moment ago" in again.result["error"]
    box.wait_row("fault", "l2", "the unknown account", why="account", code=404)
    assert box.ask("try_line", line="l9").state == "failed"
    del provider.statuses["REGISTER"]
    box.asterisk.cli("pjsip send register l2")
    box.wait_row("line", "l2", "the line signed in", registered=True)
    until(lambda: not box.row("fault", "l2"), 5, "nothing wrong with the line")


@pytest.mark.asterisk
def test_a_call_out_that_is_refused(box: Box, provider: Phone) -> None:
    with box.desk("a1") as desk:
        desk.register()
        provider.refuses = 488
        desk.call("0901234567").wait_end()
        box.wait_row("line", "l2", "the refused formats", refused=488)
        # Whoever was called is busy: that says nothing of the line.
        provider.refuses = 486
        desk.call("0901234567").wait_end()
        assert len(provider.legs) == 2 and box.row("line", "l2")["refused"] == 488
        provider.refuses, provider.answers = 0, True
        desk.call("0901234567").wait_answer().hang_up()
        until(lambda: "refused" not in box.row("line", "l2"), 10, "an answered call")


@pytest.mark.asterisk
def test_a_call_that_comes_in_with_other_sound(box: Box) -> None:
    with box.outside() as outside:
        box.wait_row("line", "l1", "the line's provider", 30, reachable=True)
        outside.laws = (dataclasses.replace(LAWS[0], name="G729", payload_type=18),)
        assert outside.call(NUMBER).wait_end().status == 488
        box.wait_row("fault", "l1", "the sound that does not fit", why="formats-in")
        outside.laws = LAWS
        outside.call(NUMBER).wait_answer().hang_up()
        until(lambda: not box.row("fault", "l1"), 5, "nothing wrong with the line")
        # Other formats were chosen: what was refused before says nothing of them.
        outside.laws = (LAWS[1],)
        document = box.site.to_dict()
        document["lines"][0]["codecs"] = ["alaw"]
        save(box, document)
        assert outside.call(NUMBER).wait_end().status == 488
        box.wait_row("fault", "l1", "the sound that does not fit", why="formats-in")
        document["lines"][0]["codecs"] = ["alaw", "ulaw"]
        save(box, document)
        until(lambda: not box.row("fault", "l1"), 5, "nothing known of the line")


def save(box: Box, document: dict[str, Any]) -> None:
    """Another site is wanted, and live."""
    box.site = Site.from_dict(document)
    with box.store.change() as change:
        number, _ = sites.head(change.db)
        sites.save(change, box.site, "u1", "", number)
    box.asterisk.write(render_tree(box.site, box._env()))
    box.asterisk.cli("module reload res_pjsip.so")
