"""Gathers the facts of the contact center from the store."""

from __future__ import annotations

from sqlite_utils import Database

from appliance.health.facts import Contact, LineState
from appliance.settings import Settings
from appliance.store import DamagedError, Store, audit, live
from appliance.store import site as sites

_PROBLEM_MAX = 200
# The journal's word for somebody's look at the recovery key.
KEY_SHOWN = "recovery-key"


def recovery_key(settings: Settings) -> str:
    """The key that opens the data on another machine; "" where the box has none, or for who may not know."""
    try:
        return (settings.secrets / "recovery-key").read_text("ascii").strip()
    except OSError:
        return ""


def contact(store: Store, settings: Settings, *, thorough: bool, known_problem: str = "") -> Contact:
    """Everything at this moment. `thorough` reads the whole database for damage, seconds on a large one;
    without it, `known_problem` is what was found last. Of a database that cannot be read because of its
    damage, only that.
    """
    try:
        return _contact(store, settings, thorough, known_problem)
    except DamagedError as error:
        return Contact(database_problem=str(error)[:_PROBLEM_MAX])


def _contact(store: Store, settings: Settings, thorough: bool, known_problem: str) -> Contact:
    with store.read() as db:
        number, site = sites.head(db)
        rows = live.snapshot(db).rows
        states = {part.state for part in sites.apply_report(db, number)}
        # Where only telephone cards fail, all else is in use.
        failed = "live" not in states and bool(states & {"failed", "back"})
        problem = damage(db) if thorough else known_problem
        is_key_unseen = bool(recovery_key(settings)) and not audit.recent(db, 1, action=KEY_SHOWN)
    return Contact(
        database_problem=problem,
        is_set_up=number > 0,
        is_telephone_up=any(row.get("up") for row in rows["pbx"].values()),
        lines=tuple(
            LineState(
                line.name,
                line.register,
                rows["line"].get(line.id, {}).get("registered"),
                rows["line"].get(line.id, {}).get("reachable"),
            )
            for line in site.lines
        ),
        queues_without_agents=tuple(queue.name for queue in site.queues if not queue.agents),
        failed_revision=number if failed else None,
        is_guard_on=bool(rows["guard"]),
        is_key_unseen=is_key_unseen,
    )


def damage(db: Database) -> str:
    """What SQLite finds wrong, in its own words; "" for nothing."""
    said = [str(row[0]) for row in db.execute("PRAGMA quick_check(3)")]
    return "" if said == ["ok"] else "; ".join(said)[:_PROBLEM_MAX]
