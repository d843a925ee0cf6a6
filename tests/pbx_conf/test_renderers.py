"""The text of every file for one site: a changed renderer is seen as a change of what Asterisk reads."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.apply.check import check
from appliance.apply.objects import expected, sections
from appliance.errors import RejectedError
from appliance.pbx.conf import chan_dahdi_conf, extensions_conf, modules_conf
from appliance.pbx.conf.inputs import OTHER_END, Env
from appliance.pbx.conf.tree import render_tree
from appliance.store.sitemodel import Site
from tests.pbx_conf.places import DOCUMENT, env_for, site

EXPECTED = Path(__file__).parent / "expected"
PROFILES = Path(__file__).parents[2] / "provisioning" / "profiles"
REGISTERING = {
    **DOCUMENT["lines"][0],
    "host": "voice.example.net",
    "username": "028@example.net",
    "register": True,
}


@pytest.fixture
def wanted() -> Site:
    return site(lines=[REGISTERING])


@pytest.fixture
def env(wanted: Site) -> Env:
    made = env_for(wanted, Path("/box"))
    return replace(made, secrets=replace(made.secrets, lines={"l1": "p;w"}))


def test_every_file_is_expected(wanted: Site, env: Env) -> None:
    tree = render_tree(wanted, env)
    by_hand = {modules_conf.FILE, *extensions_conf.DIALPLAN}
    assert {path.name for path in EXPECTED.iterdir()} == tree.keys() - by_hand
    check(wanted, tree)


@pytest.mark.parametrize("file", sorted(path.name for path in EXPECTED.iterdir()))
def test_file(wanted: Site, env: Env, file: str) -> None:
    text = re.sub(r"\b[0-9a-f]{16}\b", "<stamp>", render_tree(wanted, env)[file])
    assert text == (EXPECTED / file).read_text("utf-8")


def test_only_wanted_modules_are_loaded(wanted: Site, env: Env) -> None:
    (modules,) = sections(render_tree(wanted, env)[modules_conf.FILE])
    assert modules[1][0] == ("autoload", "no")
    loaded = [name for option, name in modules[1][1:] if option == "load"]
    assert len(loaded) == len(set(loaded)) == len(modules_conf.MODULES)
    for unwanted in ("app_system", "func_shell", "func_curl", "func_env", "res_ari", "pbx_spool", "pbx_lua"):
        assert f"{unwanted}.so" not in loaded


def test_cards_get_their_driver_and_their_channels_where_there_are_any(wanted: Site, env: Env) -> None:
    without = render_tree(wanted, env)
    assert chan_dahdi_conf.FILE not in without
    assert chan_dahdi_conf.MODULE not in without[modules_conf.FILE]
    for profile in PROFILES.iterdir():
        channels = (profile / "chan_dahdi.conf").read_text("utf-8")
        tree = render_tree(wanted, replace(env, card_channels=channels))
        assert tree[chan_dahdi_conf.FILE].endswith(channels)
        assert "load = chan_dahdi.so" in tree[modules_conf.FILE]
        check(wanted, tree)
        # Every channel has it, of the profile and of the settings alike.
        ((_, settings),) = sections(tree[chan_dahdi_conf.FILE])
        names = [name for name, _ in settings]
        assert settings.index(("setvar", OTHER_END)) < names.index("channel")
        contexts = {value for _, pairs in sections(channels) for name, value in pairs if name == "context"}
        assert contexts <= expected(tree).contexts.keys()


def test_two_lines_of_one_provider_share_their_numbers(env: Env) -> None:
    lines = [DOCUMENT["lines"][0], {**DOCUMENT["lines"][0], "id": "l2"}, {**REGISTERING, "id": "l3"}]
    text = render_tree(site(lines=lines), env)[extensions_conf.FILE]
    block = next(part for part in text.split("\n\n") if part.startswith("[foyer-in-l2]"))
    assert block.splitlines()[1:] == [
        "include = foyer-numbers-l2",
        "include = foyer-numbers-l1",
        "include = foyer-in-unknown",
    ]


def test_an_important_queue_does_not_keep_the_agents_of_others_whom_it_calls_late(env: Env) -> None:
    vip = {**DOCUMENT["queues"][0], "priority": "high", "helpers": ["a2"]}
    others = [{"id": "q2", "name": "x", "agents": [agent]} for agent in ("a2", "a1")]
    weights = []
    for other in others:
        tree = render_tree(site(queues=[vip, other]), env)
        weights.append([dict(pairs)["weight"] for _, pairs in sections(tree["queues.conf"])[1:]])
    # The last one is the stamp.
    assert weights == [["0", "5", "0"], ["10", "5", "0"]]


@pytest.mark.parametrize("option", ["musicclass", "defaultrule"])
def test_a_queue_that_needs_what_is_not_there_is_refused(env: Env, option: str) -> None:
    wanted = site(queues=[{**DOCUMENT["queues"][0], "helpers": ["a2"]}])
    tree = render_tree(wanted, env)
    check(wanted, tree)
    text = re.sub(rf"{option} = .*", f"{option} = nothing", tree["queues.conf"])
    with pytest.raises(RejectedError, match=f"queue q1 needs {option} nothing"):
        check(wanted, {**tree, "queues.conf": text})


def test_a_line_at_an_ipv6_address(env: Env) -> None:
    wanted = site(lines=[{**DOCUMENT["lines"][0], "host": "2001:db8::7"}])
    tree = render_tree(wanted, env)
    assert "contact = sip:[2001:db8::7]:5070\n" in tree["pjsip.conf"]
    assert "match = 2001:db8::7\n" in tree["pjsip.conf"]
    assert "s,1(l1,[2001:db8::7]:5070,+842812345678,national)" in tree["extensions.conf"]


@pytest.mark.parametrize(("bind", "is_bound"), [("192.0.2.1", True), ("0.0.0.0", False)])
def test_sound_is_awaited_where_all_else_is(env: Env, bind: str, is_bound: bool) -> None:
    text = render_tree(site(), replace(env, bind=bind))["pjsip.conf"]
    assert (f"media_address = {bind}\nbind_rtp_to_media_address = yes\n" in text) == is_bound
    assert ("media_address" in text) == is_bound


def test_what_is_refused_in_words(env: Env) -> None:
    police = [{"id": "a1", "name": "Hoa", "extension": "113"}, DOCUMENT["agents"][1]]
    with pytest.raises(RejectedError, match="Extension 113 is an emergency number"):
        render_tree(site(agents=police), env)


@pytest.mark.parametrize(
    ("language", "country", "spoken"),
    [("vi", "VN", "vi"), ("en", "VN", "en"), ("en-GB", "VN", "en"), ("it", "VN", "vi"), ("it", "IT", "en")],
)
def test_the_language_of_prompts(language: str, country: str, spoken: str) -> None:
    wanted = site(language=language, country=country)
    text = render_tree(wanted, env_for(wanted, Path("/box")))["pjsip.conf"]
    assert f"language = {spoken}\n" in text and text.count("language = ") == text.count(
        f"language = {spoken}\n"
    )


def test_a_line_over_spans_of_cards(env: Env) -> None:
    spans = [
        {"id": "d4", "number": 2, "name": "First", "device": "serial", "port": 3},
        {"id": "d5", "number": 1, "name": "Unused", "device": "serial", "port": 4, "side": "network"},
    ]
    line = {"id": "l2", "kind": "card", "name": "Company", "spans": ["d4"], "caller_number": "02812345679"}
    shown = site(spans=spans, lines=[REGISTERING, line])
    tree = render_tree(shown, env)
    check(shown, tree)
    ((_, settings),) = sections(tree[chan_dahdi_conf.FILE])
    end = settings.index(("channel", "33-47,49-63"))
    assert settings[end - 13 : end - 1] == [
        ("group", "2"),
        ("context", "foyer-in-l2"),
        ("setvar", "FOYER_LINE=l2"),
        ("language", "vi"),
        ("switchtype", "euroisdn"),
        ("signalling", "pri_cpe"),
        ("layer1_presence", "required"),
        ("overlapdial", "no"),
        ("pridialplan", "unknown"),
        ("prilocaldialplan", "unknown"),
        ("internationalprefix", "00"),
        ("nationalprefix", "0"),
    ]
    assert settings[end - 1][0] == "description"
    assert ("context", "foyer-nowhere") in settings and ("signalling", "pri_net") in settings
    ways = tree["extensions.conf"].partition("[foyer-lines]")[2].partition("\n\n")[0]
    assert "Gosub(foyer-line,s,1(l2,G2,02812345679,national,card))" in ways
    assert "l2" not in tree["pjsip.conf"]
    assert f"load = {chan_dahdi_conf.MODULE}.so" in tree[modules_conf.FILE]


@pytest.mark.parametrize(
    ("changes", "signalling", "presence"),
    [
        ({}, "bri_cpe", "required"),
        ({"multipoint": True}, "bri_cpe_ptmp", "ignore"),
        ({"side": "network"}, "bri_net", "required"),
        ({"side": "network", "multipoint": True}, "bri_net_ptmp", "ignore"),
        # Where other devices are on the wires is a question of ISDN lines alone.
        ({"type": "e1", "multipoint": True}, "pri_cpe", "required"),
    ],
)
def test_an_isdn_line(changes: dict[str, Any], signalling: str, presence: str) -> None:
    span = {"id": "d1", "number": 3, "name": "First", "device": "serial", "type": "bri", **changes}
    line = {"id": "l2", "kind": "card", "name": "Company", "spans": ["d1"]}
    shown = site(spans=[span], lines=[REGISTERING, line])
    tree = render_tree(shown, env_for(shown, Path("/box")))
    check(shown, tree)
    ((_, settings),) = sections(tree[chan_dahdi_conf.FILE])
    assert ("signalling", signalling) in settings and ("layer1_presence", presence) in settings
    assert (("channel", "65-66") in settings) == (span["type"] == "bri")
