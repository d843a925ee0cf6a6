"""What kind of call a number makes: known cases, libphonenumber's own view of it, and the dialplan's,
asked of a real Asterisk.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberType as Type

from appliance.errors import SetupError
from appliance.pbx.conf import extensions_conf
from appliance.pbx.conf.tree import render_tree
from appliance.store import countries
from appliance.store.countries import Country
from appliance.store.digit_patterns import example, matcher, patterns
from appliance.store.number_plan import NumberPlan, plan
from tests.asterisk.instance import PrivateAsterisk, free_port
from tests.pbx_conf.places import env_for, site
from tests.until import until

VIETNAM = countries.find("VN", countries.load())
ELSEWHERE = countries.find("ZZ", countries.load())
AMERICA = replace(VIETNAM, code="US", calling_code="1", trunk_prefix="1", international_prefix="011")
ITALY = replace(VIETNAM, code="IT", calling_code="39", trunk_prefix="", international_prefix="00")
GERMANY = replace(VIETNAM, code="DE", calling_code="49", trunk_prefix="0", international_prefix="00")
PLACES: tuple[tuple[Country, tuple[str, ...]], ...] = (
    (VIETNAM, ("US", "GB", "KR")),
    (AMERICA, ("CA", "JM", "DE")),
    (ITALY, ()),
    (GERMANY, ("FR", "US")),
    (ELSEWHERE, ("VN",)),
)
EXPENSIVE = (
    Type.PREMIUM_RATE,
    Type.SHARED_COST,
    Type.PERSONAL_NUMBER,
    Type.PAGER,
    Type.UAN,
    Type.VOICEMAIL,
)


@pytest.mark.parametrize(
    ("dialled", "full", "kind"),
    [
        ("113", "+84113", "emergency"),
        ("0909123456", "+84909123456", "mobile"),
        ("909123456", "+84909123456", "mobile"),
        ("0084909123456", "+84909123456", "mobile"),
        ("+84909123456", "+84909123456", "mobile"),
        ("02838221234", "+842838221234", "national"),
        ("1800123456", "+841800123456", "national"),
        ("19001234", "+8419001234", "premium"),
        ("019001234", "+8419001234", "premium"),
        ("+8419001234", "+8419001234", "premium"),
        ("0012025550143", "+12025550143", "international"),
        ("+442079460018", "+442079460018", "international"),
        # The Isle of Man and Canada share calling codes with listed countries, and are not listed.
        ("+447624123456", "+447624123456", "elsewhere"),
        ("+14165550123", "+14165550123", "elsewhere"),
        ("+5352345678", "+5352345678", "elsewhere"),
        ("+19005551234", "+19005551234", "premium"),
        ("+449012345678", "+449012345678", "premium"),
        ("+88216123456", "+88216123456", "satellite"),
        ("+979123456789", "+979123456789", "premium"),
        # Not the forms of any number here: what a network makes of them is its own affair.
        ("1080", "+841080", "unknown"),
        ("09091234567890", "+849091234567890", "unknown"),
        ("1130", "+841130", "unknown"),
        ("113#", "+84113#", "unknown"),
        ("0909123456*9", "+84909123456*9", "unknown"),
        ("+84+909123456", "+84+909123456", "unknown"),
        ("17100442079460018", "+8417100442079460018", "unknown"),
        ("00", "+", "unknown"),
        ("+", "+", "unknown"),
        ("", "+84", "unknown"),
        ("+1202555014312345", "+1202555014312345", "unknown"),
    ],
)
def test_numbers_dialled_in_vietnam(dialled: str, full: str, kind: str) -> None:
    numbers = plan(VIETNAM, ("US", "GB"))
    assert (numbers.full(dialled), numbers.kind(dialled)) == (full, kind)


def test_a_country_that_nobody_knows_has_only_numbers_abroad() -> None:
    numbers = plan(ELSEWHERE, ("VN",))
    assert numbers.kind("112") == "emergency"
    assert numbers.kind("0909123456") == "unknown"
    assert numbers.kind("+84909123456") == "international"
    assert numbers.kind("0084909123456") == "international"


def test_who_shares_a_calling_code_is_abroad() -> None:
    numbers = plan(AMERICA, ("CA",))
    assert numbers.kind("12125550123") == "national"
    assert numbers.kind("4165550123") == "international"
    assert numbers.kind("18765551234") == "elsewhere"
    assert numbers.kind("19005551234") == "premium"


@pytest.mark.parametrize("expression", ["a", r"\d+", "(12", "1)", "{2}", "1(?=2)", "[^1]", r"\d{2,}"])
def test_tables_of_a_new_kind_are_refused(expression: str) -> None:
    with pytest.raises(SetupError):
        patterns(expression)


def test_patterns_of_every_country_can_be_made() -> None:
    for region in phonenumbers.SUPPORTED_REGIONS:
        found = plan(VIETNAM, (region,))
        assert all(len(rule.pattern) < 60 for layer in found.layers for rule in layer.rules)
    assert patterns(r"1[0-24](?:2|3\d)?|1\d{2,4}") == ("1XX!", "1[0-24]", "1[0-24]2", "1[0-24]3X")
    assert patterns("") == () and not matcher(()).fullmatch("")
    assert matcher(("+84[57]X!",)).fullmatch("+845123") and not matcher(("+84[57]X!",)).fullmatch("+846123")


def numbers_of(numbers: NumberPlan) -> st.SearchStrategy[str]:
    """What somebody may dial: numbers of every rule in the usual forms, and damaged; and anything."""
    rules = st.sampled_from([rule.pattern for layer in numbers.layers for rule in layer.rules])
    bases = rules.map(lambda pattern: "+" + example(pattern.removeprefix("+")))

    def forms(number: str) -> st.SearchStrategy[str]:
        own = f"+{numbers.calling_code or 'x'}"
        ways = [number, numbers.international_prefix + number[1:]]
        if number.startswith(own):
            ways += [numbers.trunk_prefix + number.removeprefix(own), number.removeprefix(own)]
        return st.sampled_from(ways)

    tails = st.text("0123456789", max_size=5)
    formed = st.builds(str.__add__, bases, tails).flatmap(forms)
    damaged = st.builds(
        lambda text, at, new: text[: at % (len(text) + 1)] + new + text[at % (len(text) + 1) :],
        formed,
        st.integers(0, 15),
        st.text("0123456789*#+", min_size=1, max_size=2),
    )
    return formed | damaged | st.text("0123456789*#+", min_size=1, max_size=18)


@pytest.mark.parametrize(
    ("country", "listed"),
    [PLACES[0], *(pytest.param(*place, marks=pytest.mark.slow) for place in PLACES[1:4])],
    ids=lambda one: getattr(one, "code", ""),
)
def test_nothing_expensive_passes_for_cheap(country: Country, listed: tuple[str, ...]) -> None:
    numbers = plan(country, listed)

    @settings(max_examples=1500, deadline=None)
    @given(dialled=numbers_of(numbers))
    def check(dialled: str) -> None:
        kind, full = numbers.kind(dialled), numbers.full(dialled)
        try:
            parsed = phonenumbers.parse(full, None)
        except phonenumbers.NumberParseException:
            assert kind in ("unknown", "satellite", "premium", "emergency", "elsewhere"), dialled
            return
        is_own = parsed.country_code == int(country.calling_code)
        if kind in ("national", "mobile"):
            assert is_own, dialled
        if kind in ("national", "mobile", "international"):
            assert phonenumbers.number_type(parsed) not in EXPENSIVE, dialled
        # libphonenumber forgives a trunk prefix after the calling code, and numbers longer than E.164's.
        is_itself = written(parsed) == full and len(full) <= 16
        if is_itself and phonenumbers.is_valid_number_for_region(parsed, country.code):
            is_expensive = phonenumbers.number_type(parsed) in EXPENSIVE
            assert kind in (("premium",) if is_expensive else ("national", "mobile", "emergency")), dialled

    check()


@pytest.fixture(scope="module")
def running() -> Iterator[PrivateAsterisk]:
    """One Asterisk for all countries."""
    with tempfile.TemporaryDirectory() as folder:
        env = env_for(site(), Path(folder), sip_port=free_port(), ami_port=free_port(), http_port=free_port())
        tree = render_tree(site(), env)
        talkative = tree["logger.conf"].replace("warning,error", "notice,warning,error")
        with PrivateAsterisk(Path(folder), {**tree, "logger.conf": talkative}) as asterisk:
            asterisk.cli("module load res_clioriginate.so")
            yield asterisk


def ask(asterisk: PrivateAsterisk, dialled: list[str]) -> list[list[str]]:
    """Kind, full number and number at home of each, as the loaded dialplan has them."""
    steps = ["[test-kinds]", "exten = s,1,NoOp()"]
    for number in dialled:
        steps.append(f" same = n,Gosub(foyer-number,s,1({number}))")
        steps.append(" same = n,Log(NOTICE,KIND=${FOYER_KIND}=${FOYER_FULL}=${FOYER_HOME}=)")
    steps.append(" same = n,Log(NOTICE,KIND=end=)")
    text = (asterisk.etc / extensions_conf.FILE).read_text("utf-8").partition("\n[test-kinds]")[0]
    asterisk.write({extensions_conf.FILE: text + "\n" + "\n".join(steps) + "\n"})
    asterisk.cli("dialplan reload")
    start = asterisk.log.stat().st_size
    asterisk.cli("channel originate Local/s@test-kinds application Wait 0")

    def answers() -> list[str]:
        said = asterisk.log.read_text("utf-8")[start:]
        return [line.partition("KIND=")[2] for line in said.splitlines() if "KIND=" in line]

    until(lambda: "end=" in answers(), 30, "the dialplan's answers")
    return [answer.split("=")[:3] for answer in answers() if answer != "end="]


@pytest.mark.slow
@pytest.mark.asterisk
@pytest.mark.parametrize(("country", "listed"), PLACES, ids=lambda one: getattr(one, "code", ""))
def test_the_dialplan_decides_like_the_plan(
    running: PrivateAsterisk, country: Country, listed: tuple[str, ...]
) -> None:
    numbers = plan(country, listed)
    wanted = site(outbound={"countries": list(listed)})
    env = env_for(wanted, running.directory, country=country)
    running.write(render_tree(wanted, env))

    @settings(
        max_examples=3,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(dialled=st.lists(numbers_of(numbers), min_size=150, max_size=250))
    def check(dialled: list[str]) -> None:
        for number, (kind, full, home) in zip(dialled, ask(running, dialled), strict=True):
            expected = numbers.kind(number)
            # Emergency numbers are caught before anybody asks (foyer-emergency).
            assert kind == ("unknown" if expected == "emergency" else expected), number
            assert full == numbers.full(number), number
            assert_same_number(home, full, kind, country)

    check()
    said = running.log.read_text("utf-8").partition("KIND=")[2].splitlines()
    # So many steps at once are more than its manager events can follow.
    assert [line for line in said if " WARNING[" in line and "taskprocessor" not in line] == []


def assert_same_number(home: str, full: str, kind: str, country: Country) -> None:
    """What a line sends when it writes numbers as at home is read as the very number that was judged."""
    if kind in ("unknown", "satellite") or country.code == "ZZ":
        return
    try:
        meant = phonenumbers.parse(full, None)
    except phonenumbers.NumberParseException:
        return
    if phonenumbers.is_valid_number(meant) and written(meant) == full:
        assert written(phonenumbers.parse(home, country.code)) == full, home


def written(number: phonenumbers.PhoneNumber) -> str:
    """In full."""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
