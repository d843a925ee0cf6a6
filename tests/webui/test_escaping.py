"""Nothing typed by anybody becomes a tag, an attribute or a script, on any page."""

from __future__ import annotations

import dataclasses
import urllib.parse
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.errors import RejectedError
from appliance.store import Store, users
from appliance.store import site as sites
from appliance.store.sitemodel import Site
from appliance.webui.app import Application
from tests.webui.browser import Browser
from tests.webui.conftest import SITE, SignIn
from tests.webui.paths import PAGES

HOSTILE = (
    "<evil>x</evil>",
    '"><evil a="',
    "' evil='1",
    "</textarea><evil>",
    "</script><evil>",
    "{{ evil() }}{% evil %}",
    "<!--<evil>",
    "&lt;evil&gt;&#x3c;evil>",
    "%(evil)s %d %%",
    "\u202eevil",
    "javascript:evil()",
    "\N{FULLWIDTH LESS-THAN SIGN}evil>",
)
WORDS = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.sampled_from("<>\"'&/={}%ev il-!$`\\;"), min_size=1, max_size=60),
    st.text(min_size=1, max_size=60),
)
FIELDS = (("/settings/queues/q1", "name"), ("/settings/queues/q1", "greeting_text"), ("/users/new", "name"))


class Evil(HTMLParser):
    """Fails at a tag or an attribute that only typed text can have brought in."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert "evil" not in tag
        for name, value in attrs:
            assert "evil" not in name and "{" not in name and '"' not in name
            assert name not in ("href", "src", "action") or not (value or "").startswith("javascript")

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment on the page: {data!r}")


def check(text: str) -> None:
    parser = Evil()
    parser.feed(text)
    parser.close()


def typed_site(words: str) -> Site | None:
    document = {**SITE, "business_name": words}
    document["queues"] = [{"id": "q1", "name": words, "greeting_text": words, "agents": ["a1"]}]
    document["agents"] = [{"id": "a1", "name": words, "extension": "101"}]
    document["lines"] = [{"id": "l1", "kind": "sip", "name": words, "host": "voice.example.net"}]
    document["dispositions"] = [{"code": "d", "name": words}]
    document["breaks"] = [{"code": "b", "name": words}]
    try:
        return Site.from_dict(document)
    except RejectedError:
        return None


@pytest.mark.parametrize("words", HOSTILE)
def test_every_page_with_hostile_names(
    sign_in: SignIn, store: Store, box: dict[str, str], words: str
) -> None:
    site = typed_site(words)
    if site is None:
        return
    with store.change() as change:
        sites.save(change, site, box["boss"], "", 1)
        sites.save(change, dataclasses.replace(site, business_name="x"), box["boss"], "", 2)
        users.update(change, box["boss"], words, "administrator", by=words)
        users.update(change, box["lan"], words, "agent", agent_id="a1", by=words)
    browser = sign_in("boss")
    for path in (*PAGES, "/revisions/2", "/revisions/3"):
        check(browser.get(path).text)
    check(sign_in("lan").get("/desk").text)


@pytest.fixture
def boss(sign_in: SignIn) -> Browser:
    return sign_in("boss")


OFTEN = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@OFTEN
@given(words=WORDS)
@pytest.mark.parametrize(("path", "name"), FIELDS)
def test_what_is_typed_comes_back_as_text(boss: Browser, path: str, name: str, words: str) -> None:
    """Sent back with an error beside it, or on the page that shows what will change: as text, and whole."""
    typed: dict[str, Any] = {name: clean(words), "extension": "", "role": "nobody"}
    page = boss.submit(boss.get(path), path, **typed)
    check(page.text)
    shown = [value for form in page.forms for field, value in form.fields if field == name]
    assert not shown or " ".join(shown[0].split()) == " ".join(clean(words).split())


@OFTEN
@given(words=WORDS)
def test_addresses(boss: Browser, words: str) -> None:
    quoted = urllib.parse.quote(words.encode("utf-8", "replace"), safe="")
    for path in (f"/audit?action={quoted}&who={quoted}&before={quoted}", f"/{quoted}", f"/people?q={quoted}"):
        check(boss.get(path).text)


@pytest.mark.slow
@OFTEN
@given(words=WORDS, network=st.ip_addresses(v=6))
def test_forms_without_a_session(app: Application, boss: Browser, words: str, network: object) -> None:
    fields = dict(boss.get("/users/new").form("/users/new").fields) | {"name": clean(words)}
    browser = Browser(app, address=str(network))  # guessing is slowed down by address
    page = browser.post("/users/new", fields)
    assert page.status == 401
    check(page.text)
    check(browser.submit(page, "/login", login=clean(words), password="x").text)


def clean(words: str) -> str:
    """What a browser can send: no lone surrogates, LF line ends."""
    return words.encode("utf-8", "replace").decode().replace("\r", "\n").replace("\0", "")
