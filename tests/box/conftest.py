"""One booted box for all tests of this folder, set up by the wizard, with the people who work with it.

The files run in the order of their names: first calls in peace, then what must hold in trouble. What a test
changes (a state, a device, a killed process) it puts back.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.asterisk.phone import Phone
from tests.box import wizard
from tests.box.client import WebClient, trust
from tests.box.desk import Desk
from tests.box.exchange import Exchange
from tests.box.line import Line
from tests.browser.browser import Browser
from tests.image.box import Box

SCREENS = Path(__file__).parents[2] / "build/screens"
AGENT_PASSWORD = "seven slow buffaloes"
MICROPHONE_HZ = 1000
DESK_PHONE_HZ = 700


@pytest.fixture(scope="package")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """Booted on an empty state folder."""
    with Box(tmp_path_factory.mktemp("box") / "state") as box:
        yield box


@pytest.fixture(scope="package")
def exchange(box: Box) -> Exchange:
    """The box's Asterisk."""
    return Exchange(box)


@pytest.fixture(scope="package")
def screens() -> Path:
    """Where browsers leave screenshots: outlives the test root."""
    shutil.rmtree(SCREENS, ignore_errors=True)
    SCREENS.mkdir(parents=True)
    return SCREENS


@pytest.fixture(scope="package")
def owner(box: Box, screens: Path) -> Iterator[Browser]:
    """The administrator's browser."""
    with Browser(box.https_url, screens / "owner") as browser:
        yield browser


@pytest.fixture(scope="package")
def passwords(box: Box, owner: Browser) -> dict[str, str]:
    """The wizard was gone through; the agents' one-time passwords by user name."""
    return wizard.run(owner, box.otp, wizard.CLINIC)


@pytest.fixture(scope="package")
def minh(box: Box, screens: Path, passwords: dict[str, str]) -> Iterator[Desk]:
    """Agent a1 at his desk: signed in for the first time, with a password of his own; offline."""
    with Browser(box.https_url, screens / "minh", microphone_hz=MICROPHONE_HZ) as browser:
        desk = Desk(browser, "a1")
        desk.sign_in("minh", passwords["minh"])
        desk.choose_password(passwords["minh"], AGENT_PASSWORD)
        desk.open()
        desk.wait_phone()
        yield desk


@pytest.fixture(scope="package")
def ha(box: Box, passwords: dict[str, str]) -> Iterator[WebClient]:
    """Agent a2, who has a desk phone and no open page; signed in, with a password of her own; offline."""
    with WebClient(box.https_port, trust(box.http_port)) as client:
        client.sign_in("ha", passwords["ha"])
        client.post(
            "/account/password",
            {"password_now": passwords["ha"], "password": AGENT_PASSWORD, "password_again": AGENT_PASSWORD},
        )
        yield client


@pytest.fixture(scope="package")
def short_wrap_up(owner: Browser, passwords: dict[str, str]) -> None:
    """The queue's wrap-up was changed on the settings page: nobody waits long between two calls."""
    owner.open("/settings/queues/q1")
    owner.fill("#wrap_up_seconds", "2")
    owner.click("form.form .button-main")
    owner.sees("Save these changes?")
    owner.sees("20", ".changes del")
    owner.click("button[name=stage][value=save]")
    owner.sees("Everything works with these settings.", timeout_s=15)


@pytest.fixture(scope="package")
def line(box: Box, exchange: Exchange, short_wrap_up: None, tmp_path_factory: pytest.TempPathFactory) -> Line:
    """The phone line of a box that is set up."""
    return Line(box, tmp_path_factory.mktemp("line"))


@pytest.fixture(scope="package")
def desk_phone(box: Box, ha: WebClient) -> Iterator[Phone]:
    """Agent a2's desk phone with the password that her page shows; registered."""
    server = ("127.0.0.1", box.sip_port)
    with Phone("a2d", ha.desk_password(), host="127.0.0.4", server=server, tone_hz=DESK_PHONE_HZ) as phone:
        phone.wait_registered()
        yield phone
