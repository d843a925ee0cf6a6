"""The picture of a flow: where things stand in it; and in a real browser, as it is used with the keyboard
alone, with a finger on a phone, and by who reads from right to left.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from appliance.settings import Settings
from appliance.store import Store, users
from appliance.store import site as sites
from appliance.store.flows import MenuStep
from appliance.store.sitemodel import Site
from appliance.webui import flow_forms, flow_picture
from appliance.webui.app import make_app
from appliance.webui.flow_picture import Box, Line, Picture
from appliance.webui.i18n import Languages
from tests.browser.browser import Browser
from tests.until import until
from tests.webui.conftest import SITE, SignIn
from tests.webui.real_browser import PHONE, WIDE, served, signed_in

TEXTS = [{"language": "en", "text": "For sales, press one. For the workshop, press two."}]
STEPS = [
    {"id": "t1", "kind": "hours", "schedule_id": "s1", "open": "t2", "closed": "t5"},
    {
        "id": "t2",
        "kind": "menu",
        "texts": TEXTS,
        "keys": [{"key": "1", "next": "t3"}, {"key": "2", "next": "t4"}, {"key": "*", "next": "t2"}],
        "otherwise": "t3",
    },
    {"id": "t3", "kind": "queue", "queue_id": "q1"},
    {"id": "t4", "kind": "person", "agent_id": "a1", "next": "t3"},
    {"id": "t5", "kind": "say", "texts": [{"language": "en", "text": "We are closed."}], "next": "t6"},
    {"id": "t6", "kind": "end"},
]
FLOWS = {
    "schedules": [
        {"id": "s1", "name": "Office", "weekly": [{"day": 1, "opens": "08:00", "closes": "17:00"}]}
    ],
    "flows": [{"id": "f1", "name": "Main number", "steps": STEPS}],
}


@pytest.fixture
def pages(settings: Settings, store: Store, box: dict[str, str], locale_root: Path) -> Iterator[str]:
    """The address of the pages of a box with a flow."""
    with store.change() as change:
        document = Site.from_dict({**SITE, **FLOWS})
        sites.save(change, document, box["boss"], "", sites.head_number(change.db))
    with served(make_app(settings, store, Languages.load(locale_root))) as address:
        yield address


type Opened = Callable[[str, tuple[int, int]], AbstractContextManager[Browser]]


@pytest.fixture
def opened(pages: str, store: Store, box: dict[str, str], tmp_path: Path) -> Opened:
    """Opens a browser of a size in which the administrator is signed in, with pages in a language."""

    @contextmanager
    def go(language: str, size: tuple[int, int]) -> Iterator[Browser]:
        with store.change() as change:
            users.set_language(change, box["boss"], language)
        with signed_in(pages, tmp_path / "browser", size) as browser:
            yield browser

    return go


def active(browser: Browser) -> WebElement:
    """What has the focus."""
    return browser.driver.switch_to.active_element


def tab_to(browser: Browser, css: str) -> WebElement:
    """Presses Tab until this element has the focus, as who has no mouse."""
    for _ in range(80):
        if browser.script("return document.activeElement.matches(arguments[0])", css):
            return active(browser)
        active(browser).send_keys(Keys.TAB)
    raise AssertionError(f"Tab does not come to {css} on {browser.path}")


def chosen(browser: Browser, css: str, first_letters: str, then: str) -> None:
    """Chooses from a list by its first letters and Enter; the box draws the flow anew."""
    tab_to(browser, css).send_keys(first_letters)
    browser.script("window.isOld = true")
    active(browser).send_keys(Keys.ENTER)
    until(lambda: not browser.script("return window.isOld"), 10, "the flow to be drawn anew")
    browser.find(then)


def tap(browser: Browser, css: str) -> None:
    """Scrolls the picture there and taps."""
    (link,) = browser.all(css)
    browser.script("arguments[0].scrollIntoView({ block: 'nearest', inline: 'center' })", link)
    link.click()


def fits(browser: Browser) -> None:
    """The page itself is not wider than the screen; the picture scrolls."""
    assert browser.script("return document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.browser
@pytest.mark.slow
def test_a_menu_made_with_the_keyboard_alone(opened: Opened, store: Store) -> None:
    with opened("en", WIDE) as browser:
        browser.open("/settings/flows/new")
        tab_to(browser, "#name").send_keys("Night")
        chosen(browser, "#first", "menu", "#t1-text-en")
        assert active(browser).get_attribute("id") == "t1-text-en"
        active(browser).send_keys("Press one.")
        chosen(browser, "#t1-newkey-next", "queue", "#t2-queue_id")
        # Back to the menu by the picture, to what was not chosen yet.
        tab_to(browser, '.picture-add[href="#t1-otherwise"]').send_keys(Keys.ENTER)
        assert active(browser).get_attribute("id") == "t1-otherwise"
        chosen(browser, "#t1-otherwise", "hang", "#t3")
        tab_to(browser, "#box-t1").send_keys(Keys.ENTER)
        assert active(browser).get_attribute("id") == "t1"
        assert [step.get_attribute("id") for step in browser.all(".flow-step") if step.is_displayed()] == [
            "t1"
        ]
        fits(browser)
        tab_to(browser, ".form-actions .button-main").send_keys(Keys.ENTER)
        browser.sees("Flow “Night” is added")
        tab_to(browser, 'button[value="save"]').send_keys(Keys.ENTER)
        until(lambda: browser.path.startswith("/settings/saved/"), 10, "the saved page")
    with store.read() as db:
        menu, *others = sites.head(db)[1].flows[1].steps
    assert isinstance(menu, MenuStep) and menu.texts[0].text == "Press one."
    assert [step.kind for step in others] == ["queue", "end"]


@pytest.mark.browser
@pytest.mark.slow
def test_arrows_through_the_choices_choose_nothing_yet(opened: Opened) -> None:
    with opened("en", WIDE) as browser:
        browser.open("/settings/flows/new")
        browser.script("window.isOld = true")
        tab_to(browser, "#first").send_keys(Keys.ARROW_DOWN, Keys.ARROW_DOWN)
        assert browser.script("return window.isOld")
        active(browser).send_keys(Keys.TAB)
        until(lambda: browser.has("#t1-next"), 10, "the announcement")


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "fa"])
def test_a_step_put_in_with_a_finger_on_a_phone(opened: Opened, language: str) -> None:
    with opened(language, PHONE) as browser:
        browser.open("/settings/flows/f1")
        fits(browser)
        small = browser.script(
            "return [...document.querySelectorAll('.picture a')].map((link) => {"
            " const is = link.getBoundingClientRect(); return Math.min(is.width, is.height) })"
            ".filter((size) => size < 40)"
        )
        assert small == []
        tap(browser, "#box-t2")
        tap(browser, '.picture-mark[href="#t2-key-1"]')
        assert active(browser).get_attribute("id") == "t2-key-1"
        browser.choose("#t2-key-1", "new:say")
        browser.find("#t7-text-en")
        assert [one.get_attribute("value") for one in browser.all("[name='t7-next']")] == ["t3"]
        fits(browser)


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_the_picture_begins_at_the_right_for_who_reads_from_there(
    opened: Opened, size: tuple[int, int]
) -> None:
    with opened("fa", size) as browser:
        browser.open("/settings/flows/f1")
        assert browser.script("return document.dir") == "rtl"
        first, second = (browser.all(f"#box-{step}")[0].rect for step in ("t1", "t2"))
        assert first["x"] > second["x"]
        picture = browser.find("#picture").rect
        assert picture["x"] <= first["x"] <= picture["x"] + picture["width"]
        fits(browser)


@pytest.mark.browser
@pytest.mark.slow
def test_a_persian_flow_made_on_a_phone(opened: Opened, store: Store) -> None:
    """From an empty flow to the saved one, in Persian words alone, also those that are typed to choose by."""
    with opened("fa", PHONE) as browser:
        browser.open("/settings/flows/new")
        assert browser.text("h1") == "مسیر تازه"
        browser.fill("#name", "شب")
        for field, first_letters, then in (
            ("#first", "منو", "#t1-text-en"),
            ("#t1-newkey-next", "گرفتن", "#t2-for_id"),
        ):
            chosen(browser, field, first_letters, then)
            assert english_on(browser) == [] and clipped_on(browser) == []
            fits(browser)
        browser.choose("#t2-for_id", "a1")
        tap(browser, "#box-t1")
        assert browser.text("#t1-title").splitlines() == ["۱", "منو"]
        browser.fill("#t1-text-en", "برای گذاشتن پیغام، کلید یک را بفشارید.")
        chosen(browser, "#t1-otherwise", "قطع", "#t3")
        browser.click(".form-actions .button-main")
        browser.find('button[value="save"]')
        assert "مسیر «شب» افزوده می‌شود" in re.sub("[\u2068\u2069]", "", browser.text("main"))
        fits(browser)
        browser.click('button[value="save"]')
        until(lambda: browser.path.startswith("/settings/saved/"), 10, "the saved page")
    with store.read() as db:
        menu, *others = sites.head(db)[1].flows[1].steps
    assert isinstance(menu, MenuStep) and menu.texts[0].text.startswith("برای گذاشتن پیغام، کلید یک")
    assert [step.kind for step in others] == ["message", "end"]


def english_on(browser: Browser) -> list[str]:
    """Words in Latin letters that are no names of this office."""
    site = Site.from_dict({**SITE, **FLOWS})
    named: tuple[Any, ...] = (*site.queues, *site.agents, *site.flows, *site.schedules)
    own = {word for one in named for word in one.name.split()}
    return [word for word in re.findall(r"[A-Za-z]{2,}", browser.text("main")) if word not in own]


def clipped_on(browser: Browser) -> list[str]:
    """Words of headings, labels and buttons that are cut off at the sides."""
    found = browser.script(
        "return [...document.querySelectorAll('h1, h2, label, legend, .button, .badge')]"
        ".filter((one) => one.checkVisibility() && !one.matches('.visually-hidden')"
        " && one.scrollWidth > one.clientWidth + 1 && one.clientWidth)"
        ".map((one) => one.textContent.trim())"
    )
    assert isinstance(found, list)
    return found


def picture_of(*steps: dict[str, Any], is_rtl: bool = False) -> Picture:
    """The picture of a flow with these steps."""
    site = Site.from_dict({**SITE, "schedules": FLOWS["schedules"]})
    draft = flow_forms.Draft("Main", steps[0]["id"] if steps else "", list(steps))
    return flow_picture.draw(draft, flow_forms.rows(draft, site, str), str, is_rtl)


def boxes(picture: Picture) -> list[Box]:
    return [part for part in picture.parts if isinstance(part, Box)]


@st.composite
def drafts(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Steps of which any may lead anywhere, to themselves and nowhere too."""
    names = [f"t{at}" for at in range(1, draw(st.integers(0, 12)) + 1)]
    anywhere = st.sampled_from(["", *names])
    steps: list[dict[str, Any]] = []
    for name in names:
        kind = draw(st.sampled_from(["hours", "menu", "say", "person", "queue", "end"]))
        keys = draw(st.lists(st.sampled_from("12345*#"), unique=True, max_size=5))
        more: dict[str, dict[str, Any]] = {
            "hours": {"open": draw(anywhere), "closed": draw(anywhere), "schedule_id": "s1"},
            "menu": {
                "texts": [],
                "prompt_id": "",
                "keys": [{"key": key, "next": draw(anywhere)} for key in keys],
                "otherwise": draw(anywhere),
            },
            "say": {"texts": [], "prompt_id": "", "next": draw(anywhere)},
            "person": {"agent_id": "a1", "next": draw(anywhere)},
            "queue": {"queue_id": "q1"},
            "end": {},
        }
        steps.append({"id": name, "kind": kind, **more[kind]})
    return steps


@given(steps=drafts(), is_rtl=st.booleans())
def test_every_step_stands_once_and_nothing_on_anything(steps: list[dict[str, Any]], is_rtl: bool) -> None:
    picture = picture_of(*steps, is_rtl=is_rtl)
    found = boxes(picture)
    placed = [box.target for box in found if box.kind not in ("start", "add") and not box.is_again]
    assert sorted(placed) == sorted(step["id"] for step in steps)
    for at, box in enumerate(found):
        assert 0 <= box.x <= picture.width - box.width and 0 <= box.y <= picture.height - box.height
        for other in found[:at]:
            assert (
                box.x + box.width <= other.x
                or other.x + other.width <= box.x
                or box.y + box.height <= other.y
                or other.y + other.height <= box.y
            )
    # A way of each step, and the one from the beginning, has a line of its own.
    spare = sum(step["kind"] == "menu" for step in steps)
    ways = sum(len(list(flow_forms.ways(step))) for step in steps)
    assert len([part for part in picture.parts if isinstance(part, Line)]) == ways + spare + 1


def test_a_way_back_leads_to_a_box_of_the_same_name() -> None:
    menu = {
        "id": "t1",
        "kind": "menu",
        "texts": [],
        "prompt_id": "",
        "keys": [{"key": "#", "next": "t1"}],
        "otherwise": "",
    }
    found = boxes(picture_of(menu))
    assert [(box.kind, box.target, box.is_again) for box in found] == [
        ("start", "first", False),
        ("menu", "t1", False),
        ("menu", "t1", True),
        ("add", "t1-otherwise", False),
        ("add", "t1-newkey-next", False),
    ]
    assert found[3].words == "Add a step: 1 nothing pressed"


def test_names_in_the_picture_are_text(sign_in: SignIn, store: Store, box: dict[str, str]) -> None:
    nasty = '</text><script>alert(1)</script>" onload="'
    texts = [{"language": "en", "text": nasty}]
    steps = [{"id": "t1", "kind": "say", "texts": texts, "next": "t2"}, {"id": "t2", "kind": "end"}]
    flows = [{"id": "f1", "name": nasty, "steps": steps}]
    with store.change() as change:
        document = Site.from_dict({**SITE, "flows": flows})
        sites.save(change, document, box["boss"], "", sites.head_number(change.db))
    text = sign_in("boss").get("/settings/flows/f1").text
    assert "<script>alert" not in text and "</text><" not in text and '" onload="' not in text
