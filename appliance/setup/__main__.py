"""foyer-setup: folders, secrets, database, then the configuration that Asterisk starts with."""

from __future__ import annotations

import logging
import subprocess
import sys

from appliance.durable import sync_folder
from appliance.errors import FoyerError, SetupError
from appliance.service import Service
from appliance.settings import Settings
from appliance.setup import folders, secrets
from appliance.store import reserve, users
from appliance.store.db import Store, migrate

log = logging.getLogger("foyer-setup")

# As foyer-apply.service has them: what it renders here must look the same as what it renders later.
APPLY_USER, APPLY_GROUPS, APPLY_UMASK = "foyer-apply", ("asterisk", "foyer-ami"), 0o027
APPLY_TIMEOUT_S = 60.0


def set_up(settings: Settings) -> None:
    """Makes /data fit; raises FoyerError when the box cannot work with it."""
    for folder in folders.folders(settings):
        folders.make(settings, folder)
    for secret in secrets.SECRETS:
        if secrets.ensure(settings.secrets, secret):
            log.info("made the secret %s", secret.name)
    secrets.correct(settings.secrets, secrets.RECOVERY)
    prepare_database(settings)
    offer_one_time_password(settings)
    render_configuration(settings)


def prepare_database(settings: Settings) -> None:
    """Brings the schema up to date, and keeps some space back."""
    for step in migrate(settings.db):
        log.info("database: applied %s", step)
    try:
        reserve.make(settings.db)
    except OSError as error:
        log.error("No space can be kept for the database: %s.", error.strerror)


def offer_one_time_password(settings: Settings) -> None:
    """There is a one-time password exactly as long as there is no administrator."""
    store = Store.open(settings.db)
    try:
        with store.read() as db:
            administrators = users.count(db, "administrator")
    finally:
        store.close()
    if administrators == 0:
        secrets.ensure(settings.secrets, secrets.ONE_TIME)
    else:
        (settings.secrets / secrets.ADMIN_OTP).unlink(missing_ok=True)
        sync_folder(settings.secrets)


def render_configuration(settings: Settings) -> None:
    """Renders the desired revision as foyer-apply; the last good one does if that fails.

    Asterisk must find a configuration before any Python process is up: a call never waits for Python.
    """
    command = [sys.executable, "-P", "-m", "appliance.apply", "--once"]
    try:
        subprocess.run(
            command,
            check=True,
            timeout=APPLY_TIMEOUT_S,
            user=APPLY_USER,
            group="foyer",
            extra_groups=APPLY_GROUPS,
            umask=APPLY_UMASK,
        )
    except (subprocess.SubprocessError, OSError) as error:
        if not (settings.config / "live/asterisk/asterisk.conf").is_file():
            raise SetupError("There is no configuration for Asterisk and none could be rendered.") from error
        log.exception("The configuration could not be rendered; going on with the last good one.")


def main() -> int:
    Service("foyer-setup").start_log()
    try:
        set_up(Settings.load())
    except FoyerError as error:
        log.critical("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
