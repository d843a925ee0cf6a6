"""Root's end of the socket, and a card that waits for a file: for tests of what cards' makers hand out."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

from appliance.errors import TransientError
from appliance.hw import cards, watch
from appliance.privileged.actions import Prepared
from appliance.privileged.server import answer
from appliance.settings import Settings
from appliance.store import Store, live
from tests.hw.machines import Machine


class Root:
    """Root's end of the socket, which notes what it is asked for and what it finds then."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.asked: list[str] = []
        self.found = b""
        self.fails = False

    def prepare(self, action: str, args: dict[str, str]) -> Prepared:
        def run() -> None:
            self.asked.append(" ".join([action, *args.values()]))
            if action == "load_firmware":
                self.found = self._settings.card_file.read_bytes()
                if self.fails:
                    raise TransientError("The file was not taken.")

        return Prepared(run, (pwd.getpwuid(os.getuid()).pw_name,))


@contextlib.contextmanager
def served(settings: Settings) -> Iterator[Root]:
    """Root, until the end of the block."""
    root, stop = Root(settings), threading.Event()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(settings.privileged_socket))
        listener.listen()
        listener.settimeout(0.05)

        def serve() -> None:
            while not stop.is_set():
                with contextlib.suppress(TimeoutError):
                    connection, _ = listener.accept()
                    with connection:
                        answer(connection, root.prepare)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield root
        finally:
            stop.set()
            thread.join(30)


def wait_for(store: Store, data: bytes, tmp_path: Path) -> None:
    """A card asks for a file that comes in `data`."""
    machine = Machine(tmp_path / "machine")
    machine.pci("0000:04:05.0", "d161:800e:0000:0000")
    machine.load("wcte43x")
    rows = watch.Looker(cards.load(), machine.places, is_locked=False).look().rows
    (row,) = rows["card"].values()
    row["firmware"][0]["archive"]["sha256"] = hashlib.sha256(data).hexdigest()
    with store.change() as change:
        for kind, of_kind in rows.items():
            live.replace(change, kind, of_kind)
