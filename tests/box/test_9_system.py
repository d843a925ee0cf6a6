"""The system page of a booted box: real facts, a real restart, messages out of the real journal."""

from pathlib import Path

import pytest

from tests.asterisk.sound import tone, write_wav
from tests.box.exchange import Exchange
from tests.browser.browser import Browser
from tests.image.box import Box
from tests.until import until

pytestmark = [pytest.mark.box, pytest.mark.browser]


def running(owner: Browser) -> int:
    """How many services run, as the page says when it is opened anew."""
    owner.open("/system")
    owner.sees("Telephone service")
    return owner.text("tbody").count("Running")


def test_the_page_shows_how_the_box_is(owner: Browser, box: Box, passwords: dict[str, str]) -> None:
    owner.open("/system")
    owner.sees("runs inside another machine and has no slots")
    owner.sees("Telephone service")
    until(lambda: running(owner) == 6, 10, "all services to run")
    assert "192.0.2.10/24" in owner.text() and "then renewed by itself" in owner.text()
    said = box.run("foyer", "doctor", check=False)
    shown = [notice.text.splitlines()[0] for notice in owner.all(".page > section:first-of-type .notice")]
    assert shown and all(line in said for line in shown), (shown, said)


def test_a_service_is_restarted_from_the_page(owner: Browser, box: Box, exchange: Exchange) -> None:
    old = box.main_pid("foyer-pbx")
    owner.open("/system/restart/foyer-pbx")
    owner.click("form.card .button-bad")
    owner.sees("It was restarted: link between the telephone service and the pages.")
    until(lambda: box.main_pid("foyer-pbx") not in (0, old), 10, "foyer-pbx again")
    front_door = box.main_pid("caddy")
    owner.open("/system/restart/caddy")
    owner.click("form.card .button-bad")
    owner.sees("It is being restarted")
    until(lambda: box.main_pid("caddy") not in (0, front_door), 10, "the front door again")
    owner.sees("Disks and memory", timeout_s=20)


def is_found(owner: Browser, words: str, message: str) -> bool:
    """Whether a search of the messages finds this one; the journal has one a moment after it was said."""
    owner.open(f"/system/log?words={words}")
    return message in owner.text(".messages")


def test_messages_are_found(owner: Browser, box: Box) -> None:
    box.run("sh", "-c", "echo 'the kettle boils, password=hunter2' | systemd-cat -t kitchen -p warning")
    until(lambda: is_found(owner, "kettle", "the kettle boils"), 10, "the message in the journal")
    assert "hunter2" not in owner.text() and "kitchen" in owner.text(".messages")
    owner.open("/system/log?unit=foyer-pbx&words=restarted")
    owner.open("/system/log?unit=caddy")
    owner.sees("Started caddy.service")


def test_the_support_file_is_made(owner: Browser) -> None:
    owner.open("/system")
    size = owner.async_script(
        "const done = arguments[0]; const form = document.querySelector('form[action=\"/system/support\"]');"
        "fetch(form.action, {method: 'POST', body: new URLSearchParams(new FormData(form))})"
        ".then((answer) => answer.blob()).then((blob) => done(blob.type + ' ' + blob.size));"
    )
    kind, bytes_ = str(size).split()
    assert kind == "application/gzip" and int(bytes_) > 2000


def test_a_file_of_sound_comes_in_by_the_front_door(
    owner: Browser, passwords: dict[str, str], tmp_path: Path
) -> None:
    """Forms are much shorter, and Caddy refuses those that are not."""
    file = write_wav(tmp_path / "welcome.wav", tone(440, 70))
    assert file.stat().st_size > 1_000_000
    owner.open("/settings/prompts/new")
    owner.all("[data-upload]")[0].send_keys(str(file))
    owner.sees("Callers hear this recording.", timeout_s=30)
    status = owner.async_script(
        "const done = arguments[0]; fetch('/settings/prompts/new', {method: 'POST', "
        "body: new URLSearchParams({name: 'x'.repeat(1_000_000)})}).then((answer) => done(answer.status));"
    )
    assert status == 413
