"""One Asterisk with the site's phones and lines, for every real call of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.asterisk.instance import free_port
from tests.pbx_conf.exchange import PLAIN, REGISTERED, SHORT, Exchange
from tests.pbx_conf.places import DOCUMENT, site


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """Started once."""
    plain = {"id": "q2", "name": "Đơn giản", "agents": ["a1"], "record": False}
    short = {**plain, "id": "q3", "name": "Ngắn", "max_wait_seconds": 10}
    agents = [*DOCUMENT["agents"], {"id": "a3", "name": "Vắng", "extension": "103"}]
    registering = {
        **DOCUMENT["lines"][0],
        "id": "l2",
        "host": "127.0.0.9",
        "port": free_port("127.0.0.9"),
        "username": "028",
        "register": True,
    }
    wanted = site(
        agents=agents,
        lines=[*DOCUMENT["lines"], registering],
        queues=[*DOCUMENT["queues"], plain, short],
        numbers=[
            *DOCUMENT["numbers"],
            {"id": "n2", "number": PLAIN, "line_id": "l1", "queue_id": "q2"},
            {"id": "n4", "number": REGISTERED, "line_id": "l2", "queue_id": "q2"},
            {"id": "n3", "number": SHORT, "line_id": "l1", "queue_id": "q3"},
        ],
    )
    with Exchange(tmp_path_factory.mktemp("exchange"), wanted) as asterisk:
        yield asterisk


@pytest.fixture
def exchange(running: Exchange) -> Iterator[Exchange]:
    """The exchange without calls and members. Queue q2 has neither greeting nor recording, q3 no
    patience either.
    """
    yield running
    running.empty()
