"""One machine with a BIOS for this folder's tests, in the order of their files: new, used, damaged, new; at
the end, its disk as power cuts in its first hour would have left it.
"""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import disk
import pytest
from vm import Forward

from tests.asterisk.phone import Phone
from tests.box import wizard
from tests.box.client import WebClient, trust
from tests.browser.browser import Browser
from tests.image.vm import HOST, VirtualBox
from tests.powercut import recording
from tests.until import until

# Where a program that has no business there is asked from, and where it listens in the box.
STRANGER_PORT, STRANGER_BOX_PORT = 12999, 9999
OFFICE = replace(wizard.CLINIC, provider=HOST)
# An emulated processor is many times slower, and makes certificates when it is first asked for a page.
PAGE_S = 60
# What the agent with the desk phone says, and types.
AGENT_HZ, AGENT_PASSWORD = 700, "seven slow buffaloes"
WEARING_DISK_BYTES = 64 << 20
WORN, WORN_BEFORE = "worn", "worn-before"
ANOTHER_BOX = """label: gpt
size=1MiB, name=foyer-key
size=16MiB, name=foyer-a
size=16MiB, name=foyer-data
"""


@pytest.fixture(scope="package")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualBox]:
    """Switched on for the first time."""
    folder = tmp_path_factory.mktemp("old")
    stranger = Forward("tcp", "127.0.0.1", STRANGER_PORT, STRANGER_BOX_PORT)
    # A disk that says how worn it is, as the one that it starts from cannot; it was another box's.
    (folder / WORN).touch()
    os.truncate(folder / WORN, WEARING_DISK_BYTES)
    subprocess.run(["sfdisk", "--quiet", folder / WORN], input=ANOTHER_BOX, text=True, check=True)
    shutil.copy(folder / WORN, folder / WORN_BEFORE)
    worn = (
        "-drive",
        f"if=none,id=worn,format=raw,file={folder / WORN}",
        "-device",
        "nvme,drive=worn,serial=1",
    )
    # Its first hour is recorded, for the power cuts that come at the end.
    (folder / recording.IMAGE).symlink_to(disk.named_image())
    with VirtualBox(
        folder, sip_port=12060, profile="loopback", forwards=(stranger,),
        more=(*worn, *recording.ear(folder)), machine=recording.LoggedMachine,
    ) as box:  # fmt: skip
        yield box


@pytest.fixture(scope="package")
def office(old: VirtualBox) -> recording.Office:
    """Notes what the box tells to the outside."""
    return recording.Office(old)


@pytest.fixture(scope="package")
def visitor(old: VirtualBox) -> Iterator[WebClient]:
    """Somebody who has not signed in."""
    with WebClient(old.https_port, trust(old.http_port, "localhost"), "localhost", PAGE_S) as client:
        yield client


@pytest.fixture(scope="package")
def passwords(
    old: VirtualBox, office: recording.Office, visitor: WebClient, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """The wizard was begun in a browser, and gone through; the agents' one-time passwords by user name."""
    one_time = office.meet()
    until(lambda: _has_certificate(old.https_url), PAGE_S, "the box's first certificate", every_s=1)
    # All its questions are asked in a browser where a page does not take seconds: tests/box.
    with Browser(old.https_url, tmp_path_factory.mktemp("owner"), wait_s=PAGE_S) as browser:
        wizard.unlock(browser, one_time)
    passwords = wizard.send(visitor, one_time, OFFICE)
    office.settle()
    return passwords


def _has_certificate(url: str) -> bool:
    """Whether the box shows one. Its front door gives up whom it keeps waiting for it, and a browser shows an
    error then, which a person reloads away.
    """
    address = urlsplit(url)
    try:
        return bool(ssl.get_server_certificate((address.hostname or "", address.port or 443), timeout=20))
    except OSError:
        return False


@pytest.fixture(scope="package")
def owner(visitor: WebClient, passwords: dict[str, str]) -> WebClient:
    """The administrator, whom the wizard left signed in."""
    assert passwords
    return visitor


@pytest.fixture(scope="package")
def desk_phone(old: VirtualBox, passwords: dict[str, str]) -> Iterator[Phone]:
    """The desk phone of an agent who is available; it answers and speaks."""
    with WebClient(old.https_port, trust(old.http_port, "localhost"), "localhost", PAGE_S) as agent:
        agent.sign_in("ha", passwords["ha"])
        chosen = {"password": AGENT_PASSWORD, "password_again": AGENT_PASSWORD}
        agent.post("/account/password", {"password_now": passwords["ha"], **chosen})
        password = agent.desk_password()
        with Phone(
            "a2d", password, host=HOST, server=(HOST, old.sip_port),
            tone_hz=AGENT_HZ, answers=True, follows=True,
        ) as phone:  # fmt: skip
            phone.wait_registered(60)
            agent.post("/desk/state", {"device": "desk"}, of="/desk")
            agent.post("/desk/state", {"state": "available"}, of="/desk")
            until(lambda: "PJSIP/a2d" in old.asterisk("queue show q1"), 30, "the desk phone in the queue", 1)
            yield phone
