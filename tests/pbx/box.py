"""foyer-pbx's own corner of a box in a temporary folder: store, secrets, and an Asterisk on the rendered
files.

foyer-pbx runs in this process, on the wiring of its own `__main__`.
"""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

from appliance.pbx.__main__ import wire
from appliance.pbx.ami_session import ActionSession
from appliance.pbx.conf.inputs import Env, Secrets, prompt_name
from appliance.pbx.conf.tree import render_tree
from appliance.service import Service
from appliance.settings import Settings
from appliance.store import Store, agents, conversations, countries, live, migrate, requests, site
from appliance.store.flows import Text
from appliance.store.records import Conversation
from appliance.store.sitemodel import Site
from tests.asterisk.instance import PrivateAsterisk, free_port
from tests.asterisk.phone import Phone
from tests.until import until

LINE_HOST = "127.0.0.2"
NUMBER = "02812345678"
CALLER = "0901234567"
GREETING = "Xin chào."
GREETING_S = 1.0
# For an answer to a request; people have less patience than a busy machine needs.
ASKED_S = 60.0

SITE: dict[str, Any] = {
    "business_name": "Phở Hòa",
    "queues": [
        {
            "id": "q1",
            "name": "Đặt bàn",
            "greeting_text": GREETING,
            "agents": ["a1", "a2"],
            # Longer than anything that happens while a phone rings takes on a busy machine.
            "ring_seconds": 20,
            "wrap_up_seconds": 0,
        }
    ],
    "agents": [
        {"id": "a1", "name": "Lan", "extension": "101"},
        {"id": "a2", "name": "Minh", "extension": "102"},
    ],
    "lines": [{"id": "l1", "kind": "sip", "name": "VNPT", "host": LINE_HOST}],
    "numbers": [{"id": "n1", "number": NUMBER, "line_id": "l1", "queue_id": "q1"}],
    "breaks": [{"code": "lunch", "name": "Lunch"}],
    "dispositions": [{"code": "ok", "name": "Done"}],
}


class Box:
    """Use as a context manager; Asterisk is started, foyer-pbx is not."""

    def __init__(self, directory: Path, agents: int = 2, **queue: Any) -> None:
        """`queue`: settings of the queue that differ from those of `SITE`; `agents`: how many are in it."""
        self.sip_port = free_port()
        self.provider_port = free_port()
        self.settings = Settings(data=directory / "data", ami_port=free_port(), disk_told=directory / "told")
        for path in (self.settings.db.parent, self.settings.secrets, self.settings.sounds):
            path.mkdir(parents=True)
        migrate(self.settings.db)
        self.store = Store(self.settings.db)
        self.service: Service | None = None
        self._sessions: tuple[ActionSession, ...] = ()
        line = {**SITE["lines"][0], "port": self.provider_port}
        more = [
            {"id": f"a{n}", "name": f"Agent {n}", "extension": str(100 + n)} for n in range(3, agents + 1)
        ]
        staff = [*SITE["agents"], *more]
        members = [agent["id"] for agent in staff]
        document = {
            **SITE,
            "lines": [line],
            "agents": staff,
            "queues": [{**SITE["queues"][0], "agents": members, **queue}],
        }
        self.site = Site.from_dict(document)
        with self.store.change() as change:
            site.save(change, self.site, "u1", "", 0)
        for user in ("ami-events", "ami-actions", "ami-mirror"):
            (self.settings.secrets / user).write_text(f"secret-{user}\n")
        self.asterisk = PrivateAsterisk(self.settings.data / "asterisk", render_tree(self.site, self._env()))

    def _env(self) -> Env:
        settings, folder = self.settings, self.settings.data / "asterisk"
        greeting = settings.sounds / prompt_name(self.site.language, [Text(self.site.language, GREETING)])
        with wave.open(f"{greeting}.wav", "wb") as sound:
            sound.setparams((1, 2, 8000, 0, "NONE", ""))
            sound.writeframes(bytes(int(16000 * GREETING_S)))
        phones = {
            f"{agent.id}{kind}": f"secret-{agent.id}{kind}"
            for agent in self.site.agents
            for kind in ("", "d")
        }
        return Env(
            etc=folder / "etc",
            lib=folder / "lib",
            log=settings.ast_log,
            run=folder / "run",
            spool=folder / "spool",
            recordings=settings.recordings,
            takes=settings.takes,
            faxes=settings.faxes,
            sounds=settings.sounds,
            bind="127.0.0.1",
            sip_port=self.sip_port,
            ami_port=settings.ami_port,
            http_port=free_port(),
            entity_id="02:00:00:00:00:01",
            country=countries.find_or_generic(self.site.country, countries.load()),
            secrets=Secrets(
                "secret-ami-events", "secret-ami-actions", "secret-ami-mirror", "secret-sim", phones, {}, {}
            ),
            control_group="root",
        )

    def __enter__(self) -> Box:
        self.asterisk.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.asterisk.stop()
        self.store.close()

    def log_tail(self) -> str:
        """What Asterisk logged last, and what the live view holds."""
        return f"{self.asterisk.log_tail()}\n{self.rows()}"

    def save(self, **changes: Any) -> None:
        """Makes the site live with these parts of it changed: what Asterisk has of them is the dialplan."""
        with self.store.change() as change:
            number, now = site.head(change.db)
            self.site = Site.from_dict({**now.to_dict(), **changes})
            site.save(change, self.site, "u1", "", number)
        self.asterisk.write(render_tree(self.site, self._env()))
        self.asterisk.cli("dialplan reload")

    # foyer-pbx

    def start(self, *, is_up: bool = True) -> None:
        """Starts foyer-pbx, and waits until it hears Asterisk."""
        assert self.service is None, "already running"
        self.service = Service("foyer-pbx")
        self._sessions = wire(self.service, self.settings, self.store)
        if is_up:
            until(lambda: self.row("pbx", "state").get("up"), 10, "foyer-pbx to hear Asterisk")

    def stop(self) -> None:
        """Ends foyer-pbx in order; it must not have failed."""
        if self.service is None:
            return
        service, self.service = self.service, None
        failed = service.stop.is_set()
        service.stop.set()
        service._join()
        for session in self._sessions:
            session.close()
        assert not failed, "a thread of foyer-pbx failed"

    # What the store says

    def rows(self) -> dict[str, dict[str, dict[str, Any]]]:
        """The live view."""
        with self.store.read() as db:
            return live.snapshot(db).rows

    def wait_row(
        self, kind: str, name: str, what: str, timeout_s: float = 5, **wanted: Any
    ) -> dict[str, Any]:
        """Waits until a row of the live view has these values."""

        def found() -> dict[str, Any]:
            row = self.row(kind, name)
            return row if all(row.get(key) == value for key, value in wanted.items()) else {}

        return until(found, timeout_s, what)

    def row(self, kind: str, name: str) -> dict[str, Any]:
        """One row of the live view; empty if there is none."""
        return self.rows()[kind].get(name, {})

    def calls(self) -> list[Conversation]:
        """All calls, the newest first."""
        with self.store.read() as db:
            return conversations.recent(db)

    def segments(self, call: Conversation) -> list[tuple[str, str | None, int | None]]:
        """Kind, agent and duration (ms) of each segment."""
        with self.store.read() as db:
            found = conversations.segments(db, call.id)
        return [
            (one.kind, one.agent_id, None if one.ended is None else one.ended - one.started) for one in found
        ]

    def call(self, wanted: Callable[[Conversation], bool], what: str, timeout_s: float = 5) -> Conversation:
        """Waits until the newest call is as wanted."""

        def found() -> Conversation | None:
            calls = self.calls()
            return calls[0] if calls and wanted(calls[0]) else None

        call = until(found, timeout_s, what)
        assert call is not None
        return call

    # What people do

    def agent(self, agent: str, state: str, reason: str = "", device: str = "desk") -> None:
        """An agent says whether he is there."""
        with self.store.change() as change:
            agents.set_state(change, agent, state, reason, device, by="u1")

    def ask(self, kind: str, **args: Any) -> requests.Request:
        """A request, and its result."""
        with self.store.change() as change:
            asked = requests.ask(change, "pbx", kind, args, "u1", ASKED_S)
        return requests.wait(self.store, asked, ASKED_S)

    def desk(self, agent: str) -> Phone:
        """An agent's desk phone; it still has to register."""
        return Phone(f"{agent}d", f"secret-{agent}d", server=("127.0.0.1", self.sip_port), tone_hz=600)

    def outside(self) -> Phone:
        """The world behind the phone line: calls in, and is called."""
        server = ("127.0.0.1", self.sip_port)
        return Phone(CALLER, host=LINE_HOST, port=self.provider_port, server=server, tone_hz=440)

    def members(self) -> set[tuple[str, str]]:
        """Who is in the queue, as Asterisk says: interface, and `paused` or empty."""
        return {
            (line.split("(", 2)[1].partition(")")[0], "paused" if "(paused" in line else "")
            for line in self.asterisk.cli("queue show q1").splitlines()
            if "(PJSIP/" in line
        }
