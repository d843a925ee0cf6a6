"""SIP messages as values (RFC 3261) for the test phone: parse, build, digest, session description.

Pure functions only. It knows what a test phone needs and refuses the rest loudly.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass

from tests.asterisk.g711 import LAWS, Law

SHORT = {
    "v": "via",
    "f": "from",
    "t": "to",
    "i": "call-id",
    "m": "contact",
    "l": "content-length",
    "c": "content-type",
}


@dataclass(frozen=True)
class Message:
    """A request or a response; header names are lower case and in wire order."""

    start: str
    headers: tuple[tuple[str, str], ...]
    body: str = ""

    @property
    def is_response(self) -> bool:
        return self.start.startswith("SIP/2.0 ")

    @property
    def status(self) -> int:
        """Status code of a response."""
        return int(self.start.split(" ", 2)[1])

    @property
    def method(self) -> str:
        """Method of a request, or the one that a response answers."""
        return self.get("cseq").split()[1] if self.is_response else self.start.split(" ", 1)[0]

    @property
    def uri(self) -> str:
        """Request URI."""
        return self.start.split(" ")[1]

    @property
    def cseq(self) -> int:
        return int(self.get("cseq").split()[0])

    @property
    def call_id(self) -> str:
        return self.get("call-id")

    def all(self, name: str) -> list[str]:
        """Values of every header of this name."""
        return [value for key, value in self.headers if key == name.lower()]

    def get(self, name: str, default: str | None = None) -> str:
        """First value of a header; a missing one without default is an AssertionError."""
        values = self.all(name)
        assert values or default is not None, f"no {name} in {self.start}"
        return values[0] if values else str(default)

    def encode(self) -> bytes:
        """The message as it goes on the wire."""
        body = self.body.encode()
        lines = [self.start, *(f"{name}: {value}" for name, value in self.headers)]
        return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


def parse(data: bytes) -> Message:
    """A message from one datagram."""
    head, _, body = data.decode("utf-8", "replace").partition("\r\n\r\n")
    start, *lines = re.sub(r"\r\n[ \t]+", " ", head).split("\r\n")
    headers = []
    for line in lines:
        name, _, value = line.partition(":")
        key = name.strip().lower()
        headers.append((SHORT.get(key, key), value.strip()))
    return Message(start, tuple(headers), body)


def tag_of(value: str) -> str:
    """Tag of a From or To header; empty if there is none yet."""
    found = re.search(r";tag=([^;>\s]+)", value)
    return found.group(1) if found else ""


def uri_of(value: str) -> str:
    """URI inside a From, To or Contact header."""
    found = re.search(r"<([^>]+)>", value)
    return found.group(1) if found else value.split(";")[0].strip()


def name_of(value: str) -> str:
    """Display name inside a From header; empty if there is none."""
    return value.split("<")[0].strip().strip('"') if "<" in value else ""


def user_of(uri: str) -> str:
    """User part of a SIP URI."""
    return uri.removeprefix("sips:").removeprefix("sip:").split("@")[0].split(";")[0]


def authorization(challenge: str, user: str, password: str, method: str, uri: str) -> str:
    """Value of an Authorization header (RFC 2617, MD5, with qop=auth if offered)."""
    fields = _fields(challenge)
    first = _md5(f"{user}:{fields['realm']}:{password}")
    second = _md5(f"{method}:{uri}")
    known = f'Digest username="{user}", realm="{fields["realm"]}", nonce="{fields["nonce"]}", uri="{uri}"'
    if "opaque" in fields:
        known += f', opaque="{fields["opaque"]}"'
    if "qop" not in fields:
        return f'{known}, response="{_md5(f"{first}:{fields['nonce']}:{second}")}", algorithm=MD5'
    own = secrets.token_hex(8)
    response = _md5(f"{first}:{fields['nonce']}:00000001:{own}:auth:{second}")
    return f'{known}, response="{response}", algorithm=MD5, qop=auth, nc=00000001, cnonce="{own}"'


def challenge(realm: str, nonce: str) -> str:
    """Value of a WWW-Authenticate header that asks for a name and a password (RFC 2617, without qop)."""
    return f'Digest realm="{realm}", nonce="{nonce}", algorithm=MD5'


def is_authorized(given: str, asked: str, user: str, password: str, method: str) -> bool:
    """Whether an Authorization header's value answers that challenge as this user would."""
    fields = _fields(given)
    wanted = _fields(authorization(asked, user, password, method, fields.get("uri", "")))
    return all(fields.get(name) == wanted[name] for name in ("username", "nonce", "response"))


def _fields(header: str) -> dict[str, str]:
    found = re.findall(r'(\w+)=(?:"([^"]*)"|([^,\s]+))', header)
    return {name: quoted or plain for name, quoted, plain in found}


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


# The payload type of pressed keys (RFC 4733): any dynamic one.
KEYS_TYPE = 101


@dataclass(frozen=True)
class Media:
    """Where the other side wants its sound, in which law, and in which direction it is willing."""

    host: str
    port: int
    law: Law
    direction: str


def offer(host: str, port: int, laws: tuple[Law, ...], version: int, direction: str = "sendrecv") -> str:
    """Session description of our side (RFC 8866)."""
    lines = ["v=0", f"o=- 1 {version} IN IP4 {host}", "s=-", f"c=IN IP4 {host}", "t=0 0"]
    lines.append(f"m=audio {port} RTP/AVP {' '.join(str(law.payload_type) for law in laws)} {KEYS_TYPE}")
    lines += [f"a=rtpmap:{law.payload_type} {law.name}/8000" for law in laws]
    lines += [f"a=rtpmap:{KEYS_TYPE} telephone-event/8000", f"a=fmtp:{KEYS_TYPE} 0-15"]
    return "\r\n".join([*lines, "a=ptime:20", f"a={direction}", ""])


def media_of(body: str) -> Media:
    """The sound that a session description asks for; one without G.711 is an AssertionError."""
    host = re.search(r"^c=IN IP4 (\S+)", body, re.M)
    audio = re.search(r"^m=audio (\d+) RTP/AVP ([\d ]+)", body, re.M)
    assert host and audio, f"no plain sound in {body!r}"
    laws = [law for number in audio.group(2).split() for law in LAWS if law.payload_type == int(number)]
    assert laws, f"no G.711 in {body!r}"
    direction = re.search(r"^a=(sendrecv|sendonly|recvonly|inactive)", body, re.M)
    return Media(host.group(1), int(audio.group(1)), laws[0], direction.group(1) if direction else "sendrecv")
