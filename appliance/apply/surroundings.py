"""What a rendering needs of this box: paths, ports, country and secrets, from the settings, the files
and the store.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from appliance.apply.folders import ASTERISK
from appliance.errors import SetupError
from appliance.pbx.conf.inputs import Env, Secrets
from appliance.settings import Settings
from appliance.store import countries, secrets
from appliance.store.db import Change, Store
from appliance.store.site_inside import secret_of
from appliance.store.sitemodel import Site

RUN = Path("/run/asterisk")
_BOX = "box:entity"
_LOCAL_BIT, _GROUP_BIT = 0x02, 0x01


def gather(settings: Settings, store: Store, site: Site, run: Path = RUN) -> Env:
    """The surroundings for `site`. Makes the passwords of phones that are new; SetupError if a
    secret's file is missing.
    """
    phones = {f"sip:{agent.id}{kind}" for agent in site.agents for kind in ("", "d")}
    made = _ensure(store, sorted({_BOX, *phones}))
    with store.read() as db:
        lines = {line.id: secrets.get(db, f"line:{line.id}") or "" for line in site.lines}
        pins = {room.id: secrets.get(db, secret_of(room.id)) or "" for room in site.rooms}
    return Env(
        etc=settings.config / "live" / ASTERISK,
        lib=settings.ast_lib,
        log=settings.ast_log,
        run=run,
        spool=settings.data / "asterisk" / "spool",
        recordings=settings.recordings,
        takes=settings.takes,
        faxes=settings.faxes,
        sounds=settings.sounds,
        bind=settings.bind,
        sip_port=settings.sip_port,
        ami_port=settings.ami_port,
        http_port=settings.asterisk_http_port,
        entity_id=_entity_id(made[_BOX]),
        country=countries.find_or_generic(site.country, countries.load()),
        secrets=Secrets(
            ami_events=_file(settings, "ami-events"),
            ami_actions=_file(settings, "ami-actions"),
            ami_mirror=_file(settings, "ami-mirror"),
            sim=_file(settings, "sim-trunk"),
            phones={name.removeprefix("sip:"): made[name] for name in phones},
            lines=lines,
            rooms=pins,
        ),
        card_channels=_card_channels(settings),
    )


def mark(store: Store) -> tuple[int, int]:
    """Differs once a secret has changed: the newest change and the number of secrets."""
    with store.read() as db:
        row = db.execute("SELECT coalesce(max(updated), 0), count(*) FROM secret").fetchone()
    return int(row[0]), int(row[1])


def _ensure(store: Store, names: list[str]) -> dict[str, str]:
    """The secrets of these names, written only if one of them is new."""
    with store.read() as db:
        found = {name: value for name in names if (value := secrets.get(db, name)) is not None}
    if len(found) < len(names):
        with store.change() as change:
            found = _ensured(change, names)
    return found


def _ensured(change: Change, names: list[str]) -> dict[str, str]:
    return {name: secrets.ensure(change, name) for name in names}


def _entity_id(seed: str) -> str:
    """An EID in the form of a MAC address, locally administered (IEEE 802: second bit of the first byte)."""
    raw = bytearray(hashlib.sha256(seed.encode()).digest()[:6])
    raw[0] = (raw[0] | _LOCAL_BIT) & ~_GROUP_BIT
    return raw.hex(":")


def _card_channels(settings: Settings) -> str:
    """What box-profile left for Asterisk; "" on a box without a profile."""
    try:
        return settings.card_channels.read_text("utf-8")
    except FileNotFoundError:
        return ""


def _file(settings: Settings, name: str) -> str:
    try:
        value = (settings.secrets / name).read_text("utf-8").strip()
    except OSError as error:
        raise SetupError(f"The secret {name} cannot be read.", "foyer-setup makes it.") from error
    if not value:
        raise SetupError(f"The secret {name} is empty.", "foyer-setup makes it.")
    return value
