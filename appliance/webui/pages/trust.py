"""/trust: how to make each kind of computer and phone trust this box's certificate. For everybody, signed in
or not.

Browsers give the microphone only to pages whose certificate they trust; the box is its own authority, since
it needs no name and no cloud.
"""

from __future__ import annotations

import hashlib
import re
import ssl
from dataclasses import dataclass
from pathlib import Path

from bottle import request

from appliance.settings import Settings
from appliance.webui.web import Web

SYSTEMS = ("windows", "macos", "ios", "android", "linux", "firefox")


@dataclass(frozen=True)
class Authority:
    """The box's own certificate authority; `fingerprint` is SHA-256 in pairs of hex digits, "" if it cannot
    be read.
    """

    fingerprint: str


def routes(web: Web) -> None:
    """Declares the route."""

    @web.get("/trust", public=True)
    def trust() -> str:
        template = "trust.html" if web.visit.user else "trust-alone.html"
        return web.render(
            template,
            fingerprint=fingerprint(certificate(web.settings)),
            mine=system_of(request.headers.get("User-Agent", "")),
        )


def certificate(settings: Settings) -> Path:
    """Where Caddy keeps the root certificate of its own authority (caddyserver.com/docs/conventions, data
    directory).
    """
    return settings.data / "caddy" / "pki" / "authorities" / "local" / "root.crt"


def fingerprint(path: Path) -> str:
    """The SHA-256 fingerprint of a PEM certificate as browsers show it; "" if there is none (yet)."""
    try:
        der = ssl.PEM_cert_to_DER_cert(path.read_text("ascii").strip())
    except (OSError, ValueError):
        return ""
    return ":".join(re.findall("..", hashlib.sha256(der).hexdigest().upper()))


def system_of(user_agent: str) -> str:
    """The system whose steps to open first."""
    for word, system in (
        ("Firefox", "firefox"),
        ("Android", "android"),
        ("iPhone", "ios"),
        ("iPad", "ios"),
        ("Windows", "windows"),
        ("Mac OS", "macos"),
        ("Linux", "linux"),
    ):
        if word in user_agent:
            return system
    return "windows"
