"""Runs espeak-ng and sox: what they read comes through a pipe or is a file of ours, and they end in time."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from appliance.errors import SetupError, TransientError

# 2,000 characters, the longest text, are about three minutes of speech, made in less than two seconds; ten
# minutes of music are converted in about five.
TIMEOUT_S = 60.0
# Of one program: seconds of processor, bytes of address space, bytes of a file that it writes.
_CPU_S, _MEMORY, _FILE = 50, 512 * 1024 * 1024, 64 * 1024 * 1024
_LIMITS = ("prlimit", f"--cpu={_CPU_S}", f"--as={_MEMORY}", f"--fsize={_FILE}", "--core=0", "--")


def run(command: Sequence[str], given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """The program's end, whatever its exit code; `given` is what it reads.

    TransientError: it took longer than a minute. SetupError: it is not installed.
    """
    try:
        done = subprocess.run(
            (*_LIMITS, *command), input=given, capture_output=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise TransientError("The sound could not be made in time.", "Try a shorter one.") from error
    except FileNotFoundError as error:
        raise SetupError("prlimit is not installed.") from error
    # prlimit's own answer for a program that is not there.
    if done.returncode == 127:
        raise SetupError(f"{command[0]} is not installed.")
    return done
