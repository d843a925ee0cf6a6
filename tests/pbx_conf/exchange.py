"""A rendered Asterisk with its far ends: the line's provider and the agents' desk phones."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from appliance.apply import objects
from appliance.apply.asterisk import Console
from appliance.pbx.conf.inputs import Env, prompt_name
from appliance.pbx.conf.tree import render_tree
from appliance.sound.speech import speak
from appliance.store import prompts
from appliance.store.sitemodel import Site
from tests.asterisk import sound
from tests.asterisk.g711 import Samples
from tests.asterisk.instance import PrivateAsterisk, free_port
from tests.asterisk.leg import Leg
from tests.asterisk.phone import Phone
from tests.pbx_conf.places import env_for
from tests.until import NeverHappened, until

PROVIDER = "127.0.0.2"
# The numbers of conftest's site: with everything, without greeting and recording, without patience either.
NUMBER, PLAIN, SHORT = "02812345678", "02812345679", "02812345677"
# One of the line that registers.
REGISTERED = "02812345676"
# The PINs of the conference rooms that ask for one.
ROOM_PINS = {"r2": "4711"}
# How long a leg may be silent here, in seconds; a test cannot wait for the product's 30.
SILENT_S = 3


class Exchange(PrivateAsterisk):
    """Asterisk on rendered files, with a talkative log; only its patience, and that of queue q3, is
    shorter.
    """

    def __init__(self, folder: Path, wanted: Site) -> None:
        ports = {"sip_port": free_port(), "ami_port": free_port(), "http_port": free_port()}
        made = env_for(wanted, folder, **ports)
        lines = {line.id: f"secret-{line.id}" for line in wanted.lines}
        held = replace(made.secrets, lines=lines, rooms=ROOM_PINS)
        self.env: Env = replace(made, secrets=held)
        self.site = wanted
        super().__init__(folder, self._files())
        for queue in wanted.queues:
            if queue.greeting_text:
                speak(queue.greeting_text, wanted.language, self.greeting(queue.id))

    def _files(self) -> Mapping[str, str]:
        tree = render_tree(self.site, self.env)
        talkative = tree["logger.conf"].replace("warning,error", "notice,warning,error,verbose(4)")
        patient = tree["pjsip.conf"].replace("rtp_timeout = 30", f"rtp_timeout = {SILENT_S}")
        impatient = tree["extensions.conf"].replace("1(q3,10,", "1(q3,1,")
        return {**tree, "logger.conf": talkative, "pjsip.conf": patient, "extensions.conf": impatient}

    def start(self) -> None:
        super().start()
        self.cli("core set verbose 4")

    def save(self, wanted: Site) -> None:
        """Makes another site live, as foyer-apply does."""
        self.site = wanted
        files = self._files()
        self.write(files)
        console = Console(self.etc / "asterisk.conf", self.env.run / "asterisk.ctl", self.log)
        assert console.load(files, objects.expected(files)) == []

    def greeting(self, queue_id: str) -> Path:
        """The file that says the queue's greeting."""
        queue = self.site.queue(queue_id)
        assert queue
        return self.env.sounds / f"{prompt_name(self.site.language, prompts.greeting(self.site, queue))}.wav"

    @property
    def server(self) -> tuple[str, int]:
        """Where phones and the provider send to."""
        return "127.0.0.1", self.env.sip_port

    def desk(self, agent: str, **options: object) -> Phone:
        """The registered desk phone of an agent, at an address of its own."""
        host = f"127.0.1.{agent[1:]}"
        phone = Phone(f"{agent}d", f"secret-{agent}d", host=host, server=self.server, **options)  # type: ignore[arg-type]
        phone.register()
        return phone

    def provider(self, **options: object) -> Phone:
        """The far end of the phone line."""
        return Phone("provider", host=PROVIDER, server=self.server, **options)  # type: ignore[arg-type]

    def put_in(self, agent: str, queue: str = "q1") -> None:
        """Makes the agent's desk phone a member of the queue, as foyer-pbx does."""
        found = self.site.queue(queue)
        penalty = found.level(agent) if found else 0
        self.cli(f"queue add member PJSIP/{agent}d to {queue} penalty {penalty} as {agent}")

    def take_out(self, agent: str, queue: str = "q1") -> None:
        """The agent goes off duty."""
        self.cli(f"queue remove member PJSIP/{agent}d from {queue}")

    def take_all_out(self) -> None:
        """Everybody goes off duty."""
        for queue in self.site.queues:
            for name in re.findall(r"\((PJSIP/\w+)\)", self.cli(f"queue show {queue.id}")):
                self.cli(f"queue remove member {name} from {queue.id}")

    def since(self) -> int:
        """A place in the log, for `played` and `wait_played`."""
        return len(self.log.read_text("utf-8", "replace"))

    def played(self, since: int, leg: str = "PJSIP/") -> list[tuple[str, str]]:
        """Sounds that were played since then to legs whose name begins so: name and language."""
        text = self.log.read_text("utf-8", "replace")[since:]
        return re.findall(rf"<{leg}[^>]*> Playing '([^']+?)(?:\.\w+)?' \(language '(\w+)'\)", text)

    def last_leg(self) -> str:
        """The name of the newest leg of the line."""
        return max(re.findall(r"PJSIP/l1-[0-9a-f]{8}", self.cli("core show channels concise")), default="")

    def wait_played(self, since: int, name: str, timeout_s: float = 15, *, leg: str = "PJSIP/") -> None:
        """Waits until a sound of that name begins on such a leg."""
        until(lambda: name in dict(self.played(since, leg)), timeout_s, f"{name} to be played")

    def empty(self) -> None:
        """Waits until no call is left, and takes all members out, also of calls that stayed."""
        try:
            self.wait_idle()
        finally:
            self.take_all_out()

    def wait_idle(self) -> None:
        """Waits until no call is left. Ends those that stay, so that no test to come fails with this one."""
        try:
            until(self._is_idle, 20, "every call to end")
        except NeverHappened:
            self.cli("channel request hangup all")
            with contextlib.suppress(NeverHappened):
                until(self._is_idle, 20, "every call to be ended")
            raise

    def _is_idle(self) -> bool:
        shown = self.cli("core show channels")
        assert "0 active channels" in shown, shown
        return True

    def complaints(self) -> list[str]:
        """Warnings and errors in the log, but those of a machine without a network."""
        lines = self.log.read_text("utf-8", "replace").splitlines()
        known = (
            "getaddrinfo",
            "Unable to lookup",
            "Attempt to",
            "Unable to join queue",
            "No response received from",
            # Music that is on its way to a caller who hangs up just then.
            "Failed to write frame",
            # A caller who hangs up while Asterisk runs this on his leg does not come to its end.
            "Abnormal 'Gosub(foyer-other-end,s,1)' exit",
            # Asterisk's own words about the other leg of a call that is transferred, or ends, while nobody is
            # at its end.
            "name must be provided",
            # pjproject's, of each of Asterisk's modules that is loaded while a phone already registers.
            "registered during operation",
        )
        return [
            line
            for line in lines
            if (" WARNING[" in line or " ERROR[" in line) and not any(word in line for word in known)
        ]


def wait_tone(leg: Leg, tone_hz: float, seconds: float, share: float = 0.9) -> None:
    """Waits until this tone alone was heard for this share of the last so many seconds."""

    def enough(heard: Samples) -> bool:
        return sound.tone_seconds(heard, tone_hz) > share * seconds

    leg.wait_heard(enough, seconds, seconds + 6, f"{tone_hz} Hz")


def talk(provider: Phone, number: str, phone: Phone) -> tuple[Leg, Leg]:
    """A call of a customer (440 Hz) to a number of the line's, which this phone answers: both legs."""
    caller = provider.call(number, caller="0901234567").wait_answer()
    ring = phone.wait_ring()
    ring.answer()
    wait_tone(ring, 440, 0.5)
    return caller, ring


def events(exchange: Exchange) -> list[dict[str, str]]:
    """The rows of the CEL file; none before the first call."""
    file = exchange.env.log / "cel.jsonl"
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []


def calls(exchange: Exchange) -> list[dict[str, str]]:
    """The rows in which calls were given their ids."""
    return [row for row in events(exchange) if row["eventtype"] == "FOYER_CALL"]


def new_call(exchange: Exchange, known: int) -> dict[str, str]:
    """The row of the one call that came after so many: it is written a moment later than phones hear."""
    return until(lambda: calls(exchange)[known:], 5, "the call's row")[-1]
