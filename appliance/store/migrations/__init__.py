"""The schema's history, oldest first. `migrate` in db.py applies what is missing.

A step only expands (new tables, columns with a default, indexes), so that the previous release opens the
newer database and an update can be taken back; what is no longer used is dropped one release later. A
released step is never edited.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from appliance.store.migrations import (
    m001_first_call,
    m002_forms,
    m003_people,
    m004_segments_of_agents,
    m005_sentences,
    m006_menus,
    m007_callbacks,
    m008_done_messages,
    m009_waiting_messages,
    m010_callback_priority,
    m011_room_pins,
    m012_erased_conversations,
    m013_port_quarters,
    m014_line_tests,
    m015_call_channels,
    m016_faxes,
)

Step = Callable[[Database], None]

STEPS: tuple[tuple[str, Step], ...] = (
    ("001_first_call", m001_first_call.apply),
    ("002_forms", m002_forms.apply),
    ("003_people", m003_people.apply),
    ("004_segments_of_agents", m004_segments_of_agents.apply),
    ("005_sentences", m005_sentences.apply),
    ("006_menus", m006_menus.apply),
    ("007_callbacks", m007_callbacks.apply),
    ("008_done_messages", m008_done_messages.apply),
    ("009_waiting_messages", m009_waiting_messages.apply),
    ("010_callback_priority", m010_callback_priority.apply),
    ("011_room_pins", m011_room_pins.apply),
    ("012_erased_conversations", m012_erased_conversations.apply),
    ("013_port_quarters", m013_port_quarters.apply),
    ("014_line_tests", m014_line_tests.apply),
    ("015_call_channels", m015_call_channels.apply),
    ("016_faxes", m016_faxes.apply),
)


def known(steps: tuple[tuple[str, Step], ...] = STEPS) -> Migrations:
    """The steps as sqlite-utils wants them; it keeps the table of those applied (_sqlite_migrations)."""
    migrations = Migrations("foyer")
    for name, step in steps:
        migrations(name=name)(step)
    return migrations
