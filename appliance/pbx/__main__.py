"""foyer-pbx: Asterisk's ear and hand. Wires its threads and nothing more.

- listen        AMI events -> what goes on now (`live` rows); `events-reader` reads its socket
- history       cel.jsonl and queue_log -> conversations, segments, breaks
- members       agents' states -> members of Asterisk's queues
- callers       how people's calls are treated -> AstDB; `mirror-reader` reads its socket
- astdb         what is set on phones, too (hours closed by hand, forwarding) -> `live` rows
- callbacks     numbers that callers left -> legs that wait in the queues
- lines         why a phone line does not work -> `live` rows
- signalling    what the other side of a telephone card's line says -> `live` rows
- marks         holds and restarts -> rows in queue_log
- requests      requests of other processes -> actions; `actions-reader` reads the socket of all actions
- housekeeping  old events, raw rows and log files, forgotten wrap-ups, erased and empty recordings, takes,
                faxes
The main thread feeds systemd's watchdog. No call waits for any of them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from threading import Event

from appliance.errors import FoyerError
from appliance.pbx.actions import Actions
from appliance.pbx.ami_session import Account, ActionSession
from appliance.pbx.astdb import AstdbWatch, Family
from appliance.pbx.callbacks import Callbacks
from appliance.pbx.callers import Callers
from appliance.pbx.closures import Closures
from appliance.pbx.conf.logger_conf import LEGS
from appliance.pbx.disk import Disk
from appliance.pbx.diversions import Diversions
from appliance.pbx.faxes import Faxes
from appliance.pbx.feed import Feed
from appliance.pbx.guard import Guard
from appliance.pbx.housekeeping import Housekeeping
from appliance.pbx.line_faults import LineFaults
from appliance.pbx.listener import Hands, Listener
from appliance.pbx.log_rotation import MESSAGES, LogRotation
from appliance.pbx.marks import Marks
from appliance.pbx.members import Members
from appliance.pbx.messages import Messages
from appliance.pbx.orders import Orders
from appliance.pbx.recorded_anew import AgentEnds
from appliance.pbx.recordings import Recordings
from appliance.pbx.running import RunningSite
from appliance.pbx.signalling import Signalling
from appliance.pbx.takes import Takes
from appliance.pbx.worker import Worker
from appliance.service import Service
from appliance.settings import Settings
from appliance.store import Store

type Loop = Callable[[Event, Callable[[], None]], None]

BEAT_S = 30.0
"""Longer than any action may take: connecting, logging in and one action that times out."""


def wire(service: Service, settings: Settings, store: Store) -> tuple[ActionSession, ...]:
    """Starts every thread. Returns the sessions for actions, to be closed when they have ended."""

    def account(user: str) -> Account:
        return Account(settings.ami_port, user, settings.secrets / user)

    session, mirror = ActionSession(account("ami-actions")), ActionSession(account("ami-mirror"))
    site = RunningSite(store)
    marks = Marks(session)
    members = Members(store, session, site)
    callers = Callers(store, mirror, site)
    recordings = Recordings(store, settings.recordings)
    messages = Messages(store, settings.recordings)
    faxes = Faxes(store, settings.faxes, settings.recordings)
    disk = Disk(store, settings.disk_told)
    logs = LogRotation(store, settings.ast_log, session)
    guard = Guard(store, mirror)
    woken = Event()
    closures = Closures(store, Family(mirror, Closures.FAMILY), site, woken.set)
    diversions = Diversions(store, Family(mirror, Diversions.FAMILY), site, woken.set)
    watch = AstdbWatch(woken, (closures.look, diversions.look))
    called_back = Callbacks(store, session, site, settings.ast_log, AgentEnds(mirror))
    faults = LineFaults(store, session, site, settings.ast_log / MESSAGES, settings.ast_log / LEGS)
    orders = Orders()
    actions = Actions(store, session, site, settings.ast_log, guard, closures, faults, diversions, orders)

    def on_booted(heard: int) -> None:
        marks.resume(heard)
        members.wake()
        callers.read_again()

    listener = Listener(
        store,
        account("ami-events"),
        Hands(on_booted, marks.hold, orders.came),
    )
    takes = Takes(settings.takes)
    chores = (guard.tidy, disk.tidy, messages.tidy, faxes.tidy, recordings.tidy, takes.tidy, logs.tidy)
    loops: tuple[tuple[str, Loop], ...] = (
        ("listen", listener.run),
        ("history", Feed(store, settings.ast_log / "cel.jsonl", settings.ast_log / "queue_log").run),
        ("members", members.run),
        ("callers", callers.run),
        ("astdb", watch.run),
        ("callbacks", called_back.run),
        ("lines", faults.run),
        ("signalling", Signalling(store, session, site).run),
        ("marks", marks.run),
        ("requests", Worker(store, actions, members.wake, callers.wake, called_back.wake).run),
        ("housekeeping", Housekeeping(store, *chores).run),
    )
    for name, loop in loops:
        service.spawn(name, lambda loop=loop: loop(service.stop, service.beat), beat_s=BEAT_S)  # type: ignore[misc]
    return session, mirror


def main() -> int:
    """The process; returns its exit code."""
    service = Service("foyer-pbx")
    service.start_log()
    try:
        settings = Settings.load()
        store = Store.open(settings.db)
        sessions = wire(service, settings, store)
    except FoyerError as error:
        service.fail(str(error), error)
        return service.run()
    service.ready("Listening to Asterisk")
    code = service.run()
    for session in sessions:
        session.close()
    return code


if __name__ == "__main__":
    sys.exit(main())
