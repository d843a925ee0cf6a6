"""What the tests of the pages share: a data directory, a store, the application, browsers that are signed
in.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import jinja2
import jinja2.bccache
import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from appliance.settings import Settings
from appliance.store import Store, migrate, users
from appliance.store import site as sites
from appliance.store.sitemodel import Site
from appliance.webui import rendering
from appliance.webui.app import Application, make_app
from appliance.webui.i18n import LOCALE_ROOT, Languages
from tests.webui.browser import Browser

PASSWORD = "a long enough password"
OTP = "k7mp-x2qa-9wdf-hh4t"
SITE = {
    "country": "VN",
    "language": "en",
    "time_zone": "Asia/Ho_Chi_Minh",
    "business_name": "Lotus Dental",
    "queues": [{"id": "q1", "name": "Reception", "greeting_text": "Welcome.", "agents": ["a1", "a2"]}],
    "agents": [
        {"id": "a1", "name": "Lan", "extension": "101"},
        {"id": "a2", "name": "Minh", "extension": "102"},
    ],
    "lines": [
        {
            "id": "l1",
            "kind": "sip",
            "name": "Provider",
            "host": "voice.example.net",
            "username": "u1",
            "register": True,
        }
    ],
    "numbers": [{"id": "n1", "number": "+842812345678", "line_id": "l1", "queue_id": "q1"}],
    "dispositions": [{"code": "solved", "name": "Solved"}],
    "breaks": [{"code": "meal", "name": "Meal"}],
}


class CompiledTemplates(jinja2.BytecodeCache):
    """In memory; each is known by its source."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


@pytest.fixture(scope="session", autouse=True)
def compiled_templates() -> Iterator[None]:
    """Compiled once for all the applications of the tests: that takes longer than most tests do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            rendering, "Environment", partial(jinja2.Environment, bytecode_cache=CompiledTemplates())
        )
        yield


@pytest.fixture(scope="session")
def locale_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalogues, compiled."""
    root = tmp_path_factory.mktemp("locale")
    for source in LOCALE_ROOT.glob("*/LC_MESSAGES/foyer.po"):
        target = root / source.relative_to(LOCALE_ROOT).with_suffix(".mo")
        target.parent.mkdir(parents=True)
        with source.open("rb") as text, target.open("wb") as compiled:
            write_mo(compiled, read_po(text))
    return root


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A data directory with its secrets, as foyer-setup leaves it."""
    made = Settings(data=tmp_path / "data", run=tmp_path / "run")
    made.db.parent.mkdir(parents=True)
    made.secrets.mkdir(parents=True)
    made.run.mkdir()
    (made.secrets / "session").write_text("0123456789abcdef0123456789abcdef\n")
    (made.secrets / "admin-otp").write_text(OTP + "\n")
    return made


@pytest.fixture(scope="session")
def empty_db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of an empty box, made once: the tests have copies."""
    path = tmp_path_factory.mktemp("empty") / "foyer.db"
    migrate(path)
    return path


@pytest.fixture(scope="session")
def box_db(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The database of a box that was set up, and login -> user id; made once, for a password is slow to
    hash.
    """
    path = tmp_path_factory.mktemp("box") / "foyer.db"
    migrate(path)
    store = Store.open(path)
    with store.change() as change:
        boss = users.create(change, "boss", "Mai", "administrator", PASSWORD)
        sites.save(change, Site.from_dict(SITE), boss, "", 0)
    with store.change() as change:
        lead = users.create(change, "lead", "Hoa", "supervisor", PASSWORD)
    with store.change() as change:
        lan = users.create(change, "lan", "Lan", "agent", PASSWORD, agent_id="a1")
    return path, {"boss": boss, "lead": lead, "lan": lan}


@pytest.fixture
def store(settings: Settings, empty_db: Path) -> Store:
    """An empty store."""
    # With the files that its locks are.
    shutil.copytree(empty_db.parent, settings.db.parent, dirs_exist_ok=True)
    return Store.open(settings.db)


@pytest.fixture
def app(settings: Settings, store: Store, locale_root: Path) -> Application:
    """The application on an empty box."""
    return make_app(settings, store, Languages.load(locale_root))


@pytest.fixture
def box(store: Store, settings: Settings, box_db: tuple[Path, dict[str, str]]) -> dict[str, str]:
    """A box that was set up: one account of each role, all with the same password; returns login -> user
    id.
    """
    source, accounts = box_db
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(settings.db)) as other:
        one.backup(other)
    return dict(accounts)


SignIn = Callable[[str], Browser]


@pytest.fixture
def sign_in(app: Application, box: dict[str, str]) -> SignIn:
    """Opens a browser and signs in as one of the box's users."""

    def go(login: str) -> Browser:
        browser = Browser(app)
        page = browser.submit(browser.get("/login"), "/login", follow=False, login=login, password=PASSWORD)
        assert page.status == 303, page.words
        return browser

    return go
