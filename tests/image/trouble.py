"""How a box without its data tells: on its screen, and by a page in place of all others."""

from __future__ import annotations

import urllib.error
import urllib.request

from tests.image.vm import READY_TIMEOUT_S, VirtualBox
from tests.until import until

LOOK_S = 120
MENU = "Number, then Enter:"


def page(box: VirtualBox) -> str:
    """What anybody in the network is shown, by a server that says that it cannot serve."""
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{box.http_port}/calls", timeout=30)
    except urllib.error.HTTPError as answer:
        assert answer.code == 503
        return answer.read().decode()
    except OSError as error:
        raise AssertionError(error) from error
    raise AssertionError("there is nothing wrong")


def is_said(box: VirtualBox, words: str) -> str:
    """Waits for it on the page and on the screen; returns what stands between the words and the prompt."""
    until(lambda: words in page(box), READY_TIMEOUT_S, f"{words!r} on the page", 1)
    return box.wait_console(MENU, LOOK_S, after=words).partition(MENU)[0]
