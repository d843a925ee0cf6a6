"""The pages on a damaged database: what is wrong is said, whatever can still be read."""

from __future__ import annotations

import html
import io

import pytest

from appliance.store import Store
from appliance.webui.app import Application
from tests.store.damage import damage_table
from tests.webui.browser import call
from tests.webui.conftest import SignIn


def test_a_damaged_database_is_said_on_the_page(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    damage_table(store, "live")
    page = browser.get("/system")
    assert page.status == 200 and "The database is damaged: database disk image is malformed." in page.words


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "The box's database is damaged."), ("vi", "Cơ sở dữ liệu của máy bị hỏng.")],
)
def test_also_where_no_page_can_be_made(
    app: Application, box: dict[str, str], store: Store, language: str, words: str
) -> None:
    damage_table(store, "revision")
    errors = io.StringIO()
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/system", "HTTP_HOST": "localhost", "REMOTE_ADDR": ""}
    environ |= {"HTTP_ACCEPT_LANGUAGE": language}
    status, _, chunks = call(app, {**environ, "wsgi.errors": errors})
    text = html.unescape(b"".join(chunks).decode())
    assert status == 500 and words in text and f'lang="{language}"' in text and "foyer.css" in text
    assert "Traceback" not in text and "DamagedError" in errors.getvalue()
