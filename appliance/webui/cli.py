"""The `foyer` command: what somebody at the box itself asks for. Errors are one sentence with a hint.

Exit codes: 0 it was done, 1 it was not, 2 the command was written wrongly; `foyer doctor` has its own.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from appliance.errors import ForbiddenError, FoyerError, RejectedError, TransientError
from appliance.settings import Settings
from appliance.store import Store, audit, conversations, live, requests
from appliance.store import site as sites
from appliance.store.records import Conversation
from appliance.store.sitemodel import Site
from appliance.webui import one_time
from appliance.webui.applied import PART_NAMES, state_of
from appliance.webui.asking import words
from appliance.webui.doctor import doctor
from appliance.webui.i18n import duration
from appliance.webui.pages.testcall import RINGING

ENVIRONMENT = Path("/etc/foyer/environment")
UNITS = ("asterisk", "caddy", "foyer-pbx", "foyer-apply", "foyer-webui")
_CALL_S = 180.0
_LOOK_S = 0.5
_STATES = {
    "none": "nothing was set up yet; open the address below in a browser",
    "waiting": "being put to use",
    "live": "in use",
    "partly": "in use, but for one part",
    "failed": "did not work; the last good settings are in use",
}


def main(arguments: Sequence[str] | None = None, env: Mapping[str, str] | None = None) -> int:
    """Runs one command; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        settings = Settings.load(os.environ | environment(ENVIRONMENT) if env is None else env)
        lines = iter(options.run(settings, options))
        while True:
            print(next(lines), flush=True)
    except StopIteration as end:
        return int(end.value or 0)
    except FoyerError as error:
        print(f"foyer: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def environment(path: Path) -> dict[str, str]:
    """The values that the box's own processes run with (systemd.exec(5), EnvironmentFile)."""
    try:
        text = path.read_text("utf-8")
    except OSError:
        return {}
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip().strip('"') for name, value in pairs}


def status(settings: Settings, _options: argparse.Namespace) -> Iterator[str]:
    """What runs, which settings are in use, who is there, and how to reach the box."""
    store = _store(settings)
    with store.read() as db:
        wanted, (number, site) = sites.desired(db), sites.head(db)
        state, parts = state_of(db, number), sites.apply_report(db, number)
        rows = live.snapshot(db).rows
    yield f"Business    {site.business_name or '(none yet)'}"
    yield f"Settings    number {number}: {_STATES[state]}" if number else f"Settings    {_STATES['none']}"
    if wanted != number:
        yield f"            in use is number {wanted}"
    for part in parts:
        if part.state != "live" or part.sentence.message:
            name = PART_NAMES.get(part.part, part.part)
            yield f"            {name}: {part.state} {part.sentence.text()}".rstrip()
    up = any(row.get("up") for row in rows["pbx"].values())
    yield f"Telephone   {'running' if up else 'not running'}; {len(rows['caller'])} waiting"
    for agent in site.agents:
        row = rows["agent"].get(agent.id, {})
        phones = [name for name in ("browser", "desk") if row.get(name)]
        yield f"            {agent.name} ({agent.extension}): {' and '.join(phones) or 'no phone'} connected"
    for unit in UNITS:
        if (running := unit_state(unit)) not in ("active", ""):
            yield f"Unit        {unit}: {running}"
    port = "" if settings.https_port == 443 else f":{settings.https_port}"
    yield f"Address     https://{_address(settings)}{port}/"
    if found := fingerprint(settings.data / "caddy" / "pki" / "authorities" / "local" / "root.crt"):
        yield f"Certificate SHA-256 {found}"


def test_call(settings: Settings, options: argparse.Namespace) -> Iterator[str]:
    """Lets the built-in caller ring in, and with --wait tells what becomes of the call."""
    store = _store(settings)
    with store.change() as change:
        asked = requests.ask(
            change, "pbx", "test_call", {"number": options.number} if options.number else {}, "cli"
        )
        audit.record(change, "cli", "test-call")
    outcome = requests.wait(store, asked)
    sentence = words(outcome, str, RINGING)
    if outcome.state != "done":
        raise TransientError(sentence)
    yield f"{sentence} {outcome.result.get('caller', '')} calls {outcome.result.get('number', '')}."
    if options.wait:
        yield from _follow(store, outcome)


def _follow(store: Store, outcome: requests.Request) -> Iterator[str]:
    """The stages of the call as they come, until it is over."""
    told: list[str] = []
    deadline = time.monotonic() + _CALL_S
    while time.monotonic() < deadline:
        with store.read() as db:
            call = _call_of(conversations.recent(db, 20, since=outcome.created), outcome)
            site = sites.head(db)[1]
        for line in _stages(call, site) if call else ():
            if line not in told:
                told.append(line)
                yield line
        if call is not None and call.ended is not None:
            return
        time.sleep(_LOOK_S)
    raise TransientError("The call is still going on.", "The pages show how it ends.")


def _call_of(found: Sequence[Conversation], outcome: requests.Request) -> Conversation | None:
    return next((call for call in found if call.address == outcome.result.get("caller")), None)


def _stages(call: Conversation, site: Site) -> Iterator[str]:
    if queue := site.queue(call.queue_id or ""):
        yield f"Waiting in the queue {queue.name}."
    if call.answered is not None:
        agent = site.agent(call.agent_id or "")
        name, waited = agent.name if agent else "somebody", duration(call.answered - call.started)
        yield f"Answered by {name} after {waited}."
    if call.ended is not None:
        yield f"Over after {duration(call.ended - call.started)}: {call.outcome or 'ended'}."


def reset_admin(settings: Settings, _options: argparse.Namespace) -> Iterator[str]:
    """Makes a new one-time administrator password and shows it."""
    if os.geteuid() != 0:
        raise ForbiddenError("Only root may do this.", "Try: sudo foyer reset-admin")
    store = _store(settings)
    password = one_time.make(settings.secrets)
    with store.change() as change:
        audit.record(change, "cli", "one-time-password.new")
    port = "" if settings.https_port == 443 else f":{settings.https_port}"
    yield f"One-time password  {password}"
    yield f"Use it at          https://{_address(settings)}{port}/recover"
    yield "It works once. Nobody's password has changed yet."


def fingerprint(path: Path) -> str:
    """The SHA-256 fingerprint of a PEM certificate as browsers show it; "" if it cannot be read."""
    try:
        der = ssl.PEM_cert_to_DER_cert(path.read_text("ascii").strip())
    except (OSError, ValueError):
        return ""
    return ":".join(re.findall("..", hashlib.sha256(der).hexdigest().upper()))


def unit_state(unit: str) -> str:
    """What systemd says of a unit; "" where there is no systemd to ask."""
    try:
        answer = subprocess.run(
            ["systemctl", "is-active", unit], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip()


def _address(settings: Settings) -> str:
    return settings.bind if settings.bind not in ("0.0.0.0", "::") else os.uname().nodename  # noqa: S104


def _store(settings: Settings) -> Store:
    try:
        return Store.open(settings.db)
    except PermissionError as error:
        raise RejectedError("You may not read the database.", "Try again with sudo.") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="foyer",
        description="Foyer, the contact center in this box.",
        epilog="Exit codes: 0 it was done, 1 it was not, 2 the command was written wrongly."
        " Those of doctor: 0 all is well, 1 something will go wrong, 2 something is wrong.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    shown = commands.add_parser("status", help="what runs, which settings are in use, and the box's address")
    shown.set_defaults(run=status)
    call = commands.add_parser("test-call", help="let the built-in caller ring in, with a voice")
    call.add_argument(
        "--number", default="", help="which of your numbers it dials; the first one if not given"
    )
    call.add_argument("--wait", action="store_true", help="tell what becomes of the call until it is over")
    call.set_defaults(run=test_call)
    health = commands.add_parser("doctor", help="what is wrong with this box, and what to do")
    health.add_argument("--json", action="store_true", help="for programs: a list of findings")
    health.set_defaults(run=doctor)
    reset = commands.add_parser("reset-admin", help="make a new one-time administrator password (root only)")
    reset.set_defaults(run=reset_admin)
    return parser


if __name__ == "__main__":
    sys.exit(main())
