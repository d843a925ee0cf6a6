"""The phone lines as they are now, in words that tell what to do. Made from the store's live rows. Pure.

Used by the live page and the settings. The rows, as foyer-pbx keeps them:

    line/<id>      {"reachable": bool,           -- whether the provider answers when the box asks
                    "registered": bool | null,   -- whether the box is signed in; null where it need not be
                    "calls": 2}
"""

from __future__ import annotations

from dataclasses import dataclass

from appliance.store.live import LiveSnapshot
from appliance.store.sitemodel import Line, Site
from appliance.webui.i18n import N_

# state: (words, kind of badge, what to do)
STATES = {
    "signed_in": (N_("Signed in at the provider"), "good", ""),
    "signed_out": (
        N_("Not signed in at the provider"),
        "bad",
        N_(
            "No calls come in over it. Look at the provider's address, the user name, the password and the"
            " internet connection."
        ),
    ),
    "signing_in": (
        N_("Not signed in yet"),
        "warn",
        N_("The box is about to sign in. If it stays so, the line's password is missing."),
    ),
    "answering": (N_("The provider answers"), "good", ""),
    "silent": (
        N_("The provider does not answer"),
        "warn",
        N_(
            "Look at the provider's address and the internet connection. A few providers never answer this"
            " question: then only a call tells."
        ),
    ),
    "new": (N_("Not in use yet"), "", N_("The settings are still being put to use.")),
    "unknown": (N_("Not known"), "", N_("Not known while the telephone service is away.")),
}


@dataclass(frozen=True)
class LineNow:
    """A phone line now: `state` is a key of STATES, `calls` how many calls it carries."""

    line: Line
    state: str
    calls: int

    @property
    def words(self) -> str:
        """The state in words (msgid)."""
        return STATES[self.state][0]

    @property
    def badge(self) -> str:
        """The kind of badge for it."""
        return STATES[self.state][1]

    @property
    def advice(self) -> str:
        """What to do about it (msgid); "" where all is well."""
        return STATES[self.state][2]


def now(site: Site, snapshot: LiveSnapshot) -> tuple[LineNow, ...]:
    """Every line of the site, in its order."""
    is_up = bool(snapshot.rows["pbx"].get("state", {}).get("up"))
    rows = snapshot.rows["line"] if is_up else {}
    return tuple(
        LineNow(
            line,
            state_of(line, rows.get(line.id, {})) if is_up else "unknown",
            int(rows.get(line.id, {}).get("calls", 0)),
        )
        for line in site.lines
    )


def state_of(line: Line, row: dict[str, object]) -> str:
    """The key of STATES for a line's row, {} if foyer-pbx keeps none; the telephone service runs.

    A provider that lets the box sign in is there, whether or not it answers other questions.
    """
    if not row:
        return "new"
    if line.register:
        is_signed_in = row.get("registered")
        if is_signed_in is None:
            return "signing_in"
        return "signed_in" if is_signed_in else "signed_out"
    return "answering" if row.get("reachable") else "silent"
