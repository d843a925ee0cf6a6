"""The note of a call, written in two tabs, or on two computers of which one is cut off: no word is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance.settings import Settings
from appliance.store import Store, agents, conversations, live
from appliance.webui.app import make_app
from tests.browser.browser import Browser
from tests.until import until
from tests.webui.conftest import SignIn
from tests.webui.real_browser import served, signed_in
from tests.webui.test_desk import CALL, call_now, idle, notes, ringing, send

# cheroot closes its streams under their feet when it is stopped in mid-test.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

# What this page sends of notes stays on the way until it is let go; it comes late then, and in its order.
HELD = """
const send = window.fetch;
window.letGo = [];
window.answered = 0;
window.fetch = async (path, { signal, ...rest } = {}) => {
  if (path !== "/desk/note") return send(path, { signal, ...rest });
  await new Promise((done) => letGo.push(done));
  const answer = await send(path, rest); // however long it was held
  answered += 1;
  return answer;
};
"""
LET_GO = "window.letGo.splice(0).forEach((done) => done());"
MERGE = """
const [base, mine, theirs, done] = arguments;
import("/static/notes_merge.js").then(({ merge }) => done(merge(base, mine, theirs)));
"""

# A note is saved, and the answer comes after that of a later try, which tells of a newer note.
LATE = """
const [done] = arguments;
import("/static/notes.js").then(async ({ Notes }) => {
  const field = document.createElement("textarea");
  const fail = async () => {
    throw new Error("no network");
  };
  const made = new Notes(field, "late.", fail);
  const type = (words) => {
    field.value = words;
    field.dispatchEvent(new Event("input"));
  };
  made.show("call", "", 0);
  type("one");
  let answer;
  const first = made.save("call", (call, words) => {
    words();
    return new Promise((answered) => (answer = answered));
  });
  type("one!");
  let isTold = false;
  await made.save("call", async (call, words) => {
    words();
    if (isTold) return fail();
    isTold = true;
    return { at: 2, body: "newer" };
  }).catch(() => {});
  answer({ at: 1 });
  await first;
  await made.save("call", async (call, words) => {
    done(words());
    return fail();
  }).catch(() => {});
});
"""

# A box that was put back from a backup has an older note than the page knows: `answers` to what it is sent.
PUT_BACK = """
const [typed, answers, done] = arguments;
import("/static/notes.js").then(async ({ Notes }) => {
  const field = document.createElement("textarea");
  const sent = [];
  const save = async (call, words) => {
    sent.push(words());
    return answers[sent.length - 1];
  };
  const made = new Notes(field, "back.", save);
  made.show("call", "one two", 200);
  if (typed !== null) {
    field.value = typed;
    field.dispatchEvent(new Event("input"));
  }
  await made.save("call");
  await made.flush();
  const kept = Object.keys(localStorage).filter((key) => key.startsWith("back."));
  done([sent, field.value, kept]);
});
"""


def write(page: Browser, text: str) -> None:
    """Type these keys at the end of the note."""
    field = page.find("#note")
    page.script("arguments[0].focus(); arguments[0].setSelectionRange(99999, 99999)", field)
    field.send_keys(text)


def note(page: Browser) -> str:
    return str(page.script("return document.getElementById('note').value"))


def result(store: Store, call: str) -> str | None:
    with store.read() as db:
        return conversations.get(db, call).disposition


@pytest.fixture
def talk(store: Store, box: dict[str, str]) -> str:
    """The conversation in which an agent talks on a desk phone."""
    with store.change() as change:
        live.put(change, "pbx", "state", {"up": True, "since": change.now})
        agents.set_state(change, "a1", "available", device="desk")
        call = call_now(change)
        ringing(change, state="talking")
        live.put(change, "agent", "a1", {**live.snapshot(change.db).rows["agent"]["a1"], "desk": True})
    return call


@pytest.fixture
def address(settings: Settings, store: Store, talk: str) -> Iterator[str]:
    with served(make_app(settings, store)) as where:
        yield where.replace("127.0.0.1", "localhost")


@contextmanager
def desk(address: str, folder: Path) -> Iterator[Browser]:
    """A browser on a computer of its own, which shows the call."""
    with signed_in(address, folder, login="lan") as browser:
        browser.open("/desk")
        browser.sees("On the phone", "#phase")
        yield browser


def test_words_made_of_an_older_note_are_not_saved_over_a_newer_one(
    sign_in: SignIn, store: Store, talk: str
) -> None:
    browser = sign_in("lan")
    first = json.loads(send(browser, "/desk/note", call=CALL, body="one", base="0").text)["at"]
    newer = json.loads(send(browser, "/desk/note", call=CALL, body="one, two", base=str(first)).text)["at"]
    for base in ("0", str(first), "", "x"):
        page = send(browser, "/desk/note", call=CALL, body="one, old", base=base)
        assert (page.status, json.loads(page.text)) == (409, {"at": newer, "body": "one, two"})
    # Sent again, as its answer was lost.
    page = send(browser, "/desk/note", call=CALL, body="one, two", base=str(first))
    assert (page.status, json.loads(page.text)) == (200, {"at": newer})
    assert notes(store, talk) == ["one, two"]


def test_a_result_with_old_words_waits_until_they_are_put_together(
    sign_in: SignIn, store: Store, talk: str
) -> None:
    browser = sign_in("lan")
    at = json.loads(send(browser, "/desk/note", call=CALL, body="newer", base="0").text)["at"]
    with store.change() as change:
        call_now(change, "closed")
        idle(change)
    fields = {"call": CALL, "disposition": "solved"}
    assert send(browser, "/desk/finish", body="old", base="0", **fields).status == 409
    assert result(store, talk) is None
    assert send(browser, "/desk/finish", body="newer\nold", base=str(at), **fields).status == 200
    assert notes(store, talk) == ["newer\nold"]


@pytest.mark.slow
def test_two_texts_become_one(address: str, tmp_path: Path) -> None:
    cases = {
        ("", "mine", "theirs"): "theirs\nmine",
        ("a", "a", "b"): "b",
        ("a", "b", "a"): "b",
        ("one two three", "One two three", "one two three!"): "One two three!",
        ("one two three", "one three", "one two three four"): "one three four",
        ("", "hello", "hello, you"): "hello, you",
        ("", "hello, you", "hello"): "hello, you",
        ("A. ", "A. no", "A. call at noon"): "A. call at noon\nno",
        ("A. ", "A. call at noon", "A. no"): "A. no\ncall at noon",
        # Put together elsewhere before.
        ("A.", "A. no", "A. call at noon\nno"): "A. call at noon\nno",
        ("", "no\nyes", "call\nno\nyes\nthanks"): "call\nno\nyes\nthanks",
        ("Call back.", "Call back. At 8.", "Call back. On Friday."): "Call back. On Friday.\nAt 8.",
        ("😀", "😀 😃", "😄 😀"): "😄 😀 😃",
        ("😀", "😃", "😄"): "😄\n😃",
    }
    with desk(address, tmp_path / "browser") as page:
        for (base, mine, theirs), wanted in cases.items():
            found = page.async_script(MERGE, base, mine, theirs)
            assert isinstance(found, dict) and found["text"] == wanted, (base, mine, theirs)
            assert found["isBoth"] == ("\n" in wanted and wanted != theirs)
        # Typed on, or another word: nobody knows.
        for mine, theirs in (("no", "noon"), ("noon", "no")):
            assert page.async_script(MERGE, "", mine, theirs) == {"text": "noon", "isBoth": True}


@pytest.mark.slow
def test_an_answer_that_comes_late_does_not_make_the_words_older(address: str, tmp_path: Path) -> None:
    with desk(address, tmp_path / "browser") as page:
        assert page.async_script(LATE) == {"body": "newer\none!", "base": 2}


@pytest.mark.slow
def test_a_box_put_back_from_a_backup_gets_the_words_once(address: str, tmp_path: Path) -> None:
    older = {"at": 100, "body": "one"}
    cases: list[tuple[str | None, list[dict[str, object]], list[tuple[str, int]]]] = [
        # The box has these very words; its clock went back, too; it has no note at all.
        ("one", [{"at": 100}], [("one", 200)]),
        ("one two, three", [older, {"at": 150}], [("one two, three", 200), ("one two, three", 100)]),
        ("", [{"at": 0}], [("", 200)]),
        # Nothing was typed since: what it lost, it gets with the call's result.
        (None, [older, {"at": 300}], [("one two", 200), ("one two", 100)]),
        ("ten", [older, {"at": 300}], [("ten", 200), ("one\nten", 100)]),
    ]
    with desk(address, tmp_path / "browser") as page:
        for typed, answers, sent in cases:
            told = [{"body": body, "base": base} for body, base in sent]
            assert page.async_script(PUT_BACK, typed, answers) == [told, sent[-1][0], []], typed


@pytest.mark.slow
def test_what_one_tab_sends_late_does_not_replace_what_another_has_typed_on(
    address: str, tmp_path: Path, store: Store, talk: str
) -> None:
    with desk(address, tmp_path / "browser") as page:
        first = page.driver.current_window_handle
        page.driver.switch_to.new_window("tab")
        page.open("/desk")
        page.sees("On the phone", "#phase")
        page.script(HELD)
        second = page.driver.current_window_handle
        page.driver.switch_to.window(first)
        page.script(HELD)
        write(page, "wants tw")
        until(lambda: page.script("return letGo.length") == 1, 10, "the words to be on the way")
        # The other tab shows them, and tends to what this browser keeps every three seconds.
        page.driver.switch_to.window(second)
        until(lambda: note(page) == "wants tw", 10, "the other tab to show them")
        ticks = "return new Promise((done) => setTimeout(done, 3500));"
        page.script(ticks)
        page.driver.switch_to.window(first)
        page.script(LET_GO)
        write(page, "o")
        until(lambda: page.script(LET_GO) is None and notes(store, talk) == ["wants two"], 10, "all of it")
        assert page.script("return answered")
        page.driver.switch_to.window(second)
        page.script(LET_GO)
        page.script(ticks)
        assert notes(store, talk) == ["wants two"] and note(page) == "wants two"
        # It goes on in the second tab, and what this one began is gone from what it shows.
        page.script("window.setInterval(() => letGo.splice(0).forEach((done) => done()), 50)")
        write(page, "\ue003.")  # backspace
        until(lambda: notes(store, talk) == ["wants tw."], 10, "what was typed over it")
        page.driver.switch_to.window(first)
        until(lambda: note(page) == "wants tw.", 10, "the first tab to show it")


@pytest.mark.slow
def test_words_of_a_computer_that_was_cut_off_are_added_to_newer_ones(
    address: str, tmp_path: Path, store: Store, talk: str
) -> None:
    with desk(address, tmp_path / "one") as cut_off, desk(address, tmp_path / "two") as other:
        write(cut_off, "Wants two.")
        until(lambda: notes(store, talk) == ["Wants two."], 10, "the first words")
        until(lambda: note(other) == "Wants two.", 10, "the other computer to show them")
        cut_off.script(HELD)
        write(cut_off, " Before noon.")
        until(lambda: cut_off.script("return letGo.length") == 1, 10, "the words to be on the way")
        write(other, " On Friday.")
        until(lambda: notes(store, talk) == ["Wants two. On Friday."], 10, "the newer words")
        cut_off.script("setInterval(() => letGo.splice(0).forEach((done) => done()), 50)")
        both = "Wants two. On Friday.\nBefore noon."
        until(lambda: notes(store, talk) == [both], 10, "both texts")
        cut_off.sees("This note was written in two places at once.")
        until(lambda: note(cut_off) == note(other) == both, 10, "both to show both")


def finish_a_call_noted_elsewhere(page: Browser, store: Store, talk: str, user: str) -> None:
    """Another computer saves a note of the same agent, the call ends, and this page says how."""
    with store.change() as change:
        conversations.save_note(change, talk, user, "Is in a hurry. ")
        call_now(change, "closed")
        idle(change)
    page.sees("After the call", "#phase")
    page.script("arguments[0].click()", page.find("#results button"))
    until(lambda: result(store, talk) == "solved", 10, "the call to be finished")


@pytest.mark.slow
def test_a_result_takes_what_another_computer_has_written_along(
    address: str, tmp_path: Path, store: Store, talk: str, box: dict[str, str]
) -> None:
    with desk(address, tmp_path / "browser") as page:
        page.script(HELD)
        write(page, "Wants two.")
        finish_a_call_noted_elsewhere(page, store, talk, box["lan"])
        assert notes(store, talk) == ["Is in a hurry. \nWants two."]


@pytest.mark.slow
def test_a_result_takes_along_what_another_tab_made_of_an_older_note(
    address: str, tmp_path: Path, store: Store, talk: str, box: dict[str, str]
) -> None:
    with desk(address, tmp_path / "browser") as page:
        first = page.driver.current_window_handle
        page.script(HELD)
        write(page, "Wants two.")
        until(lambda: page.script("return letGo.length") == 1, 10, "the words to be on the way")
        page.driver.switch_to.new_window("tab")
        page.open("/desk")
        until(lambda: note(page) == "Wants two.", 10, "the other tab to show them")
        finish_a_call_noted_elsewhere(page, store, talk, box["lan"])
        both = ["Is in a hurry. \nWants two."]
        assert notes(store, talk) == both
        # What the first tab sends late says nothing new.
        page.driver.switch_to.window(first)
        page.script("window.setInterval(() => letGo.splice(0).forEach((done) => done()), 50)")
        kept = "return Object.keys(localStorage).filter((key) => key.includes('note'))"
        until(lambda: page.script("return answered") and page.script(kept) == [], 10, "nothing to be left")
        assert notes(store, talk) == both


@pytest.mark.slow
def test_a_reloaded_page_goes_on_with_what_was_not_sent(
    address: str, tmp_path: Path, store: Store, talk: str
) -> None:
    with desk(address, tmp_path / "browser") as page:
        page.script(HELD)
        write(page, "wants twoo")
        until(lambda: page.script("return letGo.length") == 1, 10, "the words to be on the way")
        page.reload()
        until(lambda: note(page) == "wants twoo", 10, "the words to be there")
        write(page, "\ue003 chairs")
        until(lambda: notes(store, talk) == ["wants two chairs"], 10, "the words to be saved")
        page.sees("Saved", "#note-state")
        assert page.script("return Object.keys(localStorage).filter((key) => key.includes('note'))") == []
