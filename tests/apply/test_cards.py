"""The spans of a rendering, against a console that answers as Asterisk does (channels/chan_dahdi.c)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest

from appliance.apply import cards
from appliance.apply.check import check
from appliance.errors import ForbiddenError, FoyerError, RejectedError, TransientError
from appliance.hw.dahdi import system_conf
from appliance.hw.dahdi.plan import CardPlan
from appliance.pbx.conf import chan_dahdi_conf
from appliance.pbx.conf.tree import render_tree
from appliance.privileged.client import NoAnswer
from appliance.store.sitemodel import Site
from tests.pbx_conf.places import DOCUMENT, env_for, site

CONF = "chan_dahdi.conf"
SPANS = [
    {"id": "d1", "number": 1, "name": "First", "device": "DYN/loc/1:1"},
    {"id": "d2", "number": 3, "name": "Second", "device": "DYN/loc/2:1", "type": "t1", "own_clock": True},
]
LINE = {"id": "l2", "kind": "card", "name": "Company", "spans": ["d1", "d2"]}


def tree_of(wanted: Site) -> Mapping[str, str]:
    env = env_for(wanted, Path("/data"))
    tree = {**render_tree(wanted, env), **cards.files(wanted, env.country.line_mode)}
    check(wanted, tree)
    return tree


def with_spans(**first: Any) -> Site:
    return site(spans=[{**SPANS[0], **first}, SPANS[1]], lines=[*DOCUMENT["lines"], LINE])


@dataclass
class Pbx:
    """Asterisk's side: it makes channels of the file that is live, where the drivers have them."""

    tree: Mapping[str, str] = field(default_factory=dict)
    numbers: set[int] = field(default_factory=set)
    channels: dict[int, str] = field(default_factory=dict)
    is_loaded: bool = False
    # Asterisk tried to load it when it started.
    is_known: bool = False
    calls: str = ""
    told: list[str] = field(default_factory=list)
    kinds: dict[int, str] = field(default_factory=dict)
    # Spans of which it cannot make channels, and single channels that it cannot make.
    broken: set[int] = field(default_factory=set)
    bare: set[int] = field(default_factory=set)

    def ask(self, command: str) -> str:
        if command.startswith("module show"):
            state = "Running" if self.is_loaded else "Not Running"
            return f"chan_dahdi.so   DAHDI Telephony   0   {state}" if self.is_known or self.is_loaded else ""
        if command == "dahdi show channels":
            rows = (
                f"{channel:7} {'':15} foyer-in-l2 vi default In Service {one}"
                for channel, one in self.channels.items()
            )
            return "\n".join(("   Chan Extension", " pseudo            default", *rows))
        if command == "core show channels concise":
            return self.calls
        self.told.append(command)
        if command.startswith("module load"):
            self.is_loaded = True
            self._make(1, 1024)
        elif found := re.fullmatch(r"pri destroy span (\d+)", command):
            self.kinds.pop(int(found[1]), None)
        elif found := re.fullmatch(r"dahdi (create|destroy) channels (\d+) (\d+)", command):
            first, last = int(found[2]), int(found[3])
            if found[1] == "create":
                self._make(first, last)
            else:
                self.channels = {n: one for n, one in self.channels.items() if not first <= n <= last}
        return ""

    def _make(self, first: int, last: int) -> None:
        for channel, one in cards.stamps(self.tree[CONF]).items():
            number = (channel - 1) // 32 + 1
            # An analog channel has no exchange.
            kind = "" if one.startswith(chan_dahdi_conf.ALONE) else self._kind(number)
            if (
                first <= channel <= last
                and channel not in self.bare
                and number in self.numbers - self.broken
                and (not kind or self.kinds.setdefault(number, kind) == kind)
            ):
                self.channels[channel] = one

    def _kind(self, number: int) -> str:
        """Side and kind of exchange of a span in the file."""
        found = re.search(
            rf"group = {number}\n(?:.+\n)*?(switchtype = .+\nsignalling = .+)\n", self.tree[CONF]
        )
        assert found, self.tree[CONF]
        return found[1]

    def load(self, wanted: Site) -> bool:
        """As foyer-apply does."""
        self.tree = tree_of(wanted)
        self.told.clear()
        return cards.Cards(self, lambda: self.told.append("set up"), lambda: self.numbers).load(self.tree)


def test_a_box_without_cards_is_asked_nothing_more() -> None:
    pbx = Pbx()
    assert pbx.load(site()) and pbx.told == []


def test_the_first_span_loads_the_driver() -> None:
    pbx = Pbx(numbers={1, 3})
    assert pbx.load(with_spans())
    assert pbx.told == ["set up", "module load chan_dahdi.so"]
    assert sorted(pbx.channels) == [*range(1, 16), *range(17, 32), *range(65, 88)]
    assert pbx.load(with_spans()) and pbx.told == []


def test_a_driver_that_found_no_card_is_loaded_when_one_comes() -> None:
    pbx = Pbx(is_known=True)
    assert pbx.load(with_spans()) and pbx.told == ["set up"]
    pbx.numbers = {1, 3}
    assert pbx.load(with_spans()) and pbx.told == ["set up", "module load chan_dahdi.so"]


def test_only_the_span_that_changed_is_made_anew() -> None:
    pbx = Pbx(numbers={1, 3})
    pbx.load(with_spans())
    assert pbx.load(with_spans(crc4=False))
    assert pbx.told == [
        "pri destroy span 1",
        "dahdi destroy channels 1 32",
        "set up",
        "dahdi create channels 1 32",
    ]


def test_asterisk_forgets_side_and_switch_of_a_span() -> None:
    """By itself it keeps them for as long as it runs (mkintf: "Span %d is already a %s node")."""
    pbx = Pbx(numbers={1, 3})
    pbx.load(with_spans())
    assert pbx.load(with_spans(side="network")) and pbx.load(with_spans(switch="qsig"))


def test_another_name_of_a_port_is_nothing_to_asterisk() -> None:
    pbx = Pbx(numbers={1, 3})
    pbx.load(with_spans())
    pbx.calls = "DAHDI/i1/0901234567-1!foyer-in-l2!s!1!Up!Queue"
    assert pbx.load(with_spans(name="Company, upper socket", panel="A 12")) and pbx.told == []


def test_it_waits_for_the_calls_over_it_and_for_no_others() -> None:
    pbx = Pbx(numbers={1, 3})
    pbx.load(with_spans())
    pbx.calls = "DAHDI/i1/0901234567-1!foyer-in-l2!s!1!Up!Queue"
    assert not pbx.load(with_spans(overlap=True)) and pbx.told == []
    pbx.calls = "DAHDI/i3/0901234567-1!foyer-in-l2!s!1!Up!Queue"
    assert pbx.load(with_spans(overlap=True))


def test_spans_that_are_gone_from_the_settings_go() -> None:
    pbx = Pbx(numbers={1, 3})
    pbx.load(with_spans())
    assert pbx.load(site())
    assert pbx.channels == {}


def test_a_card_that_is_not_there_does_not_stop_the_rest() -> None:
    pbx = Pbx(numbers={3})
    assert pbx.load(with_spans())
    assert sorted(pbx.channels) == [*range(65, 88)]
    pbx.numbers.add(1)
    assert pbx.load(with_spans())
    assert pbx.told == ["set up", "dahdi create channels 1 32"]


def test_what_asterisk_does_not_make_is_no_success() -> None:
    pbx = Pbx(numbers={1}, is_loaded=True)
    pbx.load(with_spans())
    pbx._make = lambda first, last: None  # type: ignore[method-assign]
    pbx.channels.clear()
    with pytest.raises(RejectedError):
        pbx.load(with_spans())


def refuse() -> None:
    raise TransientError("The card {card} does not take its settings.", card="DYN/loc/1:1")


def test_a_driver_that_refuses_fails_the_revision() -> None:
    pbx = Pbx(tree_of(with_spans()), numbers={1})
    with pytest.raises(RejectedError, match="DYN/loc/1:1"):
        cards.Cards(pbx, refuse, lambda: pbx.numbers).load(pbx.tree)


def test_a_card_that_refuses_does_not_stop_the_others() -> None:
    pbx = Pbx(numbers={3})
    with pytest.raises(cards.Refused):
        pbx.tree = tree_of(with_spans())
        cards.Cards(pbx, refuse, lambda: pbx.numbers).load(pbx.tree)
    assert sorted(pbx.channels) == [*range(65, 88)]


@pytest.mark.parametrize("kind", [RejectedError, ForbiddenError])
def test_root_that_does_not_do_it_is_a_refusal(kind: type[FoyerError]) -> None:
    """As an answer that is none is (privileged/protocol.py): foyer-apply would end by it each time it
    starts.
    """

    def answer() -> None:
        raise kind("The privileged process gave no proper answer.")

    pbx = Pbx(tree_of(with_spans()), numbers={1, 3})
    with pytest.raises(cards.Refused, match="no proper answer"):
        cards.Cards(pbx, answer, lambda: pbx.numbers).load(pbx.tree)


@pytest.mark.parametrize(
    ("error", "raised"),
    [(NoAnswer("No answer."), cards.Unanswered), (TransientError("No driver."), cards.Refused)],
)
def test_root_that_has_not_done_it_is_asked_again(error: FoyerError, raised: type[FoyerError]) -> None:
    """Also for spans that are gone from the settings, of which Asterisk has nothing any more."""
    pbx = Pbx(numbers={1, 3})
    pbx.load(with_spans())
    pbx.tree = tree_of(site())
    asked: list[str] = []

    def do_it_late() -> None:
        asked.append("root")
        if len(asked) == 1:
            raise error

    used = cards.Cards(pbx, do_it_late, lambda: pbx.numbers)
    with pytest.raises(raised):
        used.load(pbx.tree)
    assert pbx.channels == {}
    assert used.load(pbx.tree) and used.load(pbx.tree) and len(asked) == 2


def test_the_plan_for_the_drivers() -> None:
    plan = cards.plan_of(with_spans(), "")
    assert [(one.number, one.clock, one.bearers, one.signalling) for one in plan.spans] == [
        (1, 1, "1-15,17-31", 16),
        (3, 0, "65-87", 88),
    ]
    # Each kind of line that settings can say makes a plan that can be.
    for kind in ("e1", "t1", "j1"):
        for more in ({"coding": "ami"}, {"framing": "d4"}, {"calls": 1}, {"calls": 16}, {"own_clock": True}):
            cards.plan_of(with_spans(type=kind, **more), "")


def test_the_plan_for_isdn_lines() -> None:
    """The network's end gives the beat: it never takes it from the line."""
    both = [with_spans(type="bri", side=side).spans[0] for side in ("user", "network")]
    plans = [cards.plan_of(site(spans=[asdict(span)]), "").spans[0] for span in both]
    assert [(one.type, one.framing, one.coding, one.clock, one.bearers, one.signalling) for one in plans] == [
        ("bri_te", "ccs", "ami", 1, "1-2", 3),
        ("bri_nt", "ccs", "ami", 0, "1-2", 3),
    ]
    assert system_conf.render(CardPlan((plans[0],))).startswith(
        "span=1,1,0,ccs,ami\nbchan=1-2\nhardhdlc=3\nechocanceller=oslec,1-2\n"
    )
    assert system_conf.render(CardPlan((plans[1],))).startswith(
        "span=1,0,0,ccs,ami,nt,term\nbchan=1-2\nhardhdlc=3\n"
    )
