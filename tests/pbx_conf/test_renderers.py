"""The text of every file for one site: a changed renderer is seen as a change of what Asterisk reads."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.apply.check import check
from appliance.apply.objects import expected, sections
from appliance.errors import RejectedError
from appliance.pbx.conf import chan_dahdi_conf, extensions_conf, modules_conf
from appliance.pbx.conf.inputs import Env
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
        assert tree[chan_dahdi_conf.FILE] == channels
        assert "load = chan_dahdi.so" in tree[modules_conf.FILE]
        check(wanted, tree)
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


def test_a_line_at_an_ipv6_address(env: Env) -> None:
    wanted = site(lines=[{**DOCUMENT["lines"][0], "host": "2001:db8::7"}])
    tree = render_tree(wanted, env)
    assert "contact = sip:[2001:db8::7]:5070\n" in tree["pjsip.conf"]
    assert "match = 2001:db8::7\n" in tree["pjsip.conf"]
    assert "s,1(l1,[2001:db8::7]:5070,+842812345678,national)" in tree["extensions.conf"]


def test_what_is_refused_in_words(env: Env) -> None:
    police = [{"id": "a1", "name": "Hoa", "extension": "113"}, DOCUMENT["agents"][1]]
    with pytest.raises(RejectedError, match="Extension 113 is an emergency number"):
        render_tree(site(agents=police), env)
    with pytest.raises(RejectedError, match="no such music"):
        render_tree(site(queues=[{**DOCUMENT["queues"][0], "music": "jazz"}]), env)


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
