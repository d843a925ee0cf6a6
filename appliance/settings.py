"""Where things are on this box. Every process loads it once and passes it on; nothing else reads the
environment.

The values come from /etc/foyer/environment through the units' EnvironmentFile. Paths below `data` survive
updates, paths below `run` do not survive a reboot.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import SetupError


@dataclass(frozen=True)
class Settings:
    """Paths, ports and the address to listen on. Complete and valid once constructed by `load`."""

    data: Path = Path("/data")
    run: Path = Path("/run/foyer")
    privileged_socket: Path = Path("/run/foyer-privileged.sock")
    health_socket: Path = Path("/run/foyer-health.sock")
    sound_socket: Path = Path("/run/foyer-sound.sock")
    disk_told: Path = Path("/run/foyer-disk/told")
    card_channels: Path = Path("/run/foyer-profile/chan_dahdi.conf")
    card_file: Path = Path("/run/foyer-card-file/archive")
    bind: str = "0.0.0.0"  # noqa: S104 - a contact center is there to be reached from its own network
    https_port: int = 443
    http_port: int = 80
    sip_port: int = 5060
    ami_port: int = 5038
    asterisk_http_port: int = 8088

    @classmethod
    def load(cls, env: Mapping[str, str] = os.environ) -> Settings:
        """Reads the FOYER_* variables of `env`; SetupError names the first one that makes no sense."""
        return cls(
            data=_path(env, "FOYER_DATA", cls.data),
            run=_path(env, "FOYER_RUN", cls.run),
            privileged_socket=_path(env, "FOYER_PRIVILEGED_SOCKET", cls.privileged_socket),
            health_socket=_path(env, "FOYER_HEALTH_SOCKET", cls.health_socket),
            sound_socket=_path(env, "FOYER_SOUND_SOCKET", cls.sound_socket),
            disk_told=_path(env, "FOYER_DISK_TOLD", cls.disk_told),
            card_channels=_path(env, "FOYER_CARD_CHANNELS", cls.card_channels),
            card_file=_path(env, "FOYER_CARD_FILE", cls.card_file),
            bind=env.get("FOYER_BIND") or cls.bind,
            https_port=_port(env, "FOYER_HTTPS_PORT", cls.https_port),
            http_port=_port(env, "FOYER_HTTP_PORT", cls.http_port),
            sip_port=_port(env, "FOYER_SIP_PORT", cls.sip_port),
            ami_port=_port(env, "FOYER_AMI_PORT", cls.ami_port),
            asterisk_http_port=_port(env, "FOYER_ASTERISK_HTTP_PORT", cls.asterisk_http_port),
        )

    @property
    def db(self) -> Path:
        """The database. Its directory is root:foyer 2770, so that every Foyer user shares the files in it."""
        return self.data / "foyer" / "foyer.db"

    @property
    def secrets(self) -> Path:
        """One file per secret, 0640, readable by the group of the one process that needs it."""
        return self.data / "secrets"

    @property
    def config(self) -> Path:
        """Rendered revisions `<n>/` and the link `live` to the one that runs."""
        return self.data / "config"

    @property
    def ast_lib(self) -> Path:
        """Asterisk's astdbdir."""
        return self.data / "asterisk" / "lib"

    @property
    def ast_log(self) -> Path:
        """Asterisk's logs: cel.jsonl, queue_log, messages."""
        return self.data / "asterisk" / "log"

    @property
    def recordings(self) -> Path:
        """Recordings, as YYYY/MM/DD/<call uuid>.wav."""
        return self.data / "asterisk" / "recordings"

    @property
    def sounds(self) -> Path:
        """Spoken prompts, <sha256 of language and text>.wav, 8 kHz 16-bit mono."""
        return self.data / "sounds"

    @property
    def prompts(self) -> Path:
        """Sound that was uploaded or recorded, as callers hear it: <sha256 of the file>.wav."""
        return self.data / "prompts"

    @property
    def firmware(self) -> Path:
        """Files of cards' makers that somebody uploaded. The kernel looks there (image/disk/grub.cfg)."""
        return self.data / "firmware"

    @property
    def takes(self) -> Path:
        """What somebody has just recorded on a phone, <uuid>.wav."""
        return self.data / "asterisk" / "takes"

    @property
    def faxes(self) -> Path:
        """What fax machines have sent, until it is a PDF among the recordings, <uuid>.tif."""
        return self.data / "asterisk" / "faxes"

    @property
    def webui_socket(self) -> Path:
        """Where foyer-webui listens for Caddy."""
        return self.run / "webui.sock"


def _path(env: Mapping[str, str], name: str, default: Path) -> Path:
    path = Path(env.get(name) or default)
    if not path.is_absolute():
        raise SetupError(f"{name} must be an absolute path, not {str(path)!r}.")
    return path


def _port(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise SetupError(f"{name} must be a port number from 1 to 65535, not {text!r}.")
    return int(text)
