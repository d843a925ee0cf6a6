"""Telephone cards as a part of a revision: what waits for them, what goes back with them, what does not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from appliance.apply import cards, report
from appliance.apply.__main__ import follow
from appliance.apply.applier import CARDS_S, MISSED_S, PATIENT_LOOKS, PATIENT_S, SOON_S, Applier
from appliance.apply.asterisk import Console, Life
from appliance.apply.cards import Cards
from appliance.apply.folders import Folders
from appliance.errors import TransientError
from appliance.health.contact import contact
from appliance.pbx.conf import chan_dahdi_conf
from appliance.pbx.conf.inputs import Env
from appliance.pbx.conf.tree import render_tree
from appliance.privileged.client import NoAnswer
from appliance.store.sitemodel import Site
from appliance.webui.applied import state_of
from tests.apply.box import FIRST, Box
from tests.apply.test_cards import SPANS, Pbx

LINES = [*FIRST["lines"], {"id": "l2", "kind": "card", "name": "Viettel", "spans": ["d1", "d2"]}]
CALL = "DAHDI/i1/0901234567-1!foyer-in-l2!s!1!Up!Queue"
REFUSAL = TransientError("The card does not take its settings.")


class Telling(Console):
    """An Asterisk that runs and takes every file."""

    def life(self) -> Life | None:
        return (1, 1)

    def wait_booted(self) -> None:
        pass

    def queues(self) -> Mapping[str, Any]:
        return {}

    def load(self, files: Collection[str], *_wanted: object, **_more: object) -> list[Any]:
        return []


@dataclass
class Office:
    """A box with two ports, and Asterisk's and root's side of its cards."""

    box: Box
    pbx: Pbx = field(default_factory=lambda: Pbx(numbers={1, 3}))
    error: TransientError | None = None
    # Files that come out otherwise than the site says.
    more: dict[str, str] = field(default_factory=dict)
    before_set_up: Callable[[], None] | None = None
    # The cards' folders in sysfs.
    folders: frozenset[int] = frozenset({1})

    def __post_init__(self) -> None:
        used = Cards(self.pbx, self.set_up, lambda: self.pbx.numbers, lambda: self.folders)
        told = self.pbx.told

        class Noting(Telling):
            def load(self, files: Collection[str], *_wanted: object, **_more: object) -> list[Any]:
                told.append("files")
                return []

        self.applier: Applier = self.box.applier(
            render=self.render, console=Noting, speak=lambda *_said: None, cards=used
        )

    def set_up(self) -> None:
        if self.before_set_up:
            self.before_set_up()
        if self.error:
            raise self.error

    def render(self, site: Site, env: Env) -> Mapping[str, str]:
        self.pbx.tree = {**render_tree(site, env), **cards.files(site, env.country.line_mode), **self.more}
        return self.pbx.tree

    def save(self, overlap: bool = False, **changes: Any) -> int:
        """A revision with these settings for the first port."""
        spans = [{**SPANS[0], "overlap": overlap}, SPANS[1]]
        return self.box.save(spans=spans, lines=LINES, **changes)

    def good(self) -> str:
        return (self.box.settings.config / "good").readlink().name.partition("-")[0]

    def state(self, number: int, part: str = report.CARDS) -> tuple[str, str]:
        return self.box.states(number)[part]


@pytest.fixture
def office(box: Box) -> Office:
    made = Office(box)
    made.save()
    made.applier.prepare()
    assert made.applier.look() is None
    return made


def test_a_box_without_ports_is_told_nothing_of_cards(box: Box) -> None:
    made = Office(box)
    number = box.save()
    assert made.applier.look() is None
    assert set(box.states(number)) == set(report.PARTS)


def test_a_long_call_holds_back_the_cards_alone(office: Office) -> None:
    office.pbx.calls = CALL
    number = office.save(overlap=True, business_name="Mới")
    assert office.applier.look() == SOON_S
    live = dict.fromkeys(report.PARTS, ("live", ""))
    assert office.box.states(number) == {**live, report.CARDS: ("rendering", cards.WAITING)}
    # What the cards do not take yet is nothing to go back to.
    assert office.good() == "1"
    office.pbx.calls = ""
    assert office.applier.look() is None
    assert office.state(number) == ("live", "")
    assert office.good() == str(number)
    assert not (office.box.settings.config / "taken").is_symlink()


def test_a_call_that_does_not_end_is_looked_at_more_seldom(office: Office) -> None:
    office.pbx.calls = CALL
    office.save(overlap=True)
    assert {office.applier.look() for _ in range(PATIENT_LOOKS)} == {SOON_S}
    assert office.applier.look() == PATIENT_S
    office.pbx.calls = ""
    assert office.applier.look() is None
    office.pbx.calls = CALL
    office.save()
    assert office.applier.look() == SOON_S


def test_what_is_saved_meanwhile_is_live_at_once(office: Office) -> None:
    office.pbx.calls = CALL
    first = office.save(overlap=True)
    office.applier.look()
    second = office.save(overlap=True, business_name="Mới")
    assert office.applier.look() == SOON_S
    assert office.state(second, "calls") == ("live", "")
    # Most of it was in use: it was not passed over.
    assert office.state(first, "calls") == ("live", "")
    office.pbx.calls = ""
    assert office.applier.look() is None
    assert office.good() == str(second)


MOVED = [{**LINES[1], "spans": ["d2"]}, {**LINES[1], "id": "l3", "name": "FPT", "spans": ["d1"]}]


@pytest.mark.parametrize(
    "cards_lines", [MOVED, [], [{**LINES[1], "id": "l3"}]], ids=["moved", "deleted", "another"]
)
def test_where_calls_come_in_changes_with_the_cards_alone(
    office: Office, cards_lines: list[dict[str, Any]]
) -> None:
    """New calls over a span with a call up find all that its channels say."""
    office.pbx.calls = CALL
    office.pbx.told.clear()
    number = office.box.save(lines=[*FIRST["lines"], *cards_lines])
    for _ in range(2):
        assert office.applier.look() == SOON_S
        assert office.pbx.told == []
        assert set(office.box.states(number).values()) == {("rendering", cards.WAITING)}
    assert Folders(office.box.settings.config).taken() == Folders(office.box.settings.config).good()
    office.pbx.calls = ""
    assert office.applier.look() is None
    # The cards first: a call that begins meanwhile would hold them back, but not the files.
    assert office.pbx.told[:2] == ["pri destroy span 1", "dahdi destroy channels 1 32"]
    assert office.pbx.told[-1] == "files"
    assert office.state(number) == office.state(number, "calls") == ("live", "")


def test_where_calls_come_in_changes_at_once_on_a_span_without_calls(office: Office) -> None:
    office.pbx.calls = CALL.replace("i1", "i3")
    number = office.box.save(lines=[*FIRST["lines"], *MOVED])
    assert office.applier.look() is None
    assert office.state(number) == ("live", "")


def test_what_waits_as_a_whole_gives_way_to_what_need_not(office: Office) -> None:
    office.pbx.calls = CALL
    office.box.save(lines=[*FIRST["lines"], *MOVED])
    assert office.applier.look() == SOON_S
    newer = office.save(overlap=True)
    assert office.applier.look() == SOON_S
    assert office.state(newer, "calls") == ("live", "")
    assert office.state(newer) == ("rendering", cards.WAITING)


def test_what_fails_meanwhile_goes_back_to_what_waits(office: Office) -> None:
    office.pbx.calls = CALL
    waiting = office.save(overlap=True)
    office.applier.look()
    agents = [{"id": "a1", "name": "Hoa", "extension": "113"}, FIRST["agents"][1]]
    bad = office.save(overlap=True, agents=agents)
    office.applier.look()
    assert office.state(bad, "asterisk")[0] == "failed"
    assert office.box.desired() == waiting
    assert office.applier.look() == SOON_S
    assert office.state(waiting) == ("rendering", cards.WAITING)


def test_cards_that_refuse_after_the_call_take_the_revision_back(office: Office) -> None:
    office.pbx.calls = CALL
    number = office.save(overlap=True)
    office.applier.look()
    office.pbx.calls, office.error = "", REFUSAL
    assert office.applier.look() is None
    assert office.state(number)[0] == "failed" and REFUSAL.message in office.state(number)[1]
    assert office.state(number, "calls") == ("back", report.ELSEWHERE)
    assert office.box.desired() == 1
    folders = Folders(office.box.settings.config)
    assert folders.live() == folders.good() == folders.taken()


def test_what_waited_as_a_whole_is_told_when_a_newer_one_fails(office: Office) -> None:
    office.pbx.calls = CALL
    held = office.box.save(lines=[*FIRST["lines"], *MOVED])
    assert office.applier.look() == SOON_S
    agents = [{"id": "a1", "name": "Hoa", "extension": "113"}, FIRST["agents"][1]]
    office.box.save(lines=[*FIRST["lines"], *MOVED], agents=agents)
    office.applier.look()
    assert office.box.desired() == 1
    assert set(office.box.states(held).values()) == {("back", report.SKIPPED)}


def test_the_way_back_waits_for_root_and_reads_no_file_again(office: Office) -> None:
    """Back to another rendering of the same revision."""
    good = dict(office.pbx.tree)
    text = good[chan_dahdi_conf.FILE]
    office.more = {chan_dahdi_conf.FILE: text.replace("description = ", "description = y")}
    errors: list[TransientError | None] = [REFUSAL, NoAnswer("No answer."), NoAnswer("No answer."), None]

    def set_up() -> None:
        office.error = errors.pop(0)
        if office.pbx.told.count("files") == 2:
            office.pbx.tree = good  # what is live now

    office.before_set_up = set_up
    office.pbx.told.clear()
    assert office.applier.look() == SOON_S
    assert office.state(1)[0] == "failed"
    assert office.applier.look() == SOON_S
    assert office.applier.look() is None
    assert office.pbx.told.count("files") == 2 and errors == []
    assert office.pbx.channels == cards.stamps(text)


def break_first(office: Office) -> None:
    """The card of the first port fails: Asterisk lost its channels and cannot make them."""
    office.pbx.channels = {channel: one for channel, one in office.pbx.channels.items() if channel > 32}
    office.error = REFUSAL
    office.pbx.broken = {1}


def test_a_card_that_fails_refuses_nothing_else(office: Office) -> None:
    break_first(office)
    number = office.save(business_name="Mới")
    assert office.applier.look() == CARDS_S
    live = dict.fromkeys(report.PARTS, ("live", ""))
    assert office.box.states(number) == {**live, report.CARDS: ("failed", REFUSAL.message)}
    with office.box.store.read() as db:
        assert state_of(db, number) == "partly"
    assert contact(office.box.store, office.box.settings, thorough=False).failed_revision is None
    assert office.box.desired() == number and office.good() == str(number)
    office.error, office.pbx.broken = None, set()
    assert office.applier.look() is None
    assert office.state(number) == ("live", "")


@pytest.mark.parametrize("error", [None, REFUSAL])
def test_channels_that_fail_refuse_no_change_of_another_port(
    office: Office, error: TransientError | None
) -> None:
    """Whether or not the driver of the card that fails says so each time."""
    break_first(office)
    office.error = error
    spans = [SPANS[0], {**SPANS[1], "overlap": True}]
    number = office.box.save(spans=spans, lines=LINES)
    assert office.applier.look() == CARDS_S
    assert office.state(number)[0] == "failed" and office.state(number, "calls")[0] == "live"
    # Its own it does.
    bad = office.save(overlap=True)
    assert office.applier.look() is None
    assert office.state(bad, "calls")[0] == "back" and office.box.desired() == number


def test_root_that_does_not_answer_refuses_nothing(office: Office) -> None:
    office.error = NoAnswer("The box's privileged process does not answer.", "Try again.")
    number = office.save(overlap=True)
    assert office.applier.look() == SOON_S
    assert office.state(number) == ("rendering", cards.UNANSWERED.text())
    assert office.state(number, "calls") == ("live", "")
    office.error = None
    assert office.applier.look() is None
    assert office.state(number) == ("live", "")


def test_a_card_that_comes_late_is_set_up_by_itself(office: Office) -> None:
    office.pbx.numbers = {3}
    number = office.save(overlap=True)
    assert office.applier.look() is None
    assert sorted(office.pbx.channels) == [*range(65, 88)]
    office.pbx.numbers, office.folders = {1, 3}, frozenset({1, 2})
    office.applier.look()
    assert {1, 31, 65} <= office.pbx.channels.keys()
    assert office.state(number) == ("live", "")


def test_a_card_that_comes_back_is_set_up_once_asterisk_has_missed_it(office: Office) -> None:
    office.folders = frozenset({2})
    assert office.applier.look() == MISSED_S
    office.pbx.channels = {channel: one for channel, one in office.pbx.channels.items() if channel > 32}
    assert office.applier.look() is None
    assert {1, 31, 65} <= office.pbx.channels.keys()
    office.pbx.told.clear()
    assert office.applier.look() is None and office.pbx.told == []


def test_a_card_that_fails_and_is_again_as_before_is_looked_at(office: Office) -> None:
    office.folders = frozenset({2})
    break_first(office)
    assert office.applier.look() == CARDS_S
    assert office.state(1)[0] == "failed"
    office.folders, office.error, office.pbx.broken = frozenset({1}), None, set()
    assert office.applier.look() is None
    assert office.state(1) == ("live", "")


class Turns:
    """A service that ends after these turns; each does something before the thread looks."""

    def __init__(self, *turns: Callable[[], None]) -> None:
        self._turns = iter(turns)
        self.stop = self

    def wait(self, _timeout_s: float) -> bool:
        turn = next(self._turns, None)
        if turn:
            turn()
        return turn is None

    def beat(self) -> None:
        pass


def test_the_thread_looks_when_a_card_came_and_only_then(office: Office) -> None:
    looks: list[frozenset[int]] = []

    def look() -> None:
        looks.append(office.folders)

    def come() -> None:
        office.folders = frozenset({1, 2})

    office.applier.look = look  # type: ignore[method-assign]
    turns: Any = Turns(idle, idle, come, idle)
    console = office.box.console(kind=Telling)
    follow(turns, office.box.store, console, office.applier, lambda: office.folders)
    assert looks == [frozenset({1}), frozenset({1, 2})]


def idle() -> None:
    """Nothing happens."""
