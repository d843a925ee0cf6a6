"""A caller made by SIPp, the telephone network's usual tester, with sound of its own.

SIPp speaks the SIP side from a scenario in `scenarios/`; the sound comes from a `SoundPort`, because SIPp
cannot keep what it hears. The scenario's session description names that port, and the answer's comes back
through SIPp's action log.
"""

import re
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.asterisk.g711 import LAWS, Samples
from tests.asterisk.rtp import SoundPort
from tests.until import until

SCENARIOS = Path(__file__).parent / "scenarios"


class SippCaller:
    """One call by SIPp, from `host` (the phone line's provider) to `number` at `server`.

    Begins with `with`; ends when the other side hangs up, or with `hang_up`. `follows`: see `SoundPort`.
    """

    def __init__(
        self,
        directory: Path,
        number: str,
        *,
        caller: str,
        host: str,
        server: tuple[str, int],
        tone_hz: float,
        scenario: str = "caller.xml",
        follows: bool = False,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.sound = SoundPort(host, follows=follows)
        self.sound.say(tone_hz)
        self._log = directory / "sipp-actions.log"
        self._errors = directory / "sipp-errors.log"
        self._messages = directory / "sipp-messages.log"
        self._command = [
            *("sipp", f"{server[0]}:{server[1]}", "-sf", str(SCENARIOS / scenario)),
            *("-i", host, "-s", number, "-m", "1", "-l", "1", "-nostdin"),
            *("-key", "caller", caller, "-key", "sound_port", str(self.sound.port)),
            *("-trace_logs", "-log_file", str(self._log)),
            *("-trace_err", "-error_file", str(self._errors)),
            *("-trace_msg", "-message_file", str(self._messages)),
        ]
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with (self._directory / "sipp-screen.log").open("wb") as screen:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=screen, stderr=screen, cwd=self._directory
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hang_up()
        self.sound.close()

    def _logged(self, pattern: str) -> re.Match[str] | None:
        """The first line of the scenario's action log that matches."""
        if not self._log.exists():
            return None
        return re.search(pattern, self._log.read_text("utf-8", "replace"), re.M)

    def wait_answer(self, timeout_s: float = 10) -> None:
        """Wait until the call is up, and begin to speak."""
        until(self.speaks, timeout_s, f"an answer to SIPp\n{self.log_tail()}")

    def speaks(self) -> bool:
        """Whether the call is up; begins to speak once it is."""
        if self.sound.remote is None:
            found = self._logged(r"^answered (\S+) (\d+) (\d+)")
            if found is not None:
                law = next(law for law in LAWS if law.payload_type == int(found.group(3)))
                self.sound.send_to(found.group(1), int(found.group(2)), law)
        return self.sound.remote is not None

    @property
    def is_over(self) -> bool:
        """Whether SIPp has ended, by itself or by us."""
        return self._process is not None and self._process.poll() is not None

    def wait_end(self, timeout_s: float = 10) -> int:
        """Wait until the other side has hung up; SIPp's exit code, 0 if all went as the scenario says."""
        assert self._process is not None
        until(lambda: self.is_over, timeout_s, "the end of SIPp's call")
        return int(self._process.returncode)

    def hang_up(self) -> None:
        """End the call from the caller's side: BYE, or CANCEL while it rings.

        SIPp's first SIGUSR1 means "no new calls", the second "end those that are up".
        """

        def is_told() -> bool:
            if self._process is not None and not self.is_over:
                self._process.send_signal(signal.SIGUSR1)
            return self._process is None or self.is_over

        until(is_told, 10, "SIPp to end its call", every_s=0.1)

    def heard(self, start: float | None = None, end: float | None = None) -> Samples:
        """See `SoundPort.heard`."""
        return self.sound.heard(start, end)

    def log_tail(self, lines: int = 40) -> str:
        """The last lines of SIPp's own logs, for a failed test's report."""
        texts = []
        for path in (self._errors, self._log, self._messages):
            if path.exists():
                texts.append("\n".join(path.read_text("utf-8", "replace").splitlines()[-lines:]))
        return "\n".join(texts)
