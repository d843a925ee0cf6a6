"""The first schema: people, conversations, agents, accounts, site revisions and the bus (event, request,
live).

Ids are ULIDs and times are milliseconds since 1970 UTC, except where said. The columns that hold one of
several words (kind, state, outcome ...) have no CHECK: SQLite cannot widen one without rebuilding its
table, and steps only expand. The modules of the store check the words.
"""

from __future__ import annotations

from sqlite_utils import Database


def apply(db: Database) -> None:
    """Creates all tables of the first release."""
    for script in (PEOPLE, CONVERSATIONS, AGENTS, ACCOUNTS, SITE, BUS, FEEDS):
        db.executescript(script)


PEOPLE = """
CREATE TABLE person (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL DEFAULT '',
    folded TEXT NOT NULL DEFAULT '',      -- the name without case and marks, for searching
    language TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT '',
    merged_into TEXT REFERENCES person(id),
    created INTEGER NOT NULL
) STRICT;
CREATE INDEX person_merged_into ON person(merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE address (
    id TEXT PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES person(id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,                  -- a phone number in E.164, or the raw text where it is not one
    label TEXT NOT NULL DEFAULT '',
    created INTEGER NOT NULL,
    UNIQUE (kind, value)
) STRICT;
CREATE INDEX address_person ON address(person_id);
"""

CONVERSATIONS = """
CREATE TABLE conversation (
    id TEXT PRIMARY KEY,
    channel TEXT NOT NULL,
    external_id TEXT NOT NULL,            -- voice: the call uuid that the dialplan set
    origin TEXT NOT NULL DEFAULT '',      -- voice: Asterisk's linkedid, under which its raw rows are kept
    direction TEXT NOT NULL,
    person_id TEXT REFERENCES person(id) ON DELETE SET NULL,
    address TEXT NOT NULL DEFAULT '',
    line_id TEXT,
    number TEXT NOT NULL DEFAULT '',      -- the dialled number
    queue_id TEXT,
    agent_id TEXT,                        -- who talked last
    parent_id TEXT REFERENCES conversation(id) ON DELETE SET NULL,
    state TEXT NOT NULL,
    outcome TEXT,
    disposition TEXT,
    started INTEGER NOT NULL,
    answered INTEGER,
    ended INTEGER,
    updated INTEGER NOT NULL,
    UNIQUE (channel, external_id)
) STRICT;
CREATE INDEX conversation_person ON conversation(person_id, started);
CREATE INDEX conversation_started ON conversation(started);
CREATE INDEX conversation_agent ON conversation(agent_id, started);
CREATE INDEX conversation_unfinished ON conversation(state, ended) WHERE state <> 'closed';

CREATE TABLE segment (
    id TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversation(id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    queue_id TEXT,
    agent_id TEXT,
    started INTEGER NOT NULL,
    ended INTEGER,                        -- NULL while it runs
    outcome TEXT
) STRICT;
CREATE UNIQUE INDEX segment_once ON segment(conversation_id, kind, started, coalesce(agent_id, ''));
CREATE INDEX segment_started ON segment(started);

CREATE TABLE message (
    id TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversation(id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    author TEXT,                          -- user id, or NULL
    body TEXT NOT NULL DEFAULT '',
    path TEXT,                            -- recordings: relative to the recordings' directory
    duration_ms INTEGER,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    external_id TEXT NOT NULL,
    UNIQUE (conversation_id, external_id)
) STRICT;
"""

AGENTS = """
CREATE TABLE agent_state (
    id TEXT PRIMARY KEY,
    agent_id TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    device TEXT NOT NULL DEFAULT 'browser',
    started INTEGER NOT NULL,
    ended INTEGER,                        -- NULL: the agent's state now
    by TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX agent_state_current ON agent_state(agent_id) WHERE ended IS NULL;
CREATE INDEX agent_state_started ON agent_state(agent_id, started);
"""

ACCOUNTS = """
CREATE TABLE user (
    id TEXT PRIMARY KEY,
    login TEXT NOT NULL UNIQUE,           -- case-folded
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    language TEXT NOT NULL DEFAULT '',
    agent_id TEXT,                        -- id in the site document
    disabled INTEGER NOT NULL DEFAULT 0,
    must_change INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX user_agent ON user(agent_id) WHERE agent_id IS NOT NULL;

CREATE TABLE login_failure (
    key TEXT PRIMARY KEY,                 -- account:<login>, of an account or not, or address:<where from>
    failed INTEGER NOT NULL,
    last INTEGER NOT NULL,
    locked_until INTEGER NOT NULL
) STRICT;
CREATE INDEX login_failure_last ON login_failure(last);

CREATE TABLE session (
    id TEXT PRIMARY KEY,                  -- SHA-256 of the cookie: a stolen database opens no session
    user_id TEXT NOT NULL REFERENCES user(id) ON DELETE CASCADE,
    created INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    csrf TEXT NOT NULL,
    address TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX session_user ON session(user_id);

CREATE TABLE audit (
    id TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    who TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE INDEX audit_at ON audit(at);
"""

SITE = """
CREATE TABLE revision (
    number INTEGER PRIMARY KEY,
    site TEXT NOT NULL,                   -- JSON, see sitemodel.py
    who TEXT NOT NULL,
    comment TEXT NOT NULL DEFAULT '',
    created INTEGER NOT NULL,
    based_on INTEGER NOT NULL,
    copy_of INTEGER                       -- of an undo: the revision that it brought back
) STRICT;

CREATE TABLE desired (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    number INTEGER NOT NULL
) STRICT;

CREATE TABLE apply_state (
    revision INTEGER NOT NULL,
    part TEXT NOT NULL,
    state TEXT NOT NULL,
    message TEXT NOT NULL DEFAULT '',
    at INTEGER NOT NULL,
    PRIMARY KEY (revision, part)
) STRICT;

CREATE TABLE secret (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    updated INTEGER NOT NULL
) STRICT;
"""

BUS = """
CREATE TABLE event (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused, so that a browser can resume after it
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL DEFAULT '',
    ids TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE INDEX event_at ON event(at);

CREATE TABLE request (
    id TEXT PRIMARY KEY,
    target TEXT NOT NULL,
    kind TEXT NOT NULL,
    args TEXT NOT NULL DEFAULT '{}',
    who TEXT NOT NULL,
    created INTEGER NOT NULL,
    deadline INTEGER NOT NULL,
    state TEXT NOT NULL,
    result TEXT NOT NULL DEFAULT '{}',
    claimed_at INTEGER,
    done_at INTEGER
) STRICT;
CREATE INDEX request_waiting ON request(target, created) WHERE state = 'waiting';
CREATE INDEX request_created ON request(created);

CREATE TABLE live (                       -- derived by foyer-pbx, rebuilt on each resynchronisation
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    data TEXT NOT NULL,
    updated INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
"""

FEEDS = """
CREATE TABLE pbx_event (                  -- the raw rows of the calls of the last 7 days
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL,
    linkedid TEXT NOT NULL,
    at INTEGER NOT NULL,
    row TEXT NOT NULL
) STRICT;
CREATE INDEX pbx_event_linkedid ON pbx_event(linkedid, seq);
CREATE INDEX pbx_event_at ON pbx_event(at);

CREATE TABLE feed (
    source TEXT PRIMARY KEY,
    inode INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT;
"""
