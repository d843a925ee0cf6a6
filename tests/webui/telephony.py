"""Stands in for foyer-pbx where a page asks it for something."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from appliance.store import Store, requests
from tests.until import until


@contextlib.contextmanager
def telephony(store: Store, ok: bool, result: dict[str, Any]) -> Iterator[list[requests.Request]]:
    """Answers the next request as foyer-pbx would; yields the list that it is put into."""
    asked: list[requests.Request] = []

    def work() -> None:
        def claimed() -> requests.Request | None:
            with store.change() as change:
                return requests.claim(change, "pbx")

        request = until(claimed, 10, "a request for the telephone service")
        assert request is not None
        asked.append(request)
        with store.change() as change:
            requests.finish(change, request.id, ok, result)

    thread = threading.Thread(target=work)
    thread.start()
    yield asked
    thread.join(60)
