"""A private Asterisk with one queue, two agents and one phone line, for what only the real one can tell.

Its files are written by hand after the names that the product uses (line `l1`, queue `q1`, agents `a1`,
`a2`, their desk phones `a1d`, `a2d`), so that these tests do not depend on the renderers.
"""

from __future__ import annotations

import wave
from dataclasses import dataclass, field
from pathlib import Path

from tests.asterisk.instance import PrivateAsterisk, free_port
from tests.asterisk.phone import Phone

LINE_HOST = "127.0.0.2"
SECRET = "test"
GREETING_S = 1.0

CEL_FIELDS = (
    "EventType,EventTime,UserDefType,Name,Num,Exten,Context,ChanName,AppName,AppData,AccountCode,UniqueID,"
    "LinkedID,Peer,EventExtra"
)
CEL_EVENTS = (
    "CHAN_START,CHAN_END,ANSWER,HANGUP,APP_START,APP_END,BRIDGE_ENTER,BRIDGE_EXIT,USER_DEFINED,LINKEDID_END,"
    "BLINDTRANSFER,ATTENDEDTRANSFER,PICKUP,LOCAL_OPTIMIZE"
)


@dataclass(frozen=True)
class Ports:
    """The loopback ports of one instance."""

    sip: int = field(default_factory=free_port)
    ami: int = field(default_factory=free_port)
    provider: int = field(default_factory=free_port)


def pjsip_conf(ports: Ports) -> str:
    """One line known by its address, a desk phone for each agent."""
    phones = "\n".join(
        f"[a{n}d](phone)\nauth=a{n}d\naors=a{n}d\ncallerid=<10{n}>\n"
        f"[a{n}d]\ntype=auth\nusername=a{n}d\npassword={SECRET}\n"
        f"[a{n}d]\ntype=aor\nmax_contacts=1\nremove_existing=yes\nqualify_frequency=0\n"
        for n in (1, 2)
    )
    return f"""
[udp]
type=transport
protocol=udp
bind=127.0.0.1:{ports.sip}
[leg](!)
type=endpoint
disallow=all
allow=alaw
direct_media=no
rtp_symmetric=yes
[phone](!,leg)
context=inside
[l1](leg)
context=foyer-in
aors=l1
set_var=FOYER_LINE=l1
[l1]
type=aor
contact=sip:{LINE_HOST}:{ports.provider}
[l1]
type=identify
endpoint=l1
match={LINE_HOST}
{phones}
"""


def extensions_conf(greeting: Path) -> str:
    """Greeting, then the queue; `full` has room for nobody, `short` waits 2 seconds; `alone` rings one
    agent.
    """
    start = """
 same => n,Set(__FOYER_CALL=${UUID()})
 same => n,Set(CHANNEL(accountcode)=${FOYER_CALL})
 same => n,CELGenUserEvent(FOYER_CALL,${FOYER_CALL}^${FOYER_LINE}^${EXTEN}^in)
 same => n,Answer()"""
    return f"""
[foyer-in]
exten => 100,1,NoOp(){start}
 same => n,Playback({greeting})
 same => n,MixMonitor({greeting.parent}/recordings/2026/11/22/${{FOYER_CALL}}.wav,b)
 same => n,Queue(q1,cCb(agent-leg^s^1),,,20)
 same => n,Hangup()
exten => short,1,NoOp(){start}
 same => n,Playback({greeting})
 same => n,Queue(q1,cC,,,2)
 same => n,Hangup()
exten => again,1,NoOp(){start}
 same => n,Playback({greeting})
 same => n(queue),Queue(q1,cC,,,20)
 same => n,GotoIf($["${{QUEUESTATUS}}" = "CONTINUE"]?queue)
 same => n,Hangup()
[agent-leg]
exten => s,1,Return()
[inside]
exten => *90,1,Answer()
 same => n,PauseQueueMember(,PJSIP/${{CHANNEL(endpoint)}},,phone)
 same => n,Hangup()
exten => *91,1,Answer()
 same => n,UnpauseQueueMember(,PJSIP/${{CHANNEL(endpoint)}},,phone)
 same => n,Hangup()
exten => take,1,PickupChan(PJSIP/a1d-,p)
exten => _09.,1,Set(__FOYER_CALL=${{UUID()}})
 same => n,CELGenUserEvent(FOYER_CALL,${{FOYER_CALL}}^l1^${{EXTEN}}^out)
 same => n,Dial(PJSIP/${{EXTEN}}@l1,3)
 same => n,Hangup(${{HANGUPCAUSE}})
exten => _10X,1,Dial(PJSIP/a${{EXTEN:2}}d,20)
"""


def files(ports: Ports, directory: Path) -> dict[str, str]:
    """Every configuration file that differs from Asterisk's defaults."""
    greeting = directory / "greeting"
    with wave.open(str(greeting.with_suffix(".wav")), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(int(16000 * GREETING_S)))
    manager = "\n".join(
        f"[{name}]\nsecret={SECRET}\nread={read}\nwrite=all\nwritetimeout=5000\n"
        for name, read in (("ami-events", "all"), ("ami-actions", "all"))
    )
    return {
        "pjsip.conf": pjsip_conf(ports),
        "extensions.conf": extensions_conf(greeting),
        "manager.conf": (
            f"[general]\nenabled=yes\nbindaddr=127.0.0.1\nport={ports.ami}\n"
            f"timestampevents=yes\nchannelvars=FOYER_CALL,FOYER_LINE\n{manager}"
        ),
        "queues.conf": (
            "[general]\npersistentmembers=no\nautofill=yes\nlog_membername_as_agent=no\nshared_lastcall=yes\n"
            "[q1]\nstrategy=rrmemory\ntimeout=3\nretry=1\nringinuse=no\nwrapuptime=2\nautopause=no\n"
        ),
        "cel.conf": f"[general]\nenable=yes\napps=queue,playback,mixmonitor\nevents={CEL_EVENTS}\n",
        "cel_custom.conf": f"[{directory}/log/cel.jsonl]\nformat=json\nfields={CEL_FIELDS}\n",
        "rtp.conf": "[general]\nrtpstart=10000\nrtpend=19999\n",
        "http.conf": "[general]\nenabled=no\n",
        "indications.conf": "[general]\ncountry=us\n[us]\nringcadence=2000,4000\n",
    }


def private_pbx(directory: Path, ports: Ports) -> PrivateAsterisk:
    """The instance; start it with `with`."""
    return PrivateAsterisk(directory, files(ports, directory))


def desk_phone(agent: str, ports: Ports, host: str = "127.0.0.1") -> Phone:
    """The desk phone of agent `a1` or `a2`; it still has to register."""
    return Phone(f"{agent}d", SECRET, server=("127.0.0.1", ports.sip), host=host)


def outside(ports: Ports) -> Phone:
    """The world behind the phone line: calls in, and is called."""
    return Phone(
        "0901234567", host=LINE_HOST, port=ports.provider, server=("127.0.0.1", ports.sip), tone_hz=440
    )
