"""A site and its surroundings for tests of the renderers, below a folder of the test's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from appliance.pbx.conf.inputs import Env, Secrets
from appliance.store import countries
from appliance.store.sitemodel import Site

DOCUMENT: dict[str, Any] = {
    "country": "VN",
    "language": "vi",
    "time_zone": "Asia/Ho_Chi_Minh",
    "business_name": "Phở Hà Nội",
    "queues": [
        {
            "id": "q1",
            "name": "Đặt bàn",
            "greeting_text": "Xin chào quý khách.",
            "agents": ["a1", "a2"],
            "ring_seconds": 10,
            "wrap_up_seconds": 0,
        }
    ],
    "agents": [
        {"id": "a1", "name": "Trần Thị Hoa", "extension": "101"},
        {"id": "a2", "name": "Lê Văn Nam", "extension": "102"},
    ],
    "lines": [
        {
            "id": "l1",
            "kind": "sip",
            "name": "VNPT",
            "host": "127.0.0.2",
            "port": 5070,
            "caller_number": "02812345678",
        }
    ],
    "numbers": [{"id": "n1", "number": "02812345678", "line_id": "l1", "queue_id": "q1"}],
}


def site(**changes: Any) -> Site:
    """The usual site with some fields changed."""
    return Site.from_dict({**DOCUMENT, **changes})


def env_for(wanted: Site, folder: Path, **changes: Any) -> Env:
    """Surroundings for a site: every path below `folder`, every password its owner's name."""
    phones = {
        f"{agent.id}{kind}": f"secret-{agent.id}{kind}" for agent in wanted.agents for kind in ("", "d")
    }
    made = Env(
        etc=folder / "etc",
        lib=folder / "lib",
        log=folder / "log",
        run=folder / "run",
        spool=folder / "spool",
        recordings=folder / "recordings",
        takes=folder / "takes",
        faxes=folder / "faxes",
        sounds=folder / "sounds",
        bind="127.0.0.1",
        sip_port=5060,
        ami_port=5038,
        http_port=8088,
        entity_id="02:00:00:00:00:01",
        country=countries.find_or_generic(wanted.country, countries.load()),
        secrets=Secrets("secret-events", "secret-actions", "secret-mirror", "secret-sim", phones, {}, {}),
    )
    return replace(made, **changes)
