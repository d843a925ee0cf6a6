"""The places a signed-in user can go to, by role; the frame of every page shows them."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.webui.i18n import N_

ROLES = ("agent", "supervisor", "administrator")


@dataclass(frozen=True)
class Place:
    """One entry: where it leads, its name (msgid), its icon in static/icons.svg, and who sees it."""

    path: str
    name: str
    icon: str
    role: str = "agent"
    needs_agent: bool = False


WORK = (
    Place("/desk", N_("My desk"), "headset", needs_agent=True),
    Place("/live", N_("Live"), "live", "supervisor"),
    Place("/calls", N_("Calls"), "phone"),
    Place("/messages", N_("Messages"), "note"),
    Place("/people", N_("People"), "people"),
)
MANAGE = (
    Place("/settings", N_("Settings"), "settings", "administrator"),
    Place("/revisions", N_("Changes"), "history", "administrator"),
    Place("/users", N_("Users"), "key", "administrator"),
    Place("/system", N_("System"), "health", "administrator"),
    Place("/audit", N_("Journal"), "journal", "administrator"),
)


def allows(role: str, needed: str) -> bool:
    """Whether `role` may do what `needed` may; an unknown role may nothing."""
    return role in ROLES and ROLES.index(role) >= ROLES.index(needed)


def places(role: str, has_agent: bool, group: tuple[Place, ...]) -> list[Place]:
    """The entries of a group that this user sees."""
    return [place for place in group if allows(role, place.role) and (has_agent or not place.needs_agent)]


def home_of(role: str, has_agent: bool) -> str:
    """Where "/" leads: to the desk for who answers calls, else to the live view, else to the people."""
    if has_agent and role == "agent":
        return "/desk"
    return "/live" if allows(role, "supervisor") else "/people"
