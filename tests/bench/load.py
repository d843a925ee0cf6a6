"""Many calls at once, by SIPp: callers on a phone line and desk phones that answer, all with sound."""

import re
import signal
import subprocess
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.asterisk.g711 import PCMA
from tests.asterisk.sound import tone
from tests.until import until

SCENARIOS = Path(__file__).parent / "scenarios"
INVITE = re.compile(r"^INVITE ", re.M)
STAMP = re.compile(r"^-{10,} (\S+)$", re.M)
FROM = re.compile(r"^From:.*?sip:([^@>]+)@", re.M | re.I)


class Sipp:
    """A SIPp process with a scenario of this folder; `arguments` as on its command line. In every call it
    says a tone of `tone_hz`.
    """

    def __init__(
        self,
        directory: Path,
        scenario: str,
        host: str,
        *arguments: str,
        server: tuple[str, int] | None = None,
        tone_hz: float = 440,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        sound_file = directory / "tone.alaw"
        sound_file.write_bytes(PCMA.encode(tone(tone_hz, 10)))
        self.messages = directory / "messages.log"
        remote = [] if server is None else [f"{server[0]}:{server[1]}"]
        self._command = [
            *("sipp", *remote, "-sf", str(SCENARIOS / scenario), "-i", host, "-mi", host, "-nostdin"),
            *("-key", "sound_file", str(sound_file), "-trace_msg", "-message_file", str(self.messages)),
            *("-trace_err", "-error_file", str(directory / "errors.log"), "-trace_stat"),
            *("-stf", str(directory / "statistics.csv"), "-fd", "1", "-max_socket", "1000", *arguments),
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with (self.directory / "screen.log").open("wb") as screen:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=screen, stderr=screen, cwd=self.directory
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        def is_over() -> bool:
            assert self._process is not None
            if self._process.poll() is None:
                self._process.send_signal(signal.SIGUSR1)
            return self._process.poll() is not None

        until(is_over, 20, "SIPp to end its calls", every_s=0.2)

    def wait(self, timeout_s: float) -> int:
        """Wait until all calls are made; SIPp's exit code, 0 if every call went as the scenario says."""
        assert self._process is not None
        return self._process.wait(timeout=timeout_s)

    def invites(self) -> dict[str, float]:
        """Moment (Unix seconds) of the first INVITE, sent or received, by the caller's number in From."""
        found: dict[str, float] = {}
        text = self.messages.read_text("utf-8", "replace")
        stamps = list(STAMP.finditer(text))
        for index, stamp in enumerate(stamps):
            end = stamps[index + 1].start() if index + 1 < len(stamps) else len(text)
            message = text[stamp.end() : end]
            caller = FROM.search(message)
            if INVITE.search(message) and caller is not None:
                found.setdefault(caller.group(1), datetime.fromisoformat(stamp.group(1)).timestamp())
        return found


def callers(
    directory: Path,
    host: str,
    server: tuple[str, int],
    number: str,
    *,
    prefix: str,
    per_second: float,
    count: int,
    talk_s: float,
) -> Sipp:
    """`count` callers with numbers `prefix`1, `prefix`2 ..., each up for `talk_s` seconds."""
    rate = ("-r", f"{round(per_second * 10)}", "-rp", "10000")
    how_many = ("-m", str(count), "-l", str(count), "-d", str(round(talk_s * 1000)))
    ports = ("-min_rtp_port", "30000", "-max_rtp_port", "39999")
    who = ("-s", number, "-key", "prefix", prefix)
    return Sipp(directory, "caller.xml", host, *rate, *how_many, *ports, *who, server=server)


def desks(directory: Path, host: str, port: int, tone_hz: float = 440) -> Sipp:
    """Desk phones at `host`:`port` that answer whatever comes."""
    ports = ("-min_rtp_port", "40000", "-max_rtp_port", "49999")
    return Sipp(directory, "desk.xml", host, "-p", str(port), *ports, tone_hz=tone_hz)
