"""Nothing typed anywhere becomes dialplan, a section, a directive or an object, proved by a real Asterisk.

Two ways in: documents that have passed the site model's checks, loaded by Asterisk, which must show exactly
the intended objects; and raw values that no check has seen, which a renderer must refuse or keep where they
belong.
"""

from __future__ import annotations

import functools
import random
import string
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from appliance.apply import objects
from appliance.errors import RejectedError
from appliance.pbx.conf import (
    chan_dahdi_conf,
    extensions_conf,
    indications_conf,
    pjsip_conf,
    queues_conf,
    syntax,
)
from appliance.pbx.conf.inputs import Env, Secrets
from appliance.pbx.conf.tree import RENDERERS, render_tree
from appliance.store.site_ports import AnalogPort
from appliance.store.site_queues import Queue
from appliance.store.site_spans import Span
from appliance.store.sitemodel import Agent, Line, Number, Site
from tests.asterisk.instance import PrivateAsterisk, free_port
from tests.pbx_conf import raw_values
from tests.pbx_conf.intended import assert_intended
from tests.pbx_conf.loading import assert_loaded_as_intended, load_everywhere, rendered
from tests.pbx_conf.nasty import nasty
from tests.pbx_conf.places import env_for, site
from tests.pbx_conf.raw_values import PIN, SOUND
from tests.pbx_conf.shapes import ALLOWED, shape


def checked_name(text: str) -> str:
    """The text if the site model lets it pass as a name, else a plain one."""
    try:
        return Site.from_dict({"queues": [{"id": "q1", "name": text}]}).queues[0].name
    except RejectedError:
        return "Name"


def checked_prose(text: str) -> str:
    """The text if the site model lets it pass as a greeting, else none."""
    try:
        return (
            Site.from_dict({"queues": [{"id": "q1", "name": "x", "greeting_text": text}]})
            .queues[0]
            .greeting_text
        )
    except RejectedError:
        return ""


names = nasty.map(checked_name)
greetings = nasty.map(checked_prose)
passwords = nasty.map(lambda text: "".join(text.split())[:60]).filter(
    lambda text: text.isprintable() and text.isascii()
)


@st.composite
def members(draw: st.DrawFn, agents: list[str]) -> dict[str, Any]:
    """Who answers for a queue: some at once, some only once a caller has waited."""
    late = [agents[1:2], agents[2:3]] if draw(st.booleans()) else [[], []]
    return {"agents": agents, "helpers": late[0], "reserves": late[1]}


@st.composite
def inside(draw: st.DrawFn, agents: list[str]) -> dict[str, Any]:
    """Conference rooms, groups that are spoken to, music, rules for calls out."""
    return {
        "rooms": [{"id": "r1", "name": draw(names), "extension": "301", "locked": draw(st.booleans())}],
        "pagings": [{"id": "g1", "name": draw(names), "extension": "302", "agents": agents}]
        if agents
        else [],
        "music": [{"id": "m1", "name": draw(names), "pieces": [{"name": draw(names), "sound": SOUND}]}],
        "outbound": {"permits": [{"agent_id": one, "kinds": ["national"]} for one in agents[:1]]},
    }


@st.composite
def schedules(draw: st.DrawFn) -> dict[str, Any]:
    """Opening hours, in another place's time too."""
    return {
        "id": "s1",
        "name": draw(names),
        "time_zone": draw(st.sampled_from(("", "Asia/Bangkok", "America/New_York"))),
        "weekly": [{"day": 1, "opens": "08:00", "closes": "17:00"}],
        "exceptions": [{"date": "2026-12-24", "name": draw(names), "hours": []}],
    }


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Site documents whose every text is nasty and allowed."""
    agents = [
        {"id": f"a{n}", "name": draw(names), "extension": str(200 + n)}
        for n in range(1, draw(st.integers(1, 6)))
    ]
    queues = [
        {
            "id": f"q{n}",
            "name": draw(names),
            "greeting_text": draw(greetings),
            "strategy": draw(st.sampled_from(("rrmemory", "ringall", "linear", "random"))),
            "record": draw(st.booleans()),
            "music": draw(st.sampled_from(("default", "calm", "m1"))),
            **draw(members([agent["id"] for agent in agents if draw(st.booleans())])),
        }
        for n in range(1, draw(st.integers(2, 5)))
    ]
    lines = [
        {
            "id": f"l{n}",
            "kind": "sip",
            "name": draw(names),
            "host": draw(st.sampled_from(("127.0.0.9", "127.0.0.10", "::1"))),
            "username": draw(st.sampled_from(("", "028", "u+s.x_-", "u@e-r.x_"))),
            "register": False,
            "caller_number": draw(st.sampled_from(("", "02812345678", "113"))),
        }
        for n in range(1, draw(st.integers(1, 4)))
    ]
    numbers = [
        {"id": f"n{n}", "number": f"0281234567{n}", "line_id": line["id"], "queue_id": "q1"}
        for n, line in enumerate(lines)
    ]
    texts = [{"language": "vi", "text": draw(greetings) or "x"}]
    steps = [
        {"id": "t1", "kind": "hours", "schedule_id": "s1", "open": "t2", "closed": "t3"},
        {
            "id": "t2",
            "kind": "menu",
            "texts": texts,
            "keys": [{"key": key, "next": "t3"} for key in "*#0"],
            "otherwise": "t3",
            "dials_people": draw(st.booleans()),
        },
        {"id": "t3", "kind": "say", "texts": texts, "next": "t4"},
        {"id": "t4", "kind": "outside", "number": "0901234567"} if lines else {"id": "t4", "kind": "end"},
    ]
    document = {
        "queues": queues,
        "agents": agents,
        "lines": lines,
        "numbers": numbers,
        "schedules": [draw(schedules())],
        **draw(inside([agent["id"] for agent in agents])),
        "flows": [{"id": "f1", "name": draw(names), "steps": steps}],
    }
    return {"business_name": draw(names), "country": draw(st.sampled_from(("VN", "FR"))), **document}


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[PrivateAsterisk, Env]]:
    """One Asterisk for all examples, on the files of an empty site."""
    with tempfile.TemporaryDirectory() as folder:
        env = env_for(Site(), Path(folder), sip_port=free_port(), ami_port=free_port(), http_port=free_port())
        with PrivateAsterisk(Path(folder), render_tree(Site(), env)) as asterisk:
            yield asterisk, env


def on_asterisk(examples: int) -> settings:
    """So many examples; none is made smaller, as each takes its time."""
    return settings(
        max_examples=examples,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


@pytest.mark.slow
@pytest.mark.asterisk
@on_asterisk(30)
@given(document=documents(), password=passwords)
def test_asterisk_shows_exactly_what_was_meant(
    running: tuple[PrivateAsterisk, Env], document: dict[str, Any], password: str
) -> None:
    asterisk, env = running
    wanted = Site.from_dict(document)
    others = env_for(wanted, asterisk.directory)
    pins = {room.id: PIN for room in wanted.rooms}
    held = replace(others.secrets, lines={line.id: password for line in wanted.lines}, rooms=pins)
    assert_loaded_as_intended(asterisk, wanted, replace(env, country=others.country, secrets=held))
    account = next((line for line in wanted.lines if line.username and password), None)
    if account:
        shown = asterisk.cli(f"pjsip show auth {account.id}")
        assert f" password                 : {password}\n" in shown, shown
        assert f" username                 : {account.username}\n" in shown, shown


@pytest.mark.slow
@pytest.mark.asterisk
@on_asterisk(5)
@given(text=st.text(string.ascii_letters + string.digits + "_./+*#=:@-", max_size=12))
@example("a@b")
@example("_X.")
@example("+84")
@example("i")
@example("${SHELL(id)}")
def test_asterisk_takes_a_raw_value_as_it_was_meant(running: tuple[PrivateAsterisk, Env], text: str) -> None:
    """At once at every place where no renderer refuses it: these are the characters that some may take."""
    asterisk, env = running
    load_everywhere(asterisk, env, text)


@settings(max_examples=300, deadline=None)
@given(text=nasty, put=st.sampled_from(raw_values.SITES))
@example(text="\xa0", put=raw_values.SITES[3])
def test_a_raw_value_is_refused_or_stays_where_it_belongs(text: str, put: raw_values.Put) -> None:
    wanted = put(raw_values.usual(), text)
    stays_or_is_refused(wanted, raw_values.secrets(wanted))


@settings(max_examples=50, deadline=None)
@given(text=nasty, place=st.sampled_from(raw_values.SECRETS))
def test_a_raw_secret_is_refused_or_stays_where_it_belongs(text: str, place: str) -> None:
    before = raw_values.usual()
    account = replace(before, lines=(replace(before.lines[0], username="028"),))
    stays_or_is_refused(account, raw_values.secrets(account, text, place))


def stays_or_is_refused(wanted: Site, held: Secrets) -> None:
    """Every file has the lines that it always has, and only the intended objects; or none is written."""
    try:
        tree = rendered(wanted, held)
    except RejectedError:
        return
    plain = usual_tree()
    found = objects.expected(tree)
    assert tree.keys() == plain.keys()
    assert_intended(wanted, found)
    for name in tree:
        assert shape(tree[name]) <= shape(plain[name]) | ALLOWED, name


@functools.cache
def usual_tree() -> dict[str, str]:
    """The files of a site with one of everything, none of them nasty."""
    wanted = raw_values.usual()
    return dict(render_tree(wanted, env_for(wanted, Path("/nowhere"), secrets=raw_values.secrets(wanted))))


@settings(max_examples=150, deadline=None)
@given(text=nasty)
def test_every_renderer_by_itself(text: str) -> None:
    """Each renderer alone, with every text of the site raw and nasty at once: refused, or only lines
    it may write.
    """
    raw = Site(
        country=text,
        language=text,
        time_zone=text,
        business_name=text,
        queues=(Queue("q1", text, text, agents=("a1",)),),
        agents=(Agent("a1", text, "101"),),
        lines=(Line("l1", "sip", text, "127.0.0.2", username="028"),),
        numbers=(Number("n1", "+842812345678", "l1", "q1"),),
        spans=(Span("d1", 1, text, text, panel=text),),
        ports=(AnalogPort("x1", 2, text, text, panel=text, caller_id=text, hangup=text),),
    )
    env = env_for(raw, Path("/nowhere"))
    usual = site(
        spans=[{"id": "d1", "number": 1, "name": "E1", "device": "card"}],
        ports=[{"id": "x1", "number": 2, "name": "Shop", "device": "analog"}],
    )
    plain = dict(render_tree(usual, env_for(usual, Path("/nowhere"))))
    for file, render in (*RENDERERS, (chan_dahdi_conf.FILE, chan_dahdi_conf.render)):
        try:
            written = render(raw, env)
        except RejectedError:
            continue
        assert shape(written) <= shape(plain[file]) | ALLOWED, file
        assert all(len(line.encode()) < 2 * syntax.MAX_VALUE_BYTES for line in written.splitlines())


def test_the_box_decides_what_is_read_only_at_start() -> None:
    """Files that Asterisk reads only when it starts, and transports, are the same for every site."""
    folder = Path("/nowhere")
    english = site(country="ZZ", language="en", lines=[], numbers=[], agents=[], queues=[], business_name="")
    one = render_tree(site(), env_for(site(), folder))
    other = render_tree(english, env_for(english, folder))
    assert {name for name in one if one[name] != other[name]} == {
        extensions_conf.FILE,
        indications_conf.FILE,
        pjsip_conf.FILE,
        queues_conf.FILE,
    }
    transports = [
        [part for part in objects.sections(tree[pjsip_conf.FILE]) if dict(part[1]).get("type") == "transport"]
        for tree in (one, other)
    ]
    assert transports[0] == transports[1] and len(transports[0]) == 2


def test_the_order_of_a_site_does_not_matter_to_its_objects() -> None:
    shuffled = site()
    agents = list(shuffled.agents)
    random.Random(1).shuffle(agents)
    tree = render_tree(replace(shuffled, agents=tuple(agents)), env_for(shuffled, Path("/nowhere")))
    assert (
        objects.expected(tree).sip
        == objects.expected(render_tree(site(), env_for(site(), Path("/nowhere")))).sip
    )
