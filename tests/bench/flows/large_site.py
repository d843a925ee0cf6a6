"""The site of a large office: 200 phones, 30 queues, 100 menus, with the hours and prompts that belong to
them.
"""

from __future__ import annotations

from typing import Any

from appliance.store.sitemodel import Site

PHONES, QUEUES, MENUS = 200, 30, 100
# Menus of one flow; the last step of each leads to the next flow's queue.
_MENUS_OF_FLOW = 5
_KEYS = "12345"
_HOURS = [{"day": day, "opens": "08:00", "closes": "17:00"} for day in range(1, 6)]


def large_site() -> Site:
    """Each flow asks for the hours, then has menus of five keys one below the other; each line has 20
    numbers.
    """
    flows = [_flow(number) for number in range(1, MENUS // _MENUS_OF_FLOW + 1)]
    return Site.from_dict(
        {
            "country": "VN",
            "language": "vi",
            "time_zone": "Asia/Ho_Chi_Minh",
            "business_name": "Large",
            "agents": [
                {"id": f"a{number}", "name": f"Agent {number}", "extension": str(1000 + number)}
                for number in range(1, PHONES + 1)
            ],
            "queues": [_queue(number) for number in range(1, QUEUES + 1)],
            "lines": [
                {"id": f"l{number}", "kind": "sip", "name": f"Line {number}", "host": f"192.0.2.{number}"}
                for number in range(1, 6)
            ],
            "numbers": [
                {
                    "id": f"n{number}",
                    "number": f"0281234{5000 + number}",
                    "line_id": f"l{number % 5 + 1}",
                    "flow_id": f"f{number % len(flows) + 1}",
                }
                for number in range(100)
            ],
            "schedules": [
                {"id": f"s{number}", "name": f"Hours {number}", "weekly": _HOURS, "closes_on_holidays": True}
                for number in range(1, 6)
            ],
            "flows": flows,
        }
    )


def _queue(number: int) -> dict[str, Any]:
    members = [f"a{(number * 7 + place) % PHONES + 1}" for place in range(20)]
    return {"id": f"q{number}", "name": f"Queue {number}", "greeting_text": "Xin chào.", "agents": members}


def _flow(number: int) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [
        {"id": "t1", "kind": "hours", "schedule_id": f"s{number % 5 + 1}", "open": "t2", "closed": "t90"}
    ]
    for menu in range(2, _MENUS_OF_FLOW + 2):
        ends = [f"t{menu * 10 + key}" for key in range(len(_KEYS))]
        leads = {
            "id": f"t{menu}",
            "kind": "menu",
            "texts": _said(f"Menu {number} {menu}"),
            "dials_people": True,
        }
        # The last key leads to the menu below.
        below = f"t{menu + 1}" if menu <= _MENUS_OF_FLOW else ends[-1]
        targets = [*ends[:-1], below]
        keys = [{"key": key, "next": target} for key, target in zip(_KEYS, targets, strict=True)]
        steps.append({**leads, "keys": keys, "otherwise": ends[0]})
        for place, end in enumerate(ends):
            if end in targets:
                queue = f"q{(number * menu + place) % QUEUES + 1}"
                steps.append({"id": end, "kind": "queue", "queue_id": queue})
    steps.append({"id": "t90", "kind": "say", "texts": _said("Closed"), "next": "t91"})
    steps.append({"id": "t91", "kind": "end"})
    return {"id": f"f{number}", "name": f"Flow {number}", "steps": steps}


def _said(text: str) -> list[dict[str, str]]:
    return [{"language": language, "text": f"{text} {language}"} for language in ("vi", "en")]
