"""A telephone company with an analog line that leads to a virtual box: a second Asterisk, which knows nothing
of Foyer, at the other end of the box's port. It shows callers' numbers as Bell 202 after the first ring, and
tells by the current that its side has hung up.
"""

from __future__ import annotations

import base64

from tests.image.vm import VirtualBox
from tests.until import until

PLACE = "/run/company"
# The company's end in provisioning/profiles/loopback; of its channels, the first.
FIRST, LAST = 545, 568
DIRECTORIES = ("etc", "varlib", "db", "key", "agi", "spool", "run", "log")
FILES = {
    "asterisk.conf": "\n".join(("[directories]", *(f"ast{name}dir => {PLACE}" for name in DIRECTORIES))),
    "modules.conf": """
[modules]
autoload = no
load = pbx_config.so
load = pbx_spool.so
load = res_clioriginate.so
load = res_timing_timerfd.so
load = codec_ulaw.so
load = app_playtones.so
load = chan_dahdi.so
""",
    "chan_dahdi.conf": f"""
[channels]
usecallerid = yes
cidsignalling = bell
cidstart = ring
signalling = fxo_ks
context = company
channel = {FIRST}
""",
    # A caller says a tone.
    "extensions.conf": """
[company]
exten => voice,1,Playtones(440)
 same => n,Wait(120)
""",
}
CALL = f"""Channel: DAHDI/{FIRST}
CallerID: {{caller}}
WaitTime: 60
Context: company
Extension: voice
Priority: 1
"""


class Company:
    """Runs as long as the machine. The box's own Asterisk gives up the profile's channels."""

    def __init__(self, box: VirtualBox) -> None:
        self._box = box
        box.asterisk(f"dahdi destroy channels {FIRST} {LAST}")
        box.run(f"mkdir -p {PLACE}/outgoing")
        for name, text in FILES.items():
            self._write(name, text)
        box.run(f"systemd-run --quiet --unit=company asterisk -f -C {PLACE}/asterisk.conf")

    def wait_ready(self) -> None:
        """Until its line is in service."""
        until(lambda: f"{FIRST} " in self.ask("dahdi show channels"), 60, "the company", 0.5)

    def ask(self, command: str) -> str:
        """What its Asterisk's console says. AssertionError while there is none."""
        return self._box.run(f"asterisk -C {PLACE}/asterisk.conf -rx '{command}'")

    def calls(self, caller: str) -> None:
        """Somebody with this number calls the subscriber."""
        self._write("call", CALL.format(caller=caller))
        # A call file is there at once, or not yet.
        self._box.run(f"mv {PLACE}/call {PLACE}/outgoing/")

    def legs(self) -> str:
        """Its calls, a line each."""
        return self.ask("core show channels concise")

    def hangs_up(self) -> None:
        """Takes the current away, for a moment."""
        self.ask("channel request hangup all")

    def _write(self, name: str, text: str) -> None:
        coded = base64.b64encode(text.encode()).decode()
        self._box.run(f"base64 -d <<<{coded} >{PLACE}/{name}")
