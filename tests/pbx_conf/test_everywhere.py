"""Each nasty text at once in every place where no renderer refuses it, read by a real Asterisk: nothing of it
becomes dialplan, a section, a directive or an object.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from appliance.apply import objects
from appliance.errors import RejectedError
from appliance.pbx.conf import chan_dahdi_conf, manager_conf
from appliance.pbx.conf.inputs import Env
from appliance.pbx.conf.tree import render_tree
from appliance.store.sitemodel import Site
from tests.asterisk.instance import PrivateAsterisk, free_port
from tests.pbx_conf import raw_values
from tests.pbx_conf.loading import load_everywhere
from tests.pbx_conf.nasty import NASTY
from tests.pbx_conf.places import DOCUMENT, env_for, site

pytestmark = [pytest.mark.slow, pytest.mark.asterisk]

each_text = pytest.mark.parametrize("text", NASTY, ids=lambda text: ascii(text[:24]))

type Read = list[tuple[str, tuple[tuple[str, str], ...]]]


@pytest.fixture(scope="module")
def asterisk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PrivateAsterisk, Env]]:
    """One Asterisk for all texts, on the files of an empty site. Its manager interface shows how it reads a
    file.
    """
    folder = tmp_path_factory.mktemp("asterisk")
    env = env_for(Site(), folder, sip_port=free_port(), ami_port=free_port(), http_port=free_port())
    reader = (
        f"[general]\nenabled = yes\nbindaddr = 127.0.0.1\nport = {env.ami_port}\n"
        "[reader]\nsecret = reader\nread = config\nwrite = config\n"
    )
    with PrivateAsterisk(folder, {**render_tree(Site(), env), manager_conf.FILE: reader}) as running:
        yield running, env


@each_text
def test_a_site(asterisk: tuple[PrivateAsterisk, Env], text: str) -> None:
    running, env = asterisk
    wanted, held = load_everywhere(running, env, text)
    line = wanted.lines[0]
    if not line.username or not held.lines[line.id]:
        return
    shown = running.cli(f"pjsip show auth {line.id}")
    assert f" password                 : {held.lines[line.id]}\n" in shown, shown
    assert f" username                 : {line.username}\n" in shown, shown


@each_text
def test_the_channels_of_cards(asterisk: tuple[PrivateAsterisk, Env], text: str) -> None:
    """Asterisk's own reader shows one section with the options that it always has."""
    running, env = asterisk
    usual = with_spans()
    wanted = usual
    for name in raw_values.SPAN_FIELDS:
        span: Any = wanted.spans[0]
        tried = replace(wanted, spans=(replace(span, **{name: text}), *wanted.spans[1:]))
        with contextlib.suppress(RejectedError):
            chan_dahdi_conf.render(tried, env)
            wanted = tried
    named = replace(wanted, lines=(wanted.lines[0], replace(wanted.lines[1], id=text)))
    with contextlib.suppress(RejectedError):
        chan_dahdi_conf.render(named, env)
        wanted = named
    written = chan_dahdi_conf.render(wanted, env)
    running.write({chan_dahdi_conf.FILE: written})
    ((section, options),) = read(env.ami_port, chan_dahdi_conf.FILE)
    ((_, plain),) = objects.sections(chan_dahdi_conf.render(usual, env))
    assert section == "channels" and [name for name, _ in options] == [name for name, _ in plain]
    assert [(section, options)] == [(name, tuple(pairs)) for name, pairs in objects.sections(written)]


def with_spans() -> Site:
    """The usual site with two ports, one of them with a line."""
    spans = [
        {"id": "d4", "number": 2, "name": "First", "device": "serial", "port": 3},
        {"id": "d5", "number": 1, "name": "Unused", "device": "serial", "port": 4, "side": "network"},
    ]
    line = {"id": "l2", "kind": "card", "name": "Company", "spans": ["d4"], "caller_number": "02812345679"}
    return site(spans=spans, lines=[*DOCUMENT["lines"], line])


def read(port: int, file: str) -> Read:
    """Sections and options of a file, as the running Asterisk reads them (main/manager.c, GetConfig)."""
    actions = (
        "Action: Login\r\nUsername: reader\r\nSecret: reader\r\nEvents: off",
        f"Action: GetConfig\r\nFilename: {file}",
        "Action: Logoff",
    )
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall("".join(f"{action}\r\n\r\n" for action in actions).encode())
        with connection.makefile("r", encoding="utf-8", newline="\r\n") as answer:
            lines = answer.read().splitlines()
    found: Read = []
    for line in lines:
        name, _, value = line.partition(": ")
        if name.startswith("Category-"):
            found.append((value, ()))
        elif name.startswith("Line-"):
            option, _, text = value.partition("=")
            found[-1] = (found[-1][0], (*found[-1][1], (option, text)))
    assert found, lines
    return found
