"""The least that answers, queues and records a call, as a careful administrator would write it by hand.

The yardstick of `cpu_ratio`: the same Asterisk, greeting, queue strategy and recording, and nothing else.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path


def files(
    sip_port: int, provider: str, greeting: Path | None, recordings: Path, phones: Mapping[str, str]
) -> dict[str, str]:
    """Configuration files; `phones` are user names with their passwords, all members of the one queue."""
    greet = f" same => n,Playback({greeting.with_suffix('')})\n" if greeting else ""
    return {
        "pjsip.conf": _pjsip(sip_port, provider, phones),
        "extensions.conf": (
            "[in]\nexten => _X.,1,Answer()\n"
            f"{greet} same => n,MixMonitor({recordings}/${{UNIQUEID}}.wav,b)\n same => n,Queue(q1,c,,,600)\n"
        ),
        "queues.conf": _queues(list(phones)),
        "musiconhold.conf": "[default]\nmode=files\ndirectory=/usr/share/asterisk/moh\n",
        "rtp.conf": "[general]\nrtpstart=10000\nrtpend=19999\n",
    }


def _pjsip(sip_port: int, provider: str, phones: Mapping[str, str]) -> str:
    parts = [
        f"[udp]\ntype=transport\nprotocol=udp\nbind=0.0.0.0:{sip_port}",
        "[line]\ntype=endpoint\ncontext=in\ndisallow=all\nallow=alaw\ndirect_media=no",
        f"[line]\ntype=identify\nendpoint=line\nmatch={provider}",
    ]
    for user, password in phones.items():
        parts += [
            f"[{user}]\ntype=endpoint\ncontext=in\ndisallow=all\nallow=alaw\ndirect_media=no\n"
            f"auth={user}\naors={user}",
            f"[{user}]\ntype=auth\nusername={user}\npassword={password}",
            f"[{user}]\ntype=aor\nmax_contacts=1\nremove_existing=yes",
        ]
    return "\n\n".join([*parts, ""])


def _queues(members: Sequence[str]) -> str:
    lines = [
        "[general]",
        "autofill=yes",
        "[q1]",
        "strategy=rrmemory",
        "ringinuse=no",
        "timeout=20",
        "wrapuptime=0",
    ]
    return "\n".join([*lines, *(f"member => PJSIP/{user}" for user in members), ""])
