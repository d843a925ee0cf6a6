#!/usr/bin/python3
"""Boots the box on this machine: its root's own systemd, units and sandboxes, in private namespaces over an
overlay.

    boot.py run    boots, says how to use it, stays until Ctrl-C; ends every process that it started
    boot.py exec CMD ARG ...   runs a command inside the box that runs on this state folder

What it is told comes from the environment (see OPTIONS), as `make run BIND=0.0.0.0` hands it over. All
state is in one folder, which is /data in the box. Nothing else of the machine is visible in there, but its
network.
"""

import os
import shlex
import signal
import subprocess
import sys
import time

import box_process
import layers as root_layers
import options
import state
from steps import BUILD, REPOSITORY, Failed, finish, say

OPTIONS = """
Options, as variables:
  STATE=build/state    the folder that keeps everything: settings, people, calls, recordings
  FRESH=1              start anew: what is in that folder is deleted first
  BIND=127.0.0.1       the address of this machine to listen on; 0.0.0.0 for all
  PORT=8443            the pages;  HTTP_PORT=8080 leads there
  SIP_PORT=5060        phones and lines
  NET=host             private: a network of its own, with loopback and 192.0.2.10
"""


def run(chosen: options.Options) -> int:
    """Boots and stays in the foreground. Returns the exit code."""
    began = time.monotonic()
    if os.geteuid() != 0:
        raise Failed("this needs root (namespaces and mounts): run it again with sudo, or as root.")
    with state.claimed(chosen.state, fresh=chosen.fresh) as claim:
        environment = options.environment(chosen)
        # What is wrong with the state or a port is said before minutes of building, not after.
        layers = os.environ.get("FOYER_LAYERS") or root_layers.layers("run")
        if chosen.fresh:
            claim.empty()
        box = box_process.start(layers, chosen.state, chosen.net, environment)
        claim.note(box.pid)
        try:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.default_int_handler)
            box.wait_ready(None if chosen.net == "private" else (chosen.bind, chosen.https_port))
            introduce(chosen, environment, time.monotonic() - began)
            box.process.wait()
            raise Failed("the box ended by itself: make run starts it again.")
        except KeyboardInterrupt:
            say("ending ...")
            return 0
        finally:
            # A second Ctrl-C must not leave the box behind.
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            box.end()
    return 0


def introduce(chosen: options.Options, environment: dict[str, str], took_s: float) -> None:
    """What a person needs to know to begin."""
    first, *others = hosts(chosen)
    pages, phones = environment["FOYER_HTTPS_PORT"], environment["FOYER_SIP_PORT"]
    # Another terminal knows of no folder but the usual one.
    is_usual = chosen.state == REPOSITORY / "build/state"
    folder = "" if is_usual else f"STATE={shlex.quote(str(chosen.state))}"
    call, look = f"make test-call {folder}".strip(), f"{folder} image/boot.py exec journalctl -f".strip()
    lines = [f"ready in {took_s:.1f} s", "", f"  pages      https://{first}:{pages}"]
    lines += [f"          or https://{host}:{pages}" for host in others]
    password = chosen.state / "secrets/admin-otp"
    if password.exists():
        lines.append(f"  password   {password.read_text().strip()}   (once, for the first steps)")
    lines += [
        f"  phones     {first}:{phones} (SIP over UDP)",
        f"  test call  the button on the page Live, or in another terminal: {call}",
        f"  look in    {look}",
        "  end        Ctrl-C; everything stays in " + str(chosen.state),
        "",
    ]
    print("\n".join(lines), flush=True)


def hosts(chosen: options.Options) -> list[str]:
    """The names by which this machine's people reach the pages."""
    if chosen.bind == "127.0.0.1":
        return ["localhost"]
    if chosen.bind != "0.0.0.0":  # noqa: S104 - only compared
        return [chosen.bind]
    # hostname(1), of Debian's essential packages: all addresses but loopback's.
    found = subprocess.run(["hostname", "--all-ip-addresses"], stdout=subprocess.PIPE, text=True, check=False)
    return [address for address in found.stdout.split() if ":" not in address] or ["localhost"]


def execute(chosen: options.Options, command: list[str]) -> int:
    """Runs a command inside the box on that state folder; returns its exit code."""
    pid = state.box_pid(chosen.state)
    process = subprocess.Popen(box_process.inside(pid, command))
    while True:
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            return os.waitstatus_to_exitcode(status)
        # A box that shuts down stops all of its processes for a moment, and nsenter copies that; nobody would
        # wake it again, and the box waits for it.
        os.kill(process.pid, signal.SIGCONT)


def main() -> int:
    match sys.argv[1:]:
        case ["run"]:
            return run(options.read(os.environ, BUILD))
        case ["exec", *command] if command:
            return execute(options.read(os.environ, BUILD), command)
    sys.stderr.write((__doc__ or "") + OPTIONS)
    return 2


if __name__ == "__main__":
    sys.exit(finish(main))
