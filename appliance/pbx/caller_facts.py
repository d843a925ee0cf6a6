"""What a flow must know of a caller, as AstDB holds it, so that no call waits for a process of ours. Pure.

Called by `callers.py`; read by pbx/dialplan/foyer-call.conf. Family `foyer-caller`, one key for each spelling
in which a network may write a number and which the store reads as that number; the value is
`<language>/<priority>/<blocked>`, each word fixed or empty: `vi/high/`, `//blocked`. Nothing that anybody
typed reaches AstDB: `entries` makes every key and value, keys of digits only. A caller who is like everybody
has no entry. Neither the person's id nor the agent of their last call is here, since no flow asks for them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from appliance.pbx.ami_parser import Message
from appliance.pbx.conf.inputs import PROMPT_LANGUAGES
from appliance.pbx.membership import Action
from appliance.store import phone
from appliance.store.countries import Country
from appliance.store.people import Treatment

FAMILY = "foyer-caller"
# What is left of a number once the dialplan has taken out the punctuation.
_KEY = re.compile(r"\+?[0-9]{1,20}", re.ASCII)


def entries(
    treatments: Iterable[Treatment], spell: Callable[[str], Iterable[str]], own_language: str
) -> dict[str, str]:
    """The wanted content of the family, by key. `spell` is `spellings` for the office's country, or remembers
    its answers; callers of the `own_language` hear it anyway.
    """
    found: dict[str, str] = {}
    for one in treatments:
        value = _value(one, own_language)
        if value:
            found |= dict.fromkeys(spell(one.number), value)
    return found


def spellings(number: str, country: Country) -> Iterator[str]:
    """Every way in which a network may write `number`, as far as the store reads it as `number`, too.

    So the dialplan finds whom the store will find, and two people never share a key. None for an address that
    is no number.
    """
    forms = list(country.forms(number))
    if number.startswith("+"):
        digits = number[1:]
        if country.international_prefix:
            forms.append(country.international_prefix + digits)
        if country.trunk_prefix and country.calling_code and digits.startswith(country.calling_code):
            # Exchanges that put the country's code before a national number as it is dialled.
            doubled = country.calling_code + country.trunk_prefix + digits.removeprefix(country.calling_code)
            forms += [doubled, f"+{doubled}"]
    for form in dict.fromkeys(forms):
        if _KEY.fullmatch(form) and (phone.e164(form, country.code) or form) == number:
            yield form


def held(items: Iterable[Message]) -> dict[str, str]:
    """The content of the family, from the answer to `DBGetTree`."""
    prefix = f"/{FAMILY}/"
    return {
        item.get("Key").removeprefix(prefix): item.get("Val")
        for item in items
        if item.event == "DBGetTreeResponse" and item.get("Key").startswith(prefix)
    }


def differences(want: Mapping[str, str], have: Mapping[str, str]) -> list[tuple[str, str]]:
    """What to write, as (key, value); an empty value takes the key out. Removals come first: they let
    somebody in again.
    """
    gone = [(key, "") for key in have if key not in want]
    return gone + [(key, value) for key, value in want.items() if have.get(key) != value]


def action(key: str, value: str) -> Action:
    """The action that writes one entry, or takes it out if the value is empty."""
    place = {"Family": FAMILY, "Key": key}
    return Action("DBPut", {**place, "Val": value}) if value else Action("DBDel", place)


def _value(one: Treatment, own_language: str) -> str:
    is_spoken = one.language in PROMPT_LANGUAGES and one.language != own_language
    language = one.language if is_spoken else ""
    priority = "high" if one.priority == "high" else ""
    blocked = "blocked" if one.blocked else ""
    return f"{language}/{priority}/{blocked}" if language or priority or blocked else ""
