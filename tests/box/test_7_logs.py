"""What the tests before this one left in the logs: no password, no token, nothing that opens a door."""

import re
import sqlite3

import pytest

from tests.box.conftest import AGENT_PASSWORD
from tests.box.wizard import CLINIC
from tests.image.box import Box

pytestmark = [pytest.mark.box, pytest.mark.browser]

# Shorter ones may stand in a log by chance.
LEAST_LENGTH = 8


def kept_secrets(box: Box) -> set[str]:
    """Every secret that the box keeps, in files and in the store."""
    found = {path.read_text().strip() for path in (box.state / "secrets").iterdir()}
    with sqlite3.connect(box.state / "foyer" / "foyer.db") as db:
        found |= {str(value) for (value,) in db.execute("SELECT value FROM secret")}
        found |= {str(value) for (value,) in db.execute("SELECT csrf FROM session")}
        found |= {str(value) for (value,) in db.execute("SELECT password_hash FROM user")}
    return {secret for secret in found if len(secret) >= LEAST_LENGTH}


def logs(box: Box) -> str:
    """The journal, and what Asterisk and Caddy write themselves."""
    texts = [box.run("journalctl", "-q", "--no-pager", "-o", "cat")]
    texts += [path.read_text("utf-8", "replace") for path in (box.state / "asterisk" / "log").iterdir()]
    return "\n".join(texts)


def test_no_secret_is_in_a_log(box: Box, passwords: dict[str, str]) -> None:
    kept = kept_secrets(box)
    assert len(kept) > 8
    text = logs(box)
    assert "is live." in text, "these are not the logs"
    for secret in kept | {CLINIC.admin_password, AGENT_PASSWORD, *passwords.values()}:
        assert secret not in text, f"a secret of {len(secret)} characters is in a log"
    assert not re.search(r"__Host-foyer=\w|X-Csrf", text)
