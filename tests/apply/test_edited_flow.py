"""From the picture of a flow to the running telephone service: changed in a real browser, followed until the
page says that it is in use, and called.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance.apply.applier import Applier
from appliance.store import users
from appliance.webui.app import make_app
from appliance.webui.i18n import Languages
from tests.apply.box import Box, LiveAsterisk
from tests.asterisk.phone import Phone
from tests.until import until
from tests.webui.conftest import PASSWORD
from tests.webui.real_browser import served, signed_in

pytestmark = [pytest.mark.asterisk, pytest.mark.browser, pytest.mark.slow]

LOOK_S = 0.1
NUMBER = "02812345678"
TEXTS = [{"language": "vi", "text": "Xin chào."}]
FLOW = {
    "id": "f1",
    "name": "Main number",
    "steps": [
        {"id": "t1", "kind": "say", "texts": TEXTS, "next": "t2"},
        {"id": "t2", "kind": "end"},
    ],
}


@contextmanager
def following(applier: Applier) -> Iterator[None]:
    """foyer-apply looks now and then."""
    over = threading.Event()

    def follow() -> None:
        while not over.wait(LOOK_S):
            applier.look()

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_a_change_is_followed_until_it_is_in_use(box: Box, asterisk: LiveAsterisk, tmp_path: Path) -> None:
    with box.store.change() as change:
        users.create(change, "boss", "Mai", "administrator", PASSWORD, language="en")
    (box.settings.secrets / "session").write_text("0123456789abcdef0123456789abcdef\n")
    number = {"id": "n1", "number": NUMBER, "line_id": "l1", "flow_id": "f1"}
    first = box.save(flows=[FLOW], numbers=[number])
    applier = box.applier()
    applier.prepare()
    asterisk.start()
    app = make_app(box.settings, box.store, Languages.load(tmp_path))
    with (
        following(applier),
        served(app) as address,
        signed_in(address, tmp_path / "browser") as browser,
        Phone("provider", host="127.0.0.2", server=("127.0.0.1", box.settings.sip_port)) as provider,
    ):
        # Asterisk and Chromium have just been started: what they take for it is no part of this.
        until(lambda: box.states(first).get("asterisk", ("", ""))[0] == "live", 40, "the first flow in use")
        browser.open("/settings/flows/f1")
        assert not browser.all("#box-t3")
        browser.click("#box-t1")
        browser.choose("#t1-next", "new:say")
        browser.fill("#t3-text-vi", "Xin chờ.")
        browser.click(".form-actions .button-main")
        browser.sees("Save these changes?")
        browser.click("button[value=save]")
        until(lambda: browser.path.startswith("/settings/saved/"), 10, "the saved page")
        browser.sees("Everything works with these settings.", timeout_s=20)
        browser.open("/settings/flows/f1")
        browser.find("#box-t3")
        provider.call(NUMBER).wait_end(20)
        told = box.settings.ast_log / "cel.jsonl"
        until(lambda: "f1^t3^say" in told.read_text("utf-8"), 5, "the new step to be heard")
