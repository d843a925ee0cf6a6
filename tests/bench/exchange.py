"""An Asterisk on Foyer's rendered files with many agents, as it runs on a box: with a quiet log."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from appliance.pbx.ami_session import Account
from appliance.pbx.conf.inputs import prompt_name
from appliance.pbx.conf.tree import render_tree
from appliance.pbx.listener import Hands, Listener
from appliance.sound.speech import speak
from appliance.store import Store, migrate
from appliance.store.flows import Text
from appliance.store.sitemodel import Site
from tests.asterisk.instance import PrivateAsterisk, free_port
from tests.asterisk.phone import Phone
from tests.bench.manager_port import is_up
from tests.pbx_conf.places import env_for, site
from tests.until import until

PROVIDER = "127.0.0.2"
GREETED, PLAIN = "02812345678", "02812345679"


def busy_site(greeted: Sequence[str], plain: Sequence[str] = ()) -> Site:
    """A queue with a greeting behind `GREETED`, one without behind `PLAIN`, with these agents."""
    queue = {"wrap_up_seconds": 0, "ring_seconds": 20}
    return site(
        agents=[
            {"id": agent, "name": f"Agent {number}", "extension": str(300 + number)}
            for number, agent in enumerate([*greeted, *plain], 1)
        ],
        queues=[
            {
                **queue,
                "id": "q1",
                "name": "One",
                "greeting_text": "Xin chào quý khách.",
                "agents": [*greeted],
            },
            {**queue, "id": "q2", "name": "Two", "agents": [*plain]},
        ],
        numbers=[
            {"id": "n1", "number": GREETED, "line_id": "l1", "queue_id": "q1"},
            {"id": "n2", "number": PLAIN, "line_id": "l1", "queue_id": "q2"},
        ],
    )


class Exchange(PrivateAsterisk):
    """Made with a site of `busy_site`."""

    def __init__(self, folder: Path, wanted: Site) -> None:
        ports = {"sip_port": free_port(), "ami_port": free_port(), "http_port": free_port()}
        self.env = env_for(wanted, folder, **ports)
        text = wanted.queues[0].greeting_text
        self.greeting = self.env.sounds / f"{prompt_name(wanted.language, [Text(wanted.language, text)])}.wav"
        super().__init__(folder, render_tree(wanted, self.env))
        speak(text, wanted.language, self.greeting)

    @property
    def server(self) -> tuple[str, int]:
        """Where phones and the provider send to."""
        return "127.0.0.1", self.env.sip_port

    def put_in(self, agent: str, device: str, queue: str) -> None:
        """Makes a phone of the agent a member of the queue, as foyer-pbx does."""
        self.cli(f"queue add member PJSIP/{device} to {queue} penalty 0 as {agent}")

    @contextmanager
    def heard(self) -> Iterator[None]:
        """The product's listener is connected, and commits to a store of its own."""
        secret = self.directory / "ami-secret"
        secret.write_text(self.env.secrets.ami_events + "\n")
        path = self.directory / "foyer.db"
        migrate(path)
        store, stop = Store(path), threading.Event()
        hands = Hands(lambda _heard: None, lambda _message: None, lambda _message: None)
        listener = Listener(store, Account(self.env.ami_port, "ami-events", secret), hands)
        thread = threading.Thread(target=listener.run, args=(stop, lambda: None), name="listen")
        thread.start()
        try:
            until(lambda: is_up(store), 10, "the listener to be up")
            yield
        finally:
            stop.set()
            thread.join(10)
            store.close()


def register(user: str, password: str, server: tuple[str, int], host: str, port: int) -> None:
    """Says that this user's calls go to `host`:`port`, where a SIPp answers for many once all are registered.

    Asterisk calls back where the registration came from, so it comes from there.
    """
    with Phone(user, password, host=host, port=port, server=server) as phone:
        phone.register()
