"""What the renderers need beside the site: where this box keeps things, its ports, its secrets, its country.

Made by foyer-apply (and by tests); the renderers only read it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.store.countries import Country
from appliance.store.flows import Text
from appliance.store.prompts import Voice
from appliance.store.sitemodel import Site

# The languages that Asterisk's own prompts (numbers, positions) and ours exist in on the box.
PROMPT_LANGUAGES = ("de", "en", "fa", "fr", "ro", "th", "vi")

OTHER_END = "CONNECTED_LINE_SEND_SUB=foyer-other-end,s,1"
"""A leg's variable: what runs when somebody else is at its other end (dialplan/foyer-call.conf)."""


@dataclass(frozen=True)
class Secrets:
    """Passwords, all made at random but those of the lines, which the provider gave, and the PINs of
    conference rooms. Keys are site ids and "a1d"; "" is none.
    """

    ami_events: str
    ami_actions: str
    ami_mirror: str
    sim: str
    phones: Mapping[str, str]
    lines: Mapping[str, str]
    rooms: Mapping[str, str]


@dataclass(frozen=True)
class Env:
    """One box. Paths are absolute; `etc` is where Asterisk reads its files (through the link `live`).

    `entity_id` is the box's EID in the form of a MAC address, `card_channels` the text of chan_dahdi.conf, ""
    on a box without telephone cards.
    """

    etc: Path
    lib: Path
    log: Path
    run: Path
    spool: Path
    recordings: Path
    takes: Path
    faxes: Path
    sounds: Path
    bind: str
    sip_port: int
    ami_port: int
    http_port: int
    entity_id: str
    country: Country
    secrets: Secrets
    rtp_ports: tuple[int, int] = (10000, 19999)
    control_group: str = "asterisk"
    card_channels: str = ""


def stamp(*texts: str) -> str:
    """A short name for what a file says. It stands in the file, and the running Asterisk can be asked
    for it.
    """
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def prompt_name(language: str, texts: Sequence[Text]) -> str:
    """The name, without ".wav", of the files in `Env.sounds` that say these texts, on a site of that
    language. All of them have one name: Asterisk itself takes the file in the folder of the call's language,
    if there is one (main/file.c, fileexists_core).
    """
    spoken = "\0".join(f"{text.language}\n{_what(text)}" for text in texts)
    return hashlib.sha256(f"{language}\0{spoken}".encode()).hexdigest()


def sound_name(language: str, text: str) -> str:
    """The name of the file that says one text in the office's language."""
    return prompt_name(language, (Text(language, text),))


def _what(text: Text) -> str:
    """The text, or the sound; no text begins like one."""
    sound = text.sound if isinstance(text, Voice) else ""
    return f"\n{sound}" if sound else text.text


def prompt_language(site: Site, country: Country) -> str:
    """The language of Asterisk's prompts: the site's if there are prompts in it, else the country's, else
    English.
    """
    for language in (site.language, site.language.partition("-")[0], country.prompt_language):
        if language in PROMPT_LANGUAGES:
            return language
    return "en"


def own_address(env: Env) -> str:
    """The address at which the box reaches its own SIP port."""
    return "127.0.0.1" if env.bind in ("0.0.0.0", "") else "::1" if env.bind == "::" else env.bind  # noqa: S104
