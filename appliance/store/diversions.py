"""Where calls to an agent's internal number go instead of ringing, as the dialplan keeps it in AstDB. Pure.

It is no part of the site: agents set it on their phones, it holds with every process of ours dead, and no
undo may bring back a forward. foyer-pbx shows it to the pages in live rows divert/<agent>, of these fields.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from appliance.errors import NotFoundError, RejectedError
from appliance.store import calling
from appliance.store.countries import Country
from appliance.store.sitemodel import Site

# When a call is forwarded; the names are those of foyer-divert.conf.
WHEN = ("always", "busy", "unanswered")
QUIET = "quiet"
_NUMBER = re.compile(r"\+?[0-9]{1,20}", re.ASCII)


@dataclass(frozen=True)
class Diversion:
    """One agent's wishes; a number is what the agent's phone would dial, "" for none."""

    quiet: bool = False
    always: str = ""
    busy: str = ""
    unanswered: str = ""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Diversion:
        """From a live row, or from a request's arguments."""
        return cls(row.get(QUIET) in (True, "1"), *(str(row.get(when, "")) for when in WHEN))

    def to_row(self) -> dict[str, Any]:
        """As a live row."""
        return asdict(self)

    def keys(self) -> dict[str, str]:
        """As AstDB holds it for one agent: only what is set."""
        numbers = {when: str(getattr(self, when)) for when in WHEN}
        held = {QUIET: "yes" if self.quiet else "", **numbers}
        return {name: value for name, value in held.items() if value}


def refuse_unfit(site: Site, country: Country, agent_id: str, wanted: Diversion) -> None:
    """NotFoundError if there is no such agent; RejectedError, with the field, for a number that the agent may
    not call, that is the agent's own, or that brings help.
    """
    agent = site.agent(agent_id)
    if agent is None:
        raise NotFoundError("There is no such agent.")
    for when in WHEN:
        number = str(getattr(wanted, when))
        if not number:
            continue
        if not _NUMBER.fullmatch(number):
            raise RejectedError("This is not a number that can be called.", field=when)
        if number == agent.extension or calling.kind_of(site, country, number) == calling.EMERGENCY:
            raise RejectedError("Calls cannot be sent there.", field=when)
        try:
            calling.refuse_forbidden(site, country, agent_id, number)
        except RejectedError as error:
            raise RejectedError(error.sentence.message, error.sentence.hint, field=when) from error
