"""Opens the database, and is the one door for writing to it. Every process has one Store.

Why not SQLite's own locking: its busy handler polls without order, and a bulk writer starved five others to
one commit a second. A writer first takes the lock of locks.py, in a fair order.

Nobody else may open the files for writing; nobody may open foyer.db except through SQLite (closing any
descriptor of it would drop SQLite's own locks in this process).
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
import time
import urllib.parse
import weakref
from collections.abc import Iterator
from pathlib import Path

from sqlite_utils import Database

from appliance.errors import RejectedError, SetupError, TransientError
from appliance.store import reserve
from appliance.store.ids import now_ms
from appliance.store.locks import WriteLock, create_shared_file
from appliance.store.migrations import STEPS, Step, known
from appliance.store.text import to_json

_log = logging.getLogger(__name__)

# Before 3.51.3 two processes that write to one WAL database can corrupt it
# (https://sqlite.org/wal.html#walresetbug).
_OLDEST_SQLITE = (3, 51, 3)
_LOCK_TIMEOUT_S = 10.0
_LONG_BODY_S = 0.1
_BUSY_MS, _LOG_PATIENCE_MS = 5000, 50
_SNAPSHOTS_KEPT = 3
_TRY_LATER = frozenset(
    (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
)
_BOX_IS_WRONG = frozenset(
    (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_NOTADB)
)


class DamagedError(sqlite3.DatabaseError):
    """SQLite finds the database damaged, and says how. It is none of our known errors, with which a process
    goes on: it ends whoever does not expect it.
    """


class Change:
    """One transaction, as `Store.change()` hands it out: `db` writes, `now` (ms) is its one point in time."""

    def __init__(self, db: Database, now: int) -> None:
        self.db = db
        self.now = now
        self._told: set[tuple[str, str, str]] = set()

    def event(self, kind: str, subject: str = "", /, **ids: str | int | None) -> None:
        """Tells the other processes and the browsers what changed, in the same transaction.

        `kind` is one of conversation, segment, message, agent, live, site, apply, user, request, person,
        callback (KINDS of webui/static/events.js).
        `subject` is the id of the thing itself (the first of `ids` if not given), `ids` are others that a
        listener may filter by, such as person=, agent=, queue=. Ids only, never content: browsers of any
        role see them. The same event twice in one change is one event.
        """
        named = {name: value for name, value in ids.items() if value is not None}
        row = (kind, subject or str(next(iter(named.values()), "")), to_json(named))
        if row not in self._told:
            self._told.add(row)
            sql = "INSERT INTO event (at, kind, subject, ids) VALUES (?, ?, ?, ?)"
            self.db.execute(sql, (self.now, *row))


class _Reader:
    """A thread's own read-only connection; it is closed when the thread ends, as the thread's locals are
    dropped.
    """

    def __init__(self, path: Path) -> None:
        self.db = _connect(path, "ro")
        self.db.execute("PRAGMA query_only = ON")
        # A web process has a hundred of these; the kernel caches the pages for all of them.
        self.db.execute("PRAGMA cache_size = -512")
        self.depth = 0

    def close(self) -> None:
        self.db.close()

    def __del__(self) -> None:
        if hasattr(self, "db"):
            self.close()


class Store:
    """The database at `path`: `change()` to write, `read()` to read, `version()` to notice others' commits.

    Threads share one Store. It must not cross a fork.
    """

    def __init__(
        self, path: Path, *, lock_timeout_s: float = _LOCK_TIMEOUT_S, long_body_s: float = _LONG_BODY_S
    ) -> None:
        """Opens an existing database.

        SetupError: no database there, a schema older than this release (foyer-setup has not run), or an
        SQLite that is too old. A newer schema is accepted: steps only expand.
        """
        refuse_old_sqlite(sqlite3.sqlite_version_info)
        self.path = path
        self._lock_timeout_s = lock_timeout_s
        self._long_body_s = long_body_s
        self._local = threading.local()
        self._readers: weakref.WeakSet[_Reader] = weakref.WeakSet()
        self._writer_owner: int | None = None
        if not path.is_file():
            raise SetupError(f"There is no database at {path}.", "foyer-setup creates it.")
        with _named_errors():
            self._writer = _connect(path, "rw")
            self._writer.execute("PRAGMA query_only = ON")
            pending = known().pending(self._writer)
        if pending:
            self._writer.close()
            raise SetupError(f"The database lacks {pending[0].name}.", "foyer-setup brings it up to date.")
        self._lock = WriteLock(path)

    @classmethod
    def open(cls, path: Path) -> Store:
        """The same as `Store(path)`."""
        return cls(path)

    @contextlib.contextmanager
    def change(self) -> Iterator[Change]:
        """A write transaction: committed at the end of the block, undone as a whole if the block raises.

        Blocks of all processes and threads run one at a time, in a fair order; so a block is short (20 ms)
        and waits for nothing. A longer body is logged. When `change` returns, the data is on the disk
        (synchronous=FULL).

        TransientError: the disk is full or failing, or others hold the lock for too long; nothing was
        changed. A full disk still has the room of the reserve. RuntimeError: `change` inside `change` of the
        same thread, which is a bug of the caller.
        """
        if self._writer_owner == threading.get_ident():
            raise RuntimeError("Store.change() inside Store.change(): pass the Change on instead.")
        with self._lock.held(self._lock_timeout_s), _named_errors(), reserve.given_up_if_full(self.path):
            self._writer_owner = threading.get_ident()
            try:
                yield from self._transaction()
            finally:
                self._writer_owner = None

    def _transaction(self) -> Iterator[Change]:
        conn = self._writer.conn
        conn.execute("PRAGMA query_only = OFF")
        try:
            conn.execute("BEGIN IMMEDIATE")
            begun = time.monotonic()
            try:
                yield Change(self._writer, now_ms())
                body_s = time.monotonic() - begun
                conn.execute("COMMIT")
            except BaseException:
                # A full disk makes SQLite roll back by itself; then there is nothing left to undo.
                if conn.in_transaction:
                    conn.execute("ROLLBACK")
                raise
        finally:
            conn.execute("PRAGMA query_only = ON")
        if body_s > self._long_body_s:
            _log.warning("A change held everybody up for %.0f ms.", body_s * 1000, stack_info=True)

    def empty_log(self) -> bool:
        """Moves what was committed into the database's own file and empties the write-ahead log, where what
        was deleted could be read on. False: somebody reads just now, so it is for another time.
        """
        with self._lock.held(self._lock_timeout_s), _named_errors():
            # Everybody who wants to write waits meanwhile: not for a long reader.
            self._writer.execute(f"PRAGMA busy_timeout = {_LOG_PATIENCE_MS}")
            try:
                is_busy, *_ = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                self._writer.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        return not is_busy

    @contextlib.contextmanager
    def read(self) -> Iterator[Database]:
        """This thread's read-only connection; everything read in one block is of one moment.

        Blocks may be nested; the inner one sees the outer one's moment. What this thread wrote in an open
        `change` is not visible here: read through the Change there. TransientError: the disk fails, or the
        database is busy being recovered.
        """
        with _named_errors():
            reader = self._reader()
            if reader.depth == 0:
                reader.db.conn.execute("BEGIN")
            reader.depth += 1
            try:
                yield reader.db
            finally:
                reader.depth -= 1
                if reader.depth == 0 and reader.db.conn.in_transaction:
                    reader.db.conn.execute("COMMIT")

    def version(self) -> int:
        """A number that differs once anybody has committed since this thread's last call (PRAGMA
        data_version).

        Costs a few microseconds; compare only with values of the same thread.
        """
        with _named_errors():
            row = self._reader().db.conn.execute("PRAGMA data_version").fetchone()
        return int(row[0])

    def release(self) -> None:
        """Closes this thread's connection, for a thread that will not read for long (a browser's stream of
        events); its next read opens another.
        """
        reader: _Reader | None = getattr(self._local, "reader", None)
        if reader is not None and reader.depth == 0:
            del self._local.reader
            reader.close()

    def close(self) -> None:
        """Closes every connection of this process. No thread may use the store any more."""
        for reader in list(self._readers):
            reader.close()
        self._writer.close()

    def _reader(self) -> _Reader:
        reader: _Reader | None = getattr(self._local, "reader", None)
        if reader is None:
            reader = self._local.reader = _Reader(self.path)
            self._readers.add(reader)
        return reader


def migrate(path: Path, steps: tuple[tuple[str, Step], ...] = STEPS) -> list[str]:
    """Creates the database or brings it up to date; returns the names of the steps it applied.

    Called by foyer-setup only, before all other processes. The files are made readable and writable for the
    group of their directory. An existing database is copied to `snapshots/` beside it first (the last three
    are kept). All steps are one transaction. TransientError: the disk is full; the database is as it was
    before.
    """
    refuse_old_sqlite(sqlite3.sqlite_version_info)
    create_shared_file(path)  # SQLite gives -wal and -shm the mode of the database
    with WriteLock.create(path).held(_LOCK_TIMEOUT_S), _named_errors():
        db = _connect(path, "rw")
        try:
            db.enable_wal()
            migrations = known(steps)
            pending = [step.name for step in migrations.pending(db)]
            if pending and migrations.applied(db):
                _snapshot(db, path)
            if pending:
                with _immediately(db):
                    migrations.apply(db)
            return pending
        finally:
            db.close()


def refuse_old_sqlite(version: tuple[int, int, int]) -> None:
    """SetupError for an SQLite that can corrupt a WAL database written by two processes."""
    if version < _OLDEST_SQLITE:
        wanted, found = (".".join(map(str, v)) for v in (_OLDEST_SQLITE, version))
        raise SetupError(f"SQLite {found} can corrupt the database.", f"Version {wanted} or newer is needed.")


def _connect(path: Path, mode: str) -> Database:
    uri = f"file:{urllib.parse.quote(str(path))}?mode={mode}"
    # Any thread may use the writer (under the lock), and a reader may be closed by another thread.
    conn = sqlite3.connect(
        uri, uri=True, timeout=_BUSY_MS / 1000, isolation_level=None, check_same_thread=False
    )
    db = Database(conn, execute_plugins=False)
    for pragma in (
        "foreign_keys = ON",
        "synchronous = FULL",
        "trusted_schema = OFF",
        "journal_size_limit = 67108864",
    ):
        conn.execute(f"PRAGMA {pragma}")
    return db


@contextlib.contextmanager
def _immediately(db: Database) -> Iterator[None]:
    db.conn.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.conn.execute("COMMIT")
    except BaseException:
        db.rollback()
        raise


def _snapshot(db: Database, path: Path) -> None:
    folder = path.parent / "snapshots"
    folder.mkdir(mode=0o2770, exist_ok=True)
    target = folder / f"{path.stem}-{now_ms()}.db"
    try:
        db.execute("VACUUM INTO ?", (str(target),))
    except sqlite3.Error:
        target.unlink(missing_ok=True)
        raise
    target.chmod(0o660)
    for old in sorted(folder.glob(f"{path.stem}-*.db"))[:-_SNAPSHOTS_KEPT]:
        old.unlink()


@contextlib.contextmanager
def _named_errors() -> Iterator[None]:
    """SQLite's errors as ours where a caller can do something about them."""
    try:
        yield
    except UnicodeEncodeError as error:  # a lone surrogate, which no honest keyboard types
        raise RejectedError("This has characters that cannot be seen.", "Type it anew.") from error
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte is the primary result code
        if code == sqlite3.SQLITE_FULL:
            raise TransientError(
                "The disk is full; nothing was saved.", "Free some space, then try again."
            ) from error
        if code in _TRY_LATER:
            raise TransientError(
                "The database cannot be used just now; nothing was saved.", "Try again."
            ) from error
        if code in _BOX_IS_WRONG:
            raise SetupError(
                "The database cannot be opened.", "Look at its owner, mode and place."
            ) from error
        if code == sqlite3.SQLITE_CORRUPT:
            raise DamagedError(str(error)) from error
        raise
