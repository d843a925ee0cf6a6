"""How long a page takes while many browsers listen and calls come in."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from tests.bench.manager_port import listening, queue_call
from tests.bench.pages import CALLS, Pages, Streams
from tests.bench.result import Measure, percentile
from tests.pbx.fake_asterisk import FakeAsterisk

STREAMS = 100
ROUNDS = 5
REQUESTS = 100
CALL_EVERY_S = 1.0
REQUEST_EVERY_S = 0.02


def calls(asterisk: FakeAsterisk, stop: threading.Event) -> None:
    """A call through the queue every second, its events spread over that time."""
    number = 0
    while not stop.is_set():
        number += 1
        events = queue_call(number, f"a{number % 8 + 1}")
        for event in events:
            asterisk.send(event)
            stop.wait(CALL_EVERY_S / len(events))


def round_ms(pages: Pages, reader: str) -> dict[str, list[float]]:
    """What each request for both pages took, asked for one after the other."""
    taken: dict[str, list[float]] = {}
    for _ in range(REQUESTS):
        for path in ("/live", f"/people/{pages.person}"):
            time.sleep(REQUEST_EVERY_S)
            began = time.perf_counter()
            answer = pages.get(path, reader)
            taken.setdefault(path, []).append((time.perf_counter() - began) * 1000)
            assert answer.startswith(b"HTTP/1.1 200") and b"</html>" in answer, answer[:500]
    return taken


def measure(folder: Path) -> Measure:
    """The slower page counts, with all requests of all rounds."""
    stop = threading.Event()
    with Pages(folder) as pages, listening(pages.store, folder) as asterisk:
        reader, *listeners = pages.sessions(STREAMS + 1)
        with Streams(pages, listeners):
            working = threading.Thread(target=calls, args=(asterisk, stop))
            working.start()
            rounds = [round_ms(pages, reader) for _ in range(ROUNDS)]
            stop.set()
            working.join()
    live, timeline = (
        percentile([took for taken in rounds for took in taken[path]], 0.95) for path in rounds[0]
    )
    each = [max(percentile(times, 0.95) for times in taken.values()) for taken in rounds]
    return Measure(
        "first_call.page_p95_ms",
        round(max(live, timeline), 1),
        "ms",
        50,
        "lower",
        f"the slower of /live ({live:.1f}) and a timeline ({timeline:.1f}), {ROUNDS * REQUESTS} requests each"
        f" over the unix socket, with {STREAMS} streams open, {CALLS} calls in the store and a call through"
        f" the queue every second ({ROUNDS} rounds by themselves: {min(each):.1f} to {max(each):.1f})",
    )
