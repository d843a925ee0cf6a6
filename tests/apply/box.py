"""A box in a temporary folder: data, database, secrets, and an Asterisk that runs from the live link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.apply import surroundings
from appliance.apply.__main__ import today
from appliance.apply.applier import Applier, Render, Today
from appliance.apply.asterisk import Console
from appliance.apply.cards import Cards
from appliance.apply.folders import ASTERISK
from appliance.apply.sounds import Speaker
from appliance.pbx.conf.tree import render_tree
from appliance.settings import Settings
from appliance.sound.speech import speak
from appliance.store import site as sites
from appliance.store.db import Store, migrate
from appliance.store.sitemodel import Site
from tests.asterisk.instance import PrivateAsterisk, free_port

SECRETS = ("ami-events", "ami-actions", "ami-mirror", "session", "sim-trunk")


class LiveAsterisk(PrivateAsterisk):
    """Asterisk on the rendered files themselves, through the link `live`, as on the box."""

    def __init__(self, settings: Settings) -> None:  # the parent would write files of its own
        self.directory = settings.data / "asterisk"
        self.etc = settings.config / "live" / ASTERISK
        self.log = settings.ast_log / "messages"
        self.process = None


def no_cards() -> None:
    """A machine without telephone cards has nothing to set up."""


@dataclass(frozen=True)
class Box:
    """Settings and store of a box below one folder; `run` is where Asterisk's control socket appears."""

    settings: Settings
    store: Store
    run: Path

    def applier(
        self,
        *,
        render: Render = render_tree,
        speak: Speaker = speak,
        settle_s: float = 5.0,
        today: Today = today,
        console: type[Console] = Console,
        cards: Cards | None = None,
    ) -> Applier:
        """foyer-apply's heart, in this process."""
        return Applier(
            self.store,
            self.settings,
            self.console(settle_s, console),
            gather=lambda site: surroundings.gather(self.settings, self.store, site, self.run),
            render=render,
            speak=speak,
            today=today,
            cards=cards or Cards(self.console(settle_s), no_cards),
        )

    def console(self, settle_s: float = 5.0, kind: type[Console] = Console) -> Console:
        """The console of this box's Asterisk."""
        config = self.settings.config / "live" / ASTERISK / "asterisk.conf"
        socket, log = self.run / "asterisk.ctl", self.settings.ast_log / "messages"
        return kind(config, socket, log, settle_s=settle_s)

    def save(self, **changes: Any) -> int:
        """Saves a revision like the newest one with these fields changed; returns its number."""
        with self.store.change() as change:
            number, site = sites.head(change.db)
            document = {**(site.to_dict() if number else FIRST), **changes}
            return sites.save(change, Site.from_dict(document), "u1", "", number)

    def states(self, number: int) -> dict[str, tuple[str, str]]:
        """Part to state and message of a revision."""
        with self.store.read() as db:
            return {one.part: (one.state, one.sentence.text()) for one in sites.apply_report(db, number)}

    def desired(self) -> int:
        """The revision that is wanted now."""
        with self.store.read() as db:
            return sites.desired(db)

    def environment(self) -> Mapping[str, str]:
        """What a process of its own needs to find this box."""
        return {
            "FOYER_DATA": str(self.settings.data),
            "FOYER_BIND": self.settings.bind,
            "FOYER_SIP_PORT": str(self.settings.sip_port),
            "FOYER_AMI_PORT": str(self.settings.ami_port),
            "FOYER_ASTERISK_HTTP_PORT": str(self.settings.asterisk_http_port),
        }


def make_box(folder: Path) -> Box:
    """Everything that foyer-setup makes, below `folder`."""
    settings = Settings(
        data=folder,
        run=folder / "run",
        bind="127.0.0.1",
        sip_port=free_port(),
        ami_port=free_port(),
        asterisk_http_port=free_port(),
    )
    run = folder / "run"
    made = (settings.db.parent, settings.secrets, settings.config, settings.sounds, run, settings.ast_lib)
    for place in (*made, settings.ast_log, settings.recordings, folder / "asterisk" / "log"):
        place.mkdir(parents=True, exist_ok=True)
    for name in SECRETS:
        (settings.secrets / name).write_text(f"{name}-{folder.name}-secret\n", "utf-8")
    migrate(settings.db)
    return Box(settings, Store.open(settings.db), run)


FIRST: dict[str, Any] = {
    "country": "VN",
    "language": "vi",
    "time_zone": "Asia/Ho_Chi_Minh",
    "business_name": "Phở Hà Nội",
    "queues": [
        {"id": "q1", "name": "Đặt bàn", "greeting_text": "Xin chào quý khách.", "agents": ["a1", "a2"]}
    ],
    "agents": [
        {"id": "a1", "name": "Trần Thị Hoa", "extension": "101"},
        {"id": "a2", "name": "Lê Văn Nam", "extension": "102"},
    ],
    "lines": [{"id": "l1", "kind": "sip", "name": "VNPT", "host": "127.0.0.2", "port": 5070}],
    "numbers": [{"id": "n1", "number": "02812345678", "line_id": "l1", "queue_id": "q1"}],
}
