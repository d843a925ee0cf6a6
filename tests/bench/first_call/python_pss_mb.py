"""How much memory the Python processes of a working box take together."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

from appliance.webui import cookies
from appliance.webui.events import PER_USER
from tests.asterisk.phone import Phone
from tests.bench.result import Measure
from tests.box import wizard
from tests.box.client import WebClient, trust
from tests.box.line import NUMBER, Line
from tests.browser.browser import Browser
from tests.image.box import Box
from tests.until import until

AGENT_PASSWORD = "seven slow buffaloes"
STREAMS = 75
# Those that stay, and those that start when they are asked. Others may be there for a moment.
PROCESSES = frozenset(("apply", "pbx", "webui", "sound", "health", "names"))
PSS = re.compile(r"^Pss: +(\d+) kB$", re.M)


def descendants(pid: int) -> Iterator[int]:
    """All processes below this one."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield int(child)
            yield from descendants(int(child))


def python_pss_kb(first: int) -> dict[str, int]:
    """Proportional set size of each Python process below `first`, by its arguments."""
    found: dict[str, int] = {}
    for pid in descendants(first):
        words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
        if "python" in Path(words[0]).name:
            pss = PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text())
            assert pss is not None, words
            found[" ".join(words[1:]).strip()] = int(pss.group(1))
    return found


def sessions(box: Box, count: int) -> list[str]:
    """Signed-in browsers of supervisors, one token each."""
    code = (
        "from appliance.settings import Settings; from appliance.store import Store, users\n"
        "store = Store(Settings.load().db)\n"
        f"for n in range({-(-count // PER_USER)}):\n"
        " with store.change() as change:\n"
        "  one = users.create(change, f'user{n}', f'user{n}', 'supervisor', 'a long enough password')\n"
        f"  for _ in range({PER_USER}): print(users.start_session(change, one, ''))"
    )
    return box.run("runuser", "-u", "foyer-webui", "--", "python3", "-P", "-c", code).split()[:count]


@contextlib.contextmanager
def streams(box: Box) -> Iterator[None]:
    """As many browsers hear of what happens as an office has."""
    tls = trust(box.http_port)
    with contextlib.ExitStack() as stack:
        for token in sessions(box, STREAMS):
            connection = http.client.HTTPSConnection("127.0.0.1", box.https_port, timeout=60, context=tls)
            stack.callback(connection.close)
            connection.request("GET", "/events", headers={"Cookie": f"{cookies.SESSION}={token}"})
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            assert b"event: hello" in (answer.readline(), answer.readline().strip())
        yield


def call(box: Box, client: WebClient, folder: Path) -> None:
    """A caller is answered by the agent's desk phone, and hangs up."""
    line = Line(box, folder)
    with Phone("a2d", client.desk_password(), host="127.0.0.4", server=line.server, tone_hz=700) as phone:
        phone.wait_registered()
        client.post("/desk/state", {"device": "desk"}, of="/desk")
        client.post("/desk/state", {"state": "available"}, of="/desk")
        with line.phones(440) as far:
            leg = far.call(NUMBER, caller="0987654321").wait_answer()
            ringing = phone.wait_ring(30)
            ringing.answer()
            leg.wait_heard(lambda heard: len(heard) > 0, 2, 10, "the agent")
            leg.hang_up()
            ringing.wait_end(5)


def is_listed(owner: Browser) -> bool:
    """Whether the list of calls shows the caller."""
    owner.open("/calls")
    return "987654321" in re.sub(r"\s", "", owner.text())


def ask_for_a_name(box: Box) -> None:
    """Whether a name that nobody has asked for yet may have a certificate. It may not."""
    with (
        socket.create_connection(("127.0.0.1", box.https_port), 30) as plain,
        contextlib.suppress(ssl.SSLError),
    ):
        ssl.create_default_context().wrap_socket(plain, server_hostname="other.example").close()


def ask_helpers(owner: Browser) -> None:
    """What starts when it is asked, and ends by itself later, is up, too: it speaks what was typed, and tells
    of the machine. And foyer-apply has spoken a greeting.
    """
    owner.open("/settings/queues/q1")
    owner.fill("#greeting_text", "Good morning.")
    owner.click("form.form .button-main")
    owner.sees("Save these changes?")
    owner.click("button[name=stage][value=save]")
    owner.sees("Everything works with these settings.", timeout_s=20)
    owner.open("/settings/prompts/new")
    owner.fill("[data-voice] textarea", "Good morning.")
    owner.click("[data-listen]")
    said = "return document.querySelector('[data-state]').textContent"
    until(lambda: not owner.script(said), 20, "the words to be spoken")
    owner.open("/system")
    owner.sees("Telephone service")


def measure(folder: Path) -> Measure:
    """Set up a box, make a call, and add up while the live page is open, and many listen."""
    with Box(folder / "state") as box, Browser(box.https_url, folder / "owner") as owner:
        passwords = wizard.run(owner, box.otp, wizard.CLINIC)
        with WebClient(box.https_port, trust(box.http_port)) as client:
            client.sign_in("ha", passwords["ha"])
            new = {"password": AGENT_PASSWORD, "password_again": AGENT_PASSWORD}
            client.post("/account/password", {"password_now": passwords["ha"], **new})
            call(box, client, folder / "line")
            until(lambda: is_listed(owner), 10, "the call in the list")
            with streams(box):
                ask_helpers(owner)
                owner.open("/live")
                owner.sees("Agents")
                ask_for_a_name(box)
                sizes = python_pss_kb(int(json.loads((box.state / ".foyer-box").read_text())["pid"]))
    names = {name.rpartition(".")[2] for name in sizes}
    assert names >= PROCESSES, f"not there: {PROCESSES - names}"
    parts = ", ".join(f"{name.rpartition('.')[2]} {kb / 1024:.0f}" for name, kb in sorted(sizes.items()))
    return Measure(
        "first_call.python_pss_mb",
        round(sum(sizes.values()) / 1024, 1),
        "MB",
        300,
        "lower",
        f"PSS of all Python processes of a booted box after the wizard, a recorded call, a changed"
        f" greeting and a look at the system page, with {STREAMS} streams open: {parts}",
    )
