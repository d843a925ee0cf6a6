"""foyer-setup: folders, secrets, database, then the configuration that Asterisk starts with."""

from __future__ import annotations

import grp
import logging
import multiprocessing
import os
import pwd
import sys

from appliance.apply import __main__ as apply
from appliance.durable import sync_folder
from appliance.errors import SetupError
from appliance.service import Service
from appliance.settings import Settings
from appliance.setup import folders, secrets
from appliance.store import reserve, users
from appliance.store.db import Store, migrate

log = logging.getLogger("foyer-setup")

# As foyer-apply.service has them: what it renders here must look the same as what it renders later.
APPLY_USER, APPLY_GROUP, APPLY_GROUPS, APPLY_UMASK = "foyer-apply", "foyer", ("asterisk", "foyer-ami"), 0o027
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

    Asterisk must find a configuration before any Python process is up: a call never waits for Python. A fork,
    and no command of its own: every start waits for this, and an interpreter that imports nearly the same
    modules once more took as long as all the rest.
    """
    renderer = multiprocessing.get_context("fork").Process(target=render_as_apply, name="render")
    renderer.start()
    renderer.join(APPLY_TIMEOUT_S)
    if renderer.is_alive():
        renderer.kill()
        renderer.join()
    if renderer.exitcode == 0:
        return
    if not (settings.config / "live/asterisk/asterisk.conf").is_file():
        raise SetupError("There is no configuration for Asterisk and none could be rendered.")
    log.error("The configuration could not be rendered; going on with the last good one.")


def render_as_apply() -> None:
    """What the child does: becomes foyer-apply, renders, and ends."""
    os.setgroups([grp.getgrnam(name).gr_gid for name in APPLY_GROUPS])
    os.setgid(grp.getgrnam(APPLY_GROUP).gr_gid)
    os.setuid(pwd.getpwnam(APPLY_USER).pw_uid)
    os.umask(APPLY_UMASK)
    sys.exit(apply.main(["--once"]))


def main() -> int:
    return Service("foyer-setup").run_once(lambda: set_up(Settings.load()))


if __name__ == "__main__":
    sys.exit(main())
