"""The phone of the agent's page in a real browser against a real Asterisk, for test_phone*.py.

The caller holds a tone, which the browser must hear; the browser's microphone holds another, which must
arrive. Between the browser and Asterisk stands a wire that can be cut; what the far end does not hear or
refuses is decided in the page (phone_page.js).
"""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

import numpy as np

from appliance.webui.assets import STATIC_ROOT
from tests.asterisk.g711 import Samples
from tests.asterisk.instance import PrivateAsterisk, free_port
from tests.asterisk.sound import tone_seconds
from tests.browser.browser import Browser
from tests.until import Stopwatch, until, within

HERE = Path(__file__).parent
VENDOR = next(
    folder
    for folder in (STATIC_ROOT / "vendor", HERE.parent.parent / "build" / "vendor")
    if (folder / "jssip.min.js").is_file() or folder.parent.name == "build"
)
CALLER_HZ, AGENT_HZ = 440, 1000
UUID = "11111111-2222-4333-8444-555555555555"
RESUME_S = 5.0  # within which a call has to be back
EXTENSIONS = f"""
[phones]
exten = resume,1,Hangup(3)
[in]
exten = s,1,Answer()
 same = n,Set(__FOYER_CALL={UUID})
 same = n,Set(TO={{directory}}/spool)
 same = n,MixMonitor(${{TO}}/call.wav,r(${{TO}}/caller.wav)t(${{TO}}/agent.wav))
 same = n,Queue(q1,cCb(leg^s^1))
[leg]
exten = s,1,Set(PJSIP_HEADER(add,X-Foyer-Call)=${{FOYER_CALL}})
 same = n,Set(PJSIP_HEADER(add,X-Foyer-Queue)=q1)
 same = n,Return()
[own]
exten = s,1,Dial(PJSIP/a1,20,b(own-leg^s^1))
[own-leg]
exten = s,1,Set(PJSIP_HEADER(add,X-Foyer-Call)={UUID})
 same = n,Set(PJSIP_HEADER(add,X-Foyer-Own)=1)
 same = n,Return()
[caller]
exten = s,1,Answer()
 same = n,Playtones({CALLER_HZ})
 same = n,Wait(120)
"""
# What each connection came to, and where each side said that it is to be found.
STATES = """
connections.map((each) => [
  each.connectionState,
  each.iceConnectionState,
  each.signalingState,
  ...[each.localDescription, each.remoteDescription].map((side) => side?.sdp.match(/^a=candidate:.*$/gm)),
])
"""
ICE_FAILS = """
const [connection] = connections;
Object.defineProperty(connection, "iceConnectionState", {value: "failed"});
connection.dispatchEvent(new Event("iceconnectionstatechange"));
"""
SCRIPTS = '<script src="/jssip.min.js"></script><script type="module" src="/phone_page.js"></script>'
PJSIP = """
[ws]
type=transport
protocol=ws
bind=0.0.0.0
[a1]
type=endpoint
context=phones
disallow=all
allow=alaw,ulaw,opus
webrtc=yes
rtp_timeout=30
auth=a1
aors=a1
[a1]
type=auth
username=a1
password=secret
[a1]
type=aor
max_contacts=1
remove_existing=yes
"""
QUEUES = "[q1]\nstrategy=rrmemory\ntimeout=20\nretry=1\nautofill=yes\nringinuse=no\nmember => PJSIP/a1,0,a1\n"


class Wire:
    """What lies between the browser and Asterisk: a TCP relay that can be cut."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.whole = threading.Event()
        self.whole.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._ends: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                if self._listener.fileno() < 0:
                    return
                near.close()
                continue
            self._ends += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._relay, args=(source, sink), daemon=True).start()

    def _relay(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                self.whole.wait(60)
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            end.close()

    def cut(self) -> None:
        """Both sides hear at once that this connection is over; the next one may come."""
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._ends.clear()

    def close(self) -> None:
        self._listener.close()
        self.cut()


class Page(http.server.BaseHTTPRequestHandler):
    """Serves the bare page, the product's scripts and JsSIP. `wire` is set by the fixture's subclass."""

    wire: Wire

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        if self.path.startswith("/static/"):
            self._answer((STATIC_ROOT / name).read_bytes(), "text/javascript")
        elif name == "jssip.min.js":
            self._answer((VENDOR / name).read_bytes(), "text/javascript")
        elif name == "phone_page.js":
            self._answer((HERE / name).read_bytes(), "text/javascript")
        else:
            url = f"ws://127.0.0.1:{self.wire.port}/ws"
            text = f'<!doctype html><body data-url="{url}"><audio autoplay></audio>{SCRIPTS}'
            self._answer(text.encode(), "text/html")

    def _answer(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


class Desk:
    """The browser, the wire and the Asterisk of one test."""

    def __init__(self, browser: Browser, wire: Wire, asterisk: PrivateAsterisk) -> None:
        self.browser, self.wire, self.asterisk = browser, wire, asterisk

    def fresh(self) -> Self:
        """With a new page, and nobody on the line."""
        self.wire.whole.set()
        self.browser.open("/jssip.min.js")
        self.browser.script("localStorage.clear()")
        self.asterisk.cli("channel request hangup all")
        until(self.is_quiet, 10, "nobody on the line")
        self.browser.open("/")
        return self

    def is_quiet(self) -> bool:
        return "0 active channels" in self.asterisk.cli("core show channels")

    def leg(self) -> str:
        """Asterisk's name of the leg to this phone."""
        legs = self.asterisk.cli("core show channels concise").splitlines()
        return next((leg.split("!")[0] for leg in legs if leg.startswith("PJSIP/a1-")), "")

    def ask(self, what: str) -> object:
        return self.browser.script(f"return window.phone ? {what} : null")

    def phase(self) -> object:
        return self.ask("phone.call && phone.call.phase")

    def wait(self, phase: str, timeout_s: float = 10.0) -> None:
        until(lambda: self.phase() == phase, timeout_s, f"the call to be {phase}")

    def wait_back(self, watch: Stopwatch | None = None) -> None:
        """Wait until the call is up again, as soon as it has to be: by this watch, or from now on."""
        within(lambda: self.phase() == "talking", RESUME_S, "the call to be back", watch)

    def reload(self) -> Stopwatch:
        """Load the page again; the watch counts from the moment in which the old one is left."""
        watch = Stopwatch()
        self.browser.reload()
        return watch

    def wait_taken_over(self, first: str) -> None:
        """Wait until Asterisk has another leg to this phone, as soon as it has to."""
        within(lambda: self.leg() not in ("", first), RESUME_S, "the new leg")

    def answer(self) -> None:
        """A caller comes in, rings here and is answered; both hear each other."""
        until(lambda: self.ask("phone.link") == "ready", 15, "the phone to be ready")
        self.asterisk.cli("channel originate Local/s@in/n extension s@caller")
        self.wait("ringing")
        assert self.ask("phone.call.uuid") == UUID and self.ask("phone.call.queue") == "q1"
        self.browser.script("phone.answer()")
        self.wait("talking")
        self.hear_each_other()

    def hear_each_other(self) -> None:
        until(
            lambda: tone_seconds(self.browser.heard(), CALLER_HZ) > 0.5, 5, "the caller's tone in the browser"
        )
        before = len(self.said())
        until(lambda: tone_seconds(self.said()[before:], AGENT_HZ) > 0.4, 5, "the agent's tone there")

    def said(self) -> Samples:
        """Everything that the caller was sent so far. (The file's header is right only at its end.)"""
        data = (self.asterisk.directory / "spool" / "agent.wav").read_bytes()[44:]
        return np.frombuffer(data[: len(data) // 2 * 2], dtype=np.int16)

    def hang_up_caller(self) -> None:
        for line in self.asterisk.cli("core show channels concise").splitlines():
            if line.split("!")[0].endswith(";2"):
                self.asterisk.cli(f"channel request hangup {line.split('!')[0]}")

    def log_tail(self) -> str:
        phone = self.ask(f"JSON.stringify([phone.link, phone.call, said, {STATES}])")
        return f"{self.browser.log_tail()}\n{phone}\n{self.asterisk.log_tail()}"


@contextmanager
def phone_bench(folder: Path) -> Iterator[Desk]:
    """One Asterisk and one browser."""
    port = free_port()
    directory = folder / "asterisk"
    files = {
        "pjsip.conf": PJSIP,
        "queues.conf": QUEUES,
        "extensions.conf": EXTENSIONS.replace("{directory}", str(directory)),
        "http.conf": f"[general]\nenabled=yes\nbindaddr=127.0.0.1\nbindport={port}\n",
        "rtp.conf": "[general]\nrtpstart=10000\nrtpend=19999\n",
    }
    wire = Wire(port)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Served", (Page,), {"wire": wire}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    try:
        with (
            PrivateAsterisk(directory, files) as asterisk,
            Browser(base, folder / "browser", microphone_hz=AGENT_HZ) as browser,
        ):
            yield Desk(browser, wire, asterisk)
    finally:
        server.shutdown()
        server.server_close()
        wire.close()
