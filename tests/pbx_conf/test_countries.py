"""The country files that ship are complete; a wrong one is named with its fact."""

from __future__ import annotations

import re
from pathlib import Path

import phonenumbers
import pytest

from appliance.errors import NotFoundError, SetupError
from appliance.pbx.conf.inputs import PROMPT_LANGUAGES
from appliance.store import countries


def test_the_files_that_ship() -> None:
    found = countries.load()
    assert {country.code for country in found} == {"VN", "RO", "IR", "TH", "GB", "US", "DE", "FR", "ZZ"}
    assert found[-1].code == "ZZ"
    vietnam = countries.find("VN", found)
    assert vietnam.calling_code == "84" and vietnam.prompt_language == "vi"
    assert {one.number for one in vietnam.emergency} == {"112", "113", "114", "115"}
    assert countries.find_or_generic("IT", found).code == "ZZ"
    with pytest.raises(NotFoundError):
        countries.find("IT", found)


@pytest.mark.parametrize(
    "country", [one for one in countries.load() if one.code != "ZZ"], ids=lambda one: one.code
)
def test_the_facts_agree_with_libphonenumber(country: countries.Country) -> None:
    """A second witness of every number; what it knows as an emergency number is one here."""
    known = phonenumbers.PhoneMetadata.metadata_for_region(country.code)
    assert known is not None
    assert country.calling_code == str(known.country_code)
    assert country.trunk_prefix == known.national_prefix
    assert re.fullmatch(known.international_prefix or "", country.international_prefix)
    assert country.prompt_language in PROMPT_LANGUAGES and country.language == country.prompt_language
    numbers = {one.number for one in country.emergency}
    assert {
        n for n in map(str, range(1000)) if phonenumbers.is_emergency_number(n, country.code)
    } - numbers <= {
        # Roaming mobile telephones may dial these; the fixed network does not know them.
        "US": {"112"},
        "IR": {"911"},
    }.get(country.code, set())


def test_forms_of_a_number() -> None:
    vietnam = countries.find("VN", countries.load())
    assert vietnam.forms("+842812345678") == (
        "+842812345678",
        "842812345678",
        "02812345678",
        "2812345678",
        "00842812345678",
    )
    assert vietnam.forms("+4930123456") == ("+4930123456", "4930123456")
    assert vietnam.forms("1055") == ("1055",)
    generic = countries.find("ZZ", countries.load())
    assert generic.forms("+842812345678") == ("+842812345678", "842812345678")


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('busy = "425/500,0/500"', 'busy = "beep"', "tones"),
        ('source = "ISO', 'origin = "ISO', "source"),
        ('source = "Circular 22/2014/TT-BTTTT, telephone service numbers"', 'source = " "', "source"),
        ('calling_code = "84"', "calling_code = 84", "calling_code"),
        ('trunk_prefix = "0"\n', "", "trunk_prefix"),
        ("[[emergency]]", "[emergency]", "vn.toml"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, old: str, new: str, named: str) -> None:
    for path in countries.FOLDER.glob("*.toml"):
        text = path.read_text("utf-8")
        (tmp_path / path.name).write_text(text.replace(old, new) if path.stem == "vn" else text, "utf-8")
    with pytest.raises(SetupError, match=r"vn\.toml") as raised:
        countries.load(tmp_path)
    assert named in str(raised.value)


def test_no_generic_country(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="no generic country"):
        countries.load(tmp_path)
