"""The people who work here: accounts, roles, signing in and sessions. Every change of an account is
audited.

A session's token is 256 random bits of which only the SHA-256 is kept. It ends after 12 hours without use,
after 7 days in any case, and at once when its user is disabled or gets another password.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from dataclasses import dataclass

from sqlite_utils import Database

from appliance.errors import NotFoundError, RejectedError, TransientError
from appliance.store import agents, audit, logins, passwords
from appliance.store import secrets as credentials
from appliance.store.db import Change, Store
from appliance.store.ids import new_id, now_ms
from appliance.store.text import storable

ROLES = ("agent", "supervisor", "administrator")
IDLE_MS = 12 * 3600 * 1000
ABSOLUTE_MS = 7 * 24 * 3600 * 1000
# A session's use is written down at most this often.
TOUCH_MS = 5 * 60 * 1000
_TOKEN_BYTES = 32
_NAME_MAX = 80
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
_AGENT_ID = re.compile(r"a[0-9]{1,6}")
_LANGUAGE = re.compile(r"([a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2})?")
_USERS = "SELECT id, login, name, role, language, agent_id, disabled, must_change, created FROM user"
_ACTIVE = "SELECT id, password_hash FROM user WHERE login = ? AND NOT disabled"
_SESSION = """
SELECT session.created, last_seen, expires, csrf, address,
       user.id, login, name, role, language, agent_id, disabled, must_change, user.created
FROM session JOIN user ON user.id = user_id
WHERE session.id = ? AND NOT disabled AND expires > ? AND last_seen > ?
"""


@dataclass(frozen=True)
class User:
    """An account. `language` "" is the site's, `agent_id` is an id of the site document, `created` ms UTC."""

    id: str
    login: str
    name: str
    role: str
    language: str
    agent_id: str | None
    disabled: bool
    must_change: bool
    created: int

    def may(self, role: str) -> bool:
        """Whether this user's role includes `role`: agent < supervisor < administrator."""
        return ROLES.index(self.role) >= ROLES.index(role)


@dataclass(frozen=True)
class Session:
    """A signed-in browser. Times are ms UTC; `csrf` is the word that its forms carry."""

    user: User
    created: int
    last_seen: int
    expires: int
    csrf: str
    address: str


def create(
    change: Change,
    login: str,
    name: str,
    role: str,
    password: str,
    *,
    language: str = "",
    agent_id: str | None = None,
    must_change: bool = False,
    by: str = "system",
) -> str:
    """Makes an account; returns its id. RejectedError (with field) for what does not fit. Event: user."""
    user_id, name_to_sign_in = new_id(), _login(login)
    if change.db.execute("SELECT 1 FROM user WHERE login = ?", (name_to_sign_in,)).fetchone():
        raise RejectedError("Another user has this login.", field="login")
    values = {
        "id": user_id,
        "login": name_to_sign_in,
        "password_hash": passwords.make_hash(password, login),
        "must_change": int(must_change),
        "created": change.now,
        **_profile(name, role, language, agent_id),
    }
    _refuse_second_user(change.db, agent_id, "")
    change.db.table("user").insert(values)
    _tell(change, user_id, by, "user.create", login=name_to_sign_in, role=role)
    return user_id


def update(
    change: Change,
    user_id: str,
    name: str,
    role: str,
    *,
    language: str = "",
    agent_id: str | None = None,
    by: str,
) -> None:
    """Changes what an administrator may change. RejectedError: also if the last administrator would be
    none.
    """
    old = get(change.db, user_id)
    profile = _profile(name, role, language, agent_id)
    if old.role == "administrator" and role != "administrator":
        _keep_an_administrator(change.db, old)
    _refuse_second_user(change.db, agent_id, user_id)
    change.db.table("user").update(user_id, profile)
    if old.agent_id != agent_id:
        _take_phones(change, old, by)
    _tell(change, user_id, by, "user.update", **profile)


def set_disabled(change: Change, user_id: str, disabled: bool, by: str) -> None:
    """Locks an account out, which ends its sessions and takes its phones at once, or lets it in again.
    RejectedError: last administrator.
    """
    old = get(change.db, user_id)
    if disabled:
        _keep_an_administrator(change.db, old)
        end_sessions(change, user_id)
        _take_phones(change, old, by)
    change.db.execute("UPDATE user SET disabled = ? WHERE id = ?", (int(disabled), user_id))
    _tell(change, user_id, by, "user.disable" if disabled else "user.enable")


def set_password(
    change: Change, user_id: str, password: str, by: str, *, must_change: bool = False, keep_token: str = ""
) -> None:
    """Sets a password and ends all sessions but the one of `keep_token`. RejectedError: too short or too
    easy.

    The phone in the browser gets another password, too, since its page shows it to scripts. The desk phone
    keeps its own: it was typed into a device, and this password never opened it.
    """
    user = get(change.db, user_id)
    password_hash = passwords.make_hash(password, user.login)
    change.db.execute(
        "UPDATE user SET password_hash = ?, must_change = ? WHERE id = ?",
        (password_hash, int(must_change), user_id),
    )
    end_sessions(change, user_id, keep_token)
    if user.agent_id is not None:
        credentials.drop(change, f"sip:{user.agent_id}")
    _tell(change, user_id, by, "user.password")


def set_language(change: Change, user_id: str, language: str) -> None:
    """The language of a user's pages; "" is the site's."""
    if not _LANGUAGE.fullmatch(language):
        raise RejectedError("This is not a language.", field="language")
    change.db.execute("UPDATE user SET language = ? WHERE id = ?", (language, user_id))
    change.event("user", user_id)


def get(db: Database, user_id: str) -> User:
    """The user, disabled or not; NotFoundError if there is none."""
    row = db.execute(_USERS + " WHERE id = ?", (user_id,)).fetchone()
    if row is None:
        raise NotFoundError("There is no such user.")
    return _user(row)


def every(db: Database) -> list[User]:
    """All accounts in order of their logins."""
    return [_user(row) for row in db.execute(_USERS + " ORDER BY login")]


def of_agent(db: Database, agent_id: str) -> User | None:
    """The account that answers as this agent, or None."""
    row = db.execute(_USERS + " WHERE agent_id = ?", (agent_id,)).fetchone()
    return _user(row) if row else None


def count(db: Database, role: str | None = None) -> int:
    """How many accounts can sign in, of one role or of all."""
    row = db.execute(
        "SELECT count(*) FROM user WHERE NOT disabled AND (:role IS NULL OR role = :role)", {"role": role}
    ).fetchone()
    return int(row[0])


def authenticate(store: Store, login: str, password: str, address: str, known: str = "") -> User:
    """The user whom login and password belong to; `address` is where the browser is.

    `known` is what the browser has of an earlier login, "login:mark", or "": it is then slowed down only by
    failures of its own, as long as the login is the same.

    RejectedError: wrong, or disabled, without saying which. TransientError: too many failures, with the
    seconds to wait. Takes the store and not a change: hashing takes longer than anybody may hold the write
    lock, and a failure must be counted although it raises.
    """
    return _check(store, login, password, address, "login", known)


def confirm(store: Store, user: User, password: str, address: str) -> None:
    """Makes sure that it is `user` who sits there, before a password or a right is changed.

    Errors as `authenticate`, and counted like it: a borrowed browser is no place to guess from. What
    strangers guess at the login does not count here.
    """
    _check(store, user.login, password, address, "confirm", f"{user.login}:session")


def _check(store: Store, login: str, password: str, address: str, action: str, known: str) -> User:
    name = _folded(login)[:100]
    mark = known.removeprefix(f"{name}:") if known.startswith(f"{name}:") else ""
    with store.read() as db:
        _refuse_early(logins.wait_s(db, name, address, now_ms(), mark))
        row = db.execute(_ACTIVE, (name,)).fetchone()
    user_id, password_hash = row or ("", passwords.NOBODY)
    right = passwords.matches(password_hash, password) and bool(user_id)
    with store.change() as change:
        # Again, since others may have guessed, or changed the account, at the same time.
        waiting_s = logins.wait_s(change.db, name, address, change.now, mark)
        good = right and waiting_s == 0 and change.db.execute(_ACTIVE, (name,)).fetchone() == row
        if good:
            logins.succeeded(change, name, mark)
            audit.record(change, user_id, action, user_id, address=address)
        else:
            logins.failed(change, name, address, mark)
            audit.record(change, user_id or "nobody", f"{action}.failed", user_id, address=address)
    _refuse_early(waiting_s)
    if not good:
        raise RejectedError("The login or the password is wrong.", field="password")
    with store.read() as db:
        return get(db, user_id)


def start_session(change: Change, user_id: str, address: str) -> str:
    """Signs a browser in; returns the token for its cookie, which nobody can read out of the store again."""
    change.db.execute(
        "DELETE FROM session WHERE expires <= ? OR last_seen <= ?", (change.now, change.now - IDLE_MS)
    )
    token, csrf = (secrets.token_urlsafe(_TOKEN_BYTES) for _ in range(2))
    change.db.execute(
        "INSERT INTO session (id, user_id, created, last_seen, expires, csrf, address)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (_digest(token), user_id, change.now, change.now, change.now + ABSOLUTE_MS, csrf, address),
    )
    return token


def get_session(db: Database, token: str, now: int | None = None) -> Session | None:
    """Whom the token belongs to; None if it is unknown, over, or its user disabled. `now` in ms, default
    the clock.
    """
    at = now_ms() if now is None else now
    row = db.execute(_SESSION, (_digest(token), at, at - IDLE_MS)).fetchone()
    if row is None:
        return None
    created, last_seen, expires, csrf, address = row[:5]
    return Session(_user(row[5:]), created, last_seen, expires, csrf, address)


def touch_session(change: Change, token: str) -> None:
    """The session is in use: call it when `last_seen` is more than TOUCH_MS ago."""
    change.db.execute("UPDATE session SET last_seen = ? WHERE id = ?", (change.now, _digest(token)))


def end_session(change: Change, token: str) -> None:
    """Signs one browser out; nothing happens if it was not signed in. Event: user."""
    row = change.db.execute(
        "DELETE FROM session WHERE id = ? RETURNING user_id", (_digest(token),)
    ).fetchone()
    if row is not None:
        _tell(change, row[0], row[0], "logout")


def end_sessions(change: Change, user_id: str, keep_token: str = "") -> None:
    """Signs a user out everywhere, except where `keep_token` is the cookie. Event: user."""
    change.db.execute(
        "DELETE FROM session WHERE user_id = ? AND id <> ?",
        (user_id, _digest(keep_token) if keep_token else ""),
    )
    change.event("user", user_id)


def is_login(login: str) -> bool:
    """Whether this can be an account's login: letters a to z, digits and . _ @ -, at most 64."""
    return _LOGIN.fullmatch(_folded(login)) is not None


def _profile(name: str, role: str, language: str, agent_id: str | None) -> dict[str, str | None]:
    text = unicodedata.normalize("NFC", name).strip()
    if not text or len(text) > _NAME_MAX or not text.isprintable():
        raise RejectedError("A name is one line of 1 to {high} characters.", field="name", high=_NAME_MAX)
    if role not in ROLES:
        raise RejectedError("This is not one of the choices.", field="role")
    if not _LANGUAGE.fullmatch(language):
        raise RejectedError("This is not a language.", field="language")
    if agent_id is not None and not _AGENT_ID.fullmatch(agent_id):
        raise RejectedError("There is no such agent.", field="agent_id")
    return {"name": text, "role": role, "language": language, "agent_id": agent_id}


def _refuse_second_user(db: Database, agent_id: str | None, user_id: str) -> None:
    other = of_agent(db, agent_id) if agent_id else None
    if other is not None and other.id != user_id:
        raise RejectedError("Another user answers as this agent.", field="agent_id")


def _keep_an_administrator(db: Database, user: User) -> None:
    if user.role == "administrator" and not user.disabled and count(db, "administrator") == 1:
        raise RejectedError(
            "The last administrator must stay one.", "Make somebody else administrator first."
        )


def _take_phones(change: Change, user: User, by: str) -> None:
    """Whoever answered as an agent knows the passwords of the agent's phones: they get new ones, and no queue
    rings there until somebody signs in to work.
    """
    if user.agent_id is not None:
        agents.set_state(change, user.agent_id, "offline", by=by)
        for name in (f"sip:{user.agent_id}", f"sip:{user.agent_id}d"):
            credentials.drop(change, name)


def _refuse_early(waiting_s: int) -> None:
    if waiting_s:
        raise TransientError("Too many attempts.", "Try again in {seconds} seconds.", seconds=waiting_s)


def _tell(change: Change, user_id: str, by: str, action: str, **detail: str | None) -> None:
    change.event("user", user_id)
    audit.record(change, by, action, user_id, **detail)


def _login(login: str) -> str:
    text = _folded(login)
    if not _LOGIN.fullmatch(text):
        raise RejectedError("A login has letters a to z, digits and . _ @ - only.", field="login")
    return text


def _folded(login: str) -> str:
    return unicodedata.normalize("NFKC", storable(login)).strip().casefold()


def _user(row: tuple[str, str, str, str, str, str | None, int, int, int]) -> User:
    user_id, login, name, role, language, agent_id, disabled, must_change, created = row
    return User(user_id, login, name, role, language, agent_id, bool(disabled), bool(must_change), created)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
