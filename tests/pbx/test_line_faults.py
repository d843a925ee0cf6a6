"""Why a phone line does not work, as a real Asterisk finds out at providers of all kinds."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from appliance.pbx.conf.tree import render_tree
from appliance.pbx.line_faults import answers, why_of
from appliance.store import site as sites
from appliance.store.sitemodel import Site
from tests.asterisk.instance import free_port
from tests.asterisk.phone import Phone
from tests.pbx.box import Box
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
    box.wait_row("fault", "l2", "the unknown account", why="account", code=404)
    again = box.ask("try_line", line="l2")
    assert again.state == "failed" and "a moment ago" in again.result["error"]
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
