"""Makes the samples in `samples/` again: `python3 -m tests.pbx.record_samples [NAME...]`, in the test root.

Each sample is what a real Asterisk wrote to its two logs during one little story, one line of JSON per row:
a CEL row as it stands, a queue_log row as {"queue_log": "..."}. test_history.py asserts on the calls read
from them.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from appliance.pbx.ami import Ami
from tests.pbx.private_pbx import SECRET, Ports, desk_phone, outside, private_pbx
from tests.pbx.sample_stories import STORIES, Stage
from tests.until import until

SAMPLES = Path(__file__).parent / "samples"


def is_idle(stage: Stage) -> bool:
    """Whether no call is up and the wrap-up of the last one is over."""
    return "0 active channels" in stage.asterisk.cli("core show channels")


def mark_holds(ami: Ami, actions: Ami, stop: threading.Event) -> None:
    """What foyer-pbx does with holds: they go into queue_log, with their precise time."""
    while not stop.is_set():
        for event in ami.take(0.2):
            if event.event in ("Hold", "Unhold"):
                interface = event.get("Channel").rpartition("-")[0]
                actions.ask(
                    "QueueLog",
                    {
                        "Queue": "NONE",
                        "Event": event.event.upper(),
                        "Uniqueid": event.get("Linkedid"),
                        "Interface": interface,
                        "Message": event.get("Timestamp"),
                    },
                )


class Logs:
    """The two logs, read on from where the last story ended."""

    def __init__(self, directory: Path) -> None:
        self._cel, self._queue = directory / "log" / "cel.jsonl", directory / "log" / "queue_log"
        self._seen = [0, 0]

    def save(self, name: str) -> None:
        """Writes what came since the last call as sample `name`; or nothing, if the name is empty."""
        lines: list[str] = []
        for number, path in enumerate((self._cel, self._queue)):
            data = path.read_bytes() if path.exists() else b""
            new = data[self._seen[number] :].decode()
            self._seen[number] = len(data)
            lines += (
                new.splitlines() if number == 0 else [json.dumps({"queue_log": x}) for x in new.splitlines()]
            )
        if name:
            (SAMPLES / f"{name}.jsonl").write_text("\n".join(lines) + "\n")


def connected(name: str, ports: Ports, events: bool) -> Ami:
    """A session."""
    ami = Ami(name)
    ami.connect("127.0.0.1", ports.ami)
    ami.login(f"ami-{name}", SECRET, events)
    return ami


def record(directory: Path, names: Sequence[str]) -> None:
    """Plays the stories of these names; without any, all of them."""
    ports = Ports()
    SAMPLES.mkdir(exist_ok=True)
    stop = threading.Event()
    with (
        private_pbx(directory, ports) as asterisk,
        desk_phone("a1", ports) as a1,
        desk_phone("a2", ports) as a2,
    ):
        actions, events = connected("actions", ports, False), connected("events", ports, True)
        marker = threading.Thread(target=mark_holds, args=(events, actions, stop), daemon=True)
        marker.start()
        a1.register()
        a2.register()
        logs = Logs(directory)
        for story in STORIES:
            if names and story.__name__ not in names:
                continue
            with outside(ports) as caller:
                stage = Stage(asterisk, ports, actions, a1, a2, caller)
                stage.member("a1")
                logs.save("")
                story(stage)
                until(lambda stage=stage: is_idle(stage), 15, f"the end of {story.__name__}")  # type: ignore[misc]
                time.sleep(0.5)
                logs.save(story.__name__)
                stage.member("a1", False)
                time.sleep(2.1)
                print(story.__name__, flush=True)
        if names and "killed" not in names:
            stop.set()
            return
        with outside(ports) as caller:
            stage = Stage(asterisk, ports, actions, a1, a2, caller)
            stage.member("a1")
            logs.save("")
            stage.talk(a1, 1.0)
            caller.call("100").wait_answer()
            time.sleep(2.0)
            stop.set()
            marker.join(60)
            asterisk.kill()
            lost = time.time_ns() // 1_000_000
            asterisk.start()
            # The first thing foyer-pbx does; it makes Asterisk log its restart as well.
            mark = {"Queue": "NONE", "Event": "FOYERRESUME", "Uniqueid": "NONE", "Message": str(lost)}
            connected("actions", ports, False).ask("QueueLog", mark)
            logs.save("killed")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        record(Path(temporary), sys.argv[1:])
    sys.exit(0)
