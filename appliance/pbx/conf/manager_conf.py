"""manager.conf: three sessions on loopback, all of foyer-pbx: one only listens, one only acts, one mirrors
callers.

The listener gets the events that the live view is made of, by name: unfiltered, a queue call makes 90 events,
so 12.
"""

from __future__ import annotations

from appliance.pbx.conf.inputs import Env
from appliance.pbx.conf.syntax import Section, document
from appliance.store.sitemodel import Site

FILE = "manager.conf"

# What the live view and the marks of holds are made of, and what tells that Asterisk came or went.
EVENTS = (
    "AgentCalled",
    "AgentConnect",
    "BridgeEnter",
    "DeviceStateChange",
    "FullyBooted",
    "Hangup",
    "Hold",
    "NewConnectedLine",
    "Newchannel",
    "Newstate",
    "OriginateResponse",
    "ParkedCall",
    "ParkedCallGiveUp",
    "ParkedCallSwap",
    "ParkedCallTimeOut",
    "QueueCallerJoin",
    "QueueCallerLeave",
    "QueueMemberAdded",
    "QueueMemberPause",
    "QueueMemberRemoved",
    "QueueMemberStatus",
    "Registry",
    "Shutdown",
    "UnParkedCall",
    "Unhold",
)
# A filter holds an event back only after the session was woken up for it: what each call makes, and no
# session asks for, is not sent at all. The first of these is made for each step of the dialplan.
NOBODY_HEARS = (
    "Newexten",
    "AgentComplete",
    "BridgeCreate",
    "BridgeDestroy",
    "BridgeLeave",
    "DialBegin",
    "DialEnd",
    "DialState",
    "HangupHandlerPush",
    "HangupHandlerRun",
    "HangupRequest",
    "MixMonitorStart",
    "MusicOnHoldStart",
    "MusicOnHoldStop",
    "NewAccountCode",
    "SoftHangupRequest",
    # Of Debian's Asterisk about itself.
    "TestEvent",
)


def render(_site: Site, env: Env) -> str:
    """The file's text."""
    general = (
        ("enabled", True),
        ("bindaddr", "127.0.0.1"),
        ("port", env.ami_port),
        ("webenabled", False),
        ("displayconnects", False),
        ("timestampevents", True),
        # A restarted foyer-pbx must not be refused because its former self is not yet noticed to be gone.
        ("allowmultiplelogin", True),
        ("authtimeout", 10),
        # Looked up in each step of the dialplan: no more than what the live view reads.
        ("channelvars", "FOYER_CALL,FOYER_QUEUE"),
        ("disabledevents", ",".join(NOBODY_HEARS)),
    )
    events: tuple[tuple[str, str | int], ...] = (
        ("secret", env.secrets.ami_events),
        ("deny", "0.0.0.0/0.0.0.0"),
        ("permit", "127.0.0.1/255.255.255.255"),
        # Milliseconds that Asterisk waits for a reader that is slow; after that the session is cut and
        # resynchronises.
        ("writetimeout", 5000),
        ("read", "system,call,agent,reporting,user"),
        # Only lists are asked here (QueueStatus, CoreShowChannels ...). That of parked calls wants "call", as
        # if it changed anything: so this session could end calls, but begin none.
        ("write", "call,reporting"),
        *((f"eventfilter(name({event}))", "") for event in EVENTS),
    )
    actions = (
        ("secret", env.secrets.ami_actions),
        ("deny", "0.0.0.0/0.0.0.0"),
        ("permit", "127.0.0.1/255.255.255.255"),
        ("writetimeout", 5000),
        ("read", "none"),
        # Neither "command" nor "system": this session cannot run commands of the console or of the shell.
        ("write", "call,agent,originate,reporting"),
    )
    mirror = (
        ("secret", env.secrets.ami_mirror),
        ("deny", "0.0.0.0/0.0.0.0"),
        ("permit", "127.0.0.1/255.255.255.255"),
        ("writetimeout", 5000),
        ("read", "none"),
        # Writing AstDB (DBPut, DBDel) and MixMonitor need "system", which could load modules as well: so a
        # session of its own, which sends nothing but fixed words (pbx/callers.py) and Asterisk's own names
        # (pbx/recorded_anew.py), and not the one that every request passes.
        ("write", "system,reporting"),
    )
    return document(
        FILE,
        (
            Section("general", general),
            Section("ami-events", events),
            Section("ami-actions", actions),
            Section("ami-mirror", mirror),
        ),
    )
