"""A box in a virtual machine that an office uses: the wizard is done, a phone line is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.box import wizard
from tests.box.client import WebClient, trust
from tests.image.vm import HOST, VirtualBox
from tests.until import until

# Where the machine is emulated, a page takes seconds.
PATIENCE_S = 120.0
SIP_PORT = 12060


@contextmanager
def office(folder: Path) -> Iterator[VirtualBox]:
    """The box after its first boot, set up and switched off in order."""
    with VirtualBox(folder, sip_port=SIP_PORT) as box:
        with WebClient(box.https_port, trust(box.http_port), "localhost", PATIENCE_S) as client:
            wizard.send(client, box.otp, replace(wizard.CLINIC, provider=HOST))
            until(lambda: is_live(client), PATIENCE_S, "the settings to be in use", every_s=1)
        box.switch_off()
        yield box


def is_live(client: WebClient) -> bool:
    """Whether Asterisk works with what the wizard was told."""
    return "Everything works with these settings." in client.get("/settings").text
