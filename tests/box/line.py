"""The far end of the phone line: callers as the provider sends them to the box."""

from pathlib import Path

from tests.asterisk.caller import SippCaller
from tests.asterisk.phone import Phone
from tests.image.box import Box

PROVIDER = "127.0.0.2"
NUMBER = "02438251234"


class Line:
    """Calls to the box's number from the provider's address."""

    number = NUMBER

    def __init__(self, box: Box, directory: Path) -> None:
        self.server = ("127.0.0.1", box.sip_port)
        self._directory = directory
        self._callers: list[SippCaller] = []

    def sipp(self, caller: str, tone_hz: float) -> SippCaller:
        """One caller by SIPp; use with `with`."""
        folder = self._directory / f"sipp-{len(self._callers) + 1}"
        made = SippCaller(folder, NUMBER, caller=caller, host=PROVIDER, server=self.server, tone_hz=tone_hz)
        self._callers.append(made)
        return made

    def log_tail(self) -> str:
        """What the last SIPp caller sent and got, for a failed test's report."""
        return self._callers[-1].log_tail() if self._callers else ""

    def phones(self, tone_hz: float = 0) -> Phone:
        """The provider's exchange, from which a test calls as it likes: `.call(line.number, ...)`."""
        return Phone("provider", host=PROVIDER, server=self.server, tone_hz=tone_hz)
