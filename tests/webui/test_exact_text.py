"""What a person typed or a network sent stands on every page as exactly that text: not a letter less, not an
element or attribute more.

Each page is made twice, with harmless words and with hostile ones; put the latter in the place of the former,
and the two must be the same, tag by tag, attribute by attribute, text by text.
"""

from __future__ import annotations

import json
import re
import unicodedata
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from appliance.store import Change, Store, agents, conversations, live, people, records, users
from appliance.store import site as sites
from appliance.store.sitemodel import Site
from appliance.webui import labels
from tests.pbx_conf.nasty import NASTY
from tests.webui import seed
from tests.webui.browser import Browser
from tests.webui.conftest import SITE, SignIn
from tests.webui.paths import PAGES
from tests.webui.test_escaping import HOSTILE

CALL, PAST, WAITING = (seed.call_uuid(number) for number in (1, 2, 3))
# What they show changes by itself: test_escaping looks at them.
PASSING_PAGES = (
    "/system",
    "/revisions",
    "/revisions/1",
    "/audit",
    "/settings/saved/1",
    "/settings/state?number=1",
)


@dataclass(frozen=True)
class Words:
    """Everything that people type and networks send, a text for each."""

    caller_name: str = "plain-caller"
    number: str = "plain-number"
    waiting: str = "plain-waiting"
    remember: str = "plain-remember"
    note: str = "plain-note"
    business: str = "plain-business"
    greeting: str = "plain-greeting"
    queue: str = "plain-queue"
    agent: str = "plain-agent"
    line: str = "plain-line"
    result: str = "plain-result"
    reason: str = "plain-reason"
    user: str = "plain-user"


PLAIN = Words()
MARKS = {mark: name for name, mark in asdict(PLAIN).items()}
MARK = re.compile("|".join(MARKS))
# Ids, and the numbers of revisions.
ANY_ID = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{26}\b|(?<=\?number=)\d+$")
# Made anew with every page, or with every change of the store.
PASSING = {"data-now", "data-event-id", "data-since", "data-saved-at", "data-refetch-at", "datetime"}
PASSING_FIELDS = {"csrf", "once", "based_on", "seen"}

type Node = tuple[str, ...]


class Parts(HTMLParser):
    """A page as a list of tags, attributes and texts, without what passes."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.nodes: list[Node] = []
        self._is_own = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        assert len(given) == len(attrs), f"an attribute twice: {attrs}"
        if given.get("name") in PASSING_FIELDS:
            given["value"] = ""
        # An avatar shows a letter or two of the name; a time is when the note was saved.
        self._is_own = tag == "time" or "avatar" in given.get("class", "").split()
        self.nodes.append(("tag", tag))
        for name, value in given.items():
            self.nodes.append(("attribute", name, "" if name in PASSING else ANY_ID.sub("ID", value)))

    def handle_endtag(self, tag: str) -> None:
        self._is_own = False
        self.nodes.append(("end", tag))

    def handle_data(self, data: str) -> None:
        text = "" if self._is_own else data
        if self.nodes and self.nodes[-1][0] == "text":
            text = self.nodes.pop()[1] + text
        self.nodes.append(("text", text))

    def handle_comment(self, data: str) -> None:
        self.nodes.append(("comment", data))

    def handle_decl(self, decl: str) -> None:
        self.nodes.append(("declaration", decl))

    def unknown_decl(self, data: str) -> None:
        self.nodes.append(("unknown", data))

    def handle_pi(self, data: str) -> None:
        self.nodes.append(("instruction", data))


def filled(text: str, words: Words, encode: Callable[[str], str] = str) -> str:
    """`text` with these words in the place of the plain ones."""
    return MARK.sub(lambda found: encode(str(getattr(words, MARKS[found.group()]))), text)


def forms_of(node: Node, words: Words) -> Iterator[Node]:
    """What a node with plain words may become: their text, or that text within an address or JSON."""
    *kind, text = node
    yield (*kind, filled(text, words))
    if node[0] == "attribute" and MARK.search(text):
        yield (*kind, filled(text, words, urllib.parse.quote_plus))
        if text.startswith("{"):
            yield (*kind, filled(text, words, lambda word: json.dumps(word)[1:-1]))


def decoded(node: Node) -> object:
    """A node with JSON in it by what it says, any other as it is."""
    if node[0] == "attribute" and node[2].startswith("{"):
        try:
            return (*node[:2], json.loads(node[2]))
        except ValueError:
            return node
    return node


def compare(plain: list[Node], hostile: list[Node], words: Words, path: str) -> None:
    """The second must be the first with other words."""
    for number, (before, after) in enumerate(zip(plain, hostile, strict=False)):
        wanted = [decoded(form) for form in forms_of(before, words)]
        assert decoded(after) in wanted, f"{path}, part {number}: {after} instead of {wanted}"
    assert len(plain) == len(hostile), f"{path}: {len(hostile)} parts instead of {len(plain)}"


def one_line(text: str) -> str:
    """`text` without what a name may not have: the site and the users refuse that."""
    kept = (
        char for char in text if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    )
    return unicodedata.normalize("NFC", " ".join("".join(kept).split()))[:60].strip() or "x"


def words_with(text: str, number: int) -> Words:
    """The same hostile text everywhere. A letter before it keeps a name a name and a number raw; the `number`
    behind it makes a person whom nobody knows yet.
    """
    name = one_line(text)
    network = f"x{text}".replace("\0", "")
    return Words(
        **dict.fromkeys(("business", "queue", "agent", "line", "result", "reason", "user"), name),
        caller_name=network,
        number=f"{network}{number}",
        waiting=f"y{network}".strip(),
        remember=f"{text}x",
        note=network.strip(),
        greeting=name,
    )


def typed_site(words: Words) -> Site:
    document = {**SITE, "business_name": words.business}
    document["queues"] = [
        {"id": "q1", "name": words.queue, "greeting_text": words.greeting, "agents": ["a1"]}
    ]
    document["agents"] = [{"id": "a1", "name": words.agent, "extension": "101"}]
    document["lines"] = [{"id": "l1", "kind": "sip", "name": words.line, "host": "voice.example.net"}]
    document["dispositions"] = [{"code": "d", "name": words.result}]
    document["breaks"] = [{"code": "b", "name": words.reason}]
    return Site.from_dict(document)


def bring_in(change: Change, words: Words, box: dict[str, str]) -> Words:
    """A call with a past and a waiting caller, known by these words; returns them as they are kept."""
    sites.save(change, typed_site(words), box["boss"], "", sites.head(change.db)[0])
    users.update(change, box["lan"], words.user, "agent", agent_id="a1", by=box["boss"])
    record = seed.answered(2, words.number, NOON, wait_ms=9000, talk_ms=9000, hold_ms=4000)
    past = conversations.upsert_call(change, replace(record, caller_name=words.caller_name))
    conversations.save_note(change, past, box["lan"], words.note)
    record = seed.answered(1, words.number, NOON + 60_000, wait_ms=9000, talk_ms=9000)
    now = conversations.upsert_call(change, replace(record, state="open", ended=None, outcome=None))
    conversations.save_note(change, now, box["lan"], words.note)
    person_id = conversations.get(change.db, now).person_id
    assert person_id
    people.describe(change, person_id, words.remember)
    agents.set_state(change, "a1", "break", "b")
    live.put(change, "pbx", "state", {"up": True, "since": NOON})
    row = {"queue": "q1", "position": 1, "since": NOON, "number": words.waiting, "name": ""}
    live.put(change, "caller", WAITING, row)
    doing = {"browser": True, "desk": False, "queues": {}, "state": "talking", "since": NOON, "call": CALL}
    live.put(
        change, "agent", "a1", {**doing, "queue": "q1", "number": words.number, "name": words.caller_name}
    )
    kept = people.get(change.db, person_id)
    number = labels.number(conversations.get(change.db, now).address, "VN")
    notes = [
        message.body for message in records.messages_of(change.db, [past])[past] if message.kind == "note"
    ]
    return replace(words, caller_name=kept.name, number=number, remember=kept.note, note=notes[0])


NOON = 1_795_305_600_000


def newest_first(path: str, nodes: list[Node]) -> list[Node]:
    """The list of people up to its first, whom this round brought in."""
    if path != "/people":
        return nodes
    return nodes[: nodes.index(("end", "li"), nodes.index(("attribute", "class", "person-row")))]


class Looked:
    """Who looks at which pages."""

    def __init__(self, store: Store, box: dict[str, str], boss: Browser, lan: Browser) -> None:
        self.store, self.box = store, box
        self.rounds = 0
        self._boss, self._lan = boss, lan

    def pages(self, words: Words) -> tuple[Words, dict[str, list[Node]]]:
        """Every page with these words on it; and the words as they are kept."""
        with self.store.change() as change:
            kept = bring_in(change, words, self.box)
            calls = {uuid: conversations.by_external(change.db, "voice", uuid) for uuid in (CALL, PAST)}
        now, past = calls[CALL], calls[PAST]
        assert now and past
        # There is one agent here.
        fixed = (path.replace("/a2", "/a1") for path in PAGES if path not in PASSING_PAGES)
        person, call = f"/people/{now.person_id}", f"/calls/{now.id}"
        ending = f"/live/end?call={CALL}"
        about = (person, ending, *(f"{person}/{part}" for part in ("timeline", "block", "erase")))
        bosses = (
            *about,
            call,
            f"{call}/part",
            f"/calls/{past.id}",
            f"/users/{self.box['lan']}",
            "/live/board",
        )
        own = ("/desk", f"/desk?call={CALL}", "/desk/call", "/desk/status", "/desk/queues", "/desk/recent")
        seen = {}
        for browser, paths in ((self._boss, (*fixed, *bosses)), (self._lan, own)):
            for path in paths:
                page = browser.get(path)
                assert page.status == 200, f"{path}: {page.status}"
                seen[ANY_ID.sub("ID", path.replace(now.id, "now"))] = newest_first(
                    path, Parts(page.text).nodes
                )
        return kept, seen


@pytest.fixture
def looked(store: Store, box: dict[str, str], sign_in: SignIn) -> Looked:
    return Looked(store, box, sign_in("boss"), sign_in("lan"))


@pytest.fixture
def plain(looked: Looked) -> dict[str, list[Node]]:
    kept, seen = looked.pages(PLAIN)
    assert kept == PLAIN
    everywhere = {text for nodes in seen.values() for node in nodes for text in MARK.findall(node[-1])}
    assert everywhere == set(MARKS), "these words stand on no page"
    return seen


def check(looked: Looked, plain: dict[str, list[Node]], text: str) -> None:
    looked.rounds += 1
    words, seen = looked.pages(words_with(text, looked.rounds))
    assert seen.keys() == plain.keys()
    for path, nodes in seen.items():
        compare(plain[path], nodes, words, path)


@pytest.mark.slow
def test_hostile_texts(looked: Looked, plain: dict[str, list[Node]]) -> None:
    for text in dict.fromkeys((*HOSTILE, *NASTY)):
        check(looked, plain, text)


@pytest.mark.slow
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(st.sampled_from("<>\"'&/={}%ev il-!$`\\;\n\u202e#x27"), max_size=40) | st.text(max_size=40)
)
@example("\n first line empty")
@example("status will follow")
def test_any_text(looked: Looked, plain: dict[str, list[Node]], text: str) -> None:
    check(looked, plain, text)


@pytest.mark.parametrize(
    ("before", "after", "is_same"),
    [
        ("<p>plain-note</p>", "<p>&lt;b&gt;</p>", True),
        ("<p>plain-note</p>", "<p><b></p>", False),
        ("<p>plain-note</p>", "<p>&amp;lt;b&amp;gt;</p>", False),
        ("<p>plain-note</p>", "<p>b</p>", False),
        ("<p title='plain-note'>", "<p title='&lt;b&gt;'>", True),
        ("<p title='plain-note'>", "<p title='&lt;b&gt;' x>", False),
        ("<a href='/x?q=plain-note'>", "<a href='/x?q=%3Cb%3E'>", True),
        ('<a data-x=\'{"a": "plain-note"}\'>', '<a data-x=\'{"a": "\\u003cb>"}\'>', True),
        ("<p>plain-note</p>", "<!--<b>--><p></p>", False),
    ],
)
def test_the_check_itself(before: str, after: str, is_same: bool) -> None:
    try:
        compare(Parts(before).nodes, Parts(after).nodes, replace(PLAIN, note="<b>"), "")
    except AssertionError:
        assert not is_same
    else:
        assert is_same
