"""Which numbers a change touches, and how a flow's steps are told: each change of what callers meet shows."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from appliance.store.sitemodel import Site
from appliance.webui import flow_words, touched
from tests.pbx_conf.places import DOCUMENT, site

TEXTS = [{"language": "vi", "text": "Xin chào."}]
PROMPTS = [
    {"id": f"p{n}", "name": f"Prompt {n}", "voices": [{"language": "vi", "text": f"{n}"}]} for n in (1, 2)
]
STEPS: list[dict[str, Any]] = [
    {"id": "t1", "kind": "menu", "texts": TEXTS, "dials_people": True, "otherwise": "t2",
     "keys": [{"key": "1", "next": "t3"}]},
    {"id": "t2", "kind": "message", "for_id": "q1", "texts": TEXTS},
    {"id": "t3", "kind": "outside", "number": "0901234567"},
]  # fmt: skip
NUMBERS = [
    {"id": "n1", "number": "02812345678", "line_id": "l1", "queue_id": "q1"},
    {"id": "n2", "number": "02812345679", "line_id": "l1", "flow_id": "f1"},
]
WITH_FLOW: dict[str, Any] = {
    "flows": [{"id": "f1", "name": "Main", "steps": STEPS}],
    "numbers": NUMBERS,
    "prompts": PROMPTS,
}
QUEUE, FLOW = "+842812345678", "+842812345679"


def shown(**changes: Any) -> Site:
    return site(**{**WITH_FLOW, **changes})


@pytest.mark.parametrize(
    ("changes", "numbers"),
    [
        ({}, []),
        ({"business_name": "Another"}, []),
        # Whoever a menu lets dial, whether or not in a queue.
        ({"agents": [*DOCUMENT["agents"], {"id": "a3", "name": "An", "extension": "103"}]}, [FLOW]),
        ({"outbound": {"kinds": ["national"]}}, [FLOW]),
        ({"queues": [{**DOCUMENT["queues"][0], "ring_seconds": 11}]}, [QUEUE]),
    ],
)
def test_the_numbers_that_a_change_touches(changes: dict[str, Any], numbers: list[str]) -> None:
    assert touched.numbers(shown(), shown(**changes)) == numbers


def test_another_prompt_before_a_message_is_told() -> None:
    def told(prompt: str) -> str:
        steps = [STEPS[0], {**STEPS[1], "texts": [], "prompt_id": prompt}, STEPS[2]]
        wanted = shown(flows=[{"id": "f1", "name": "Main", "steps": steps}])
        flow = wanted.flows[0]
        return flow_words.sentence(dataclasses.replace(flow.steps[1]), flow, wanted, str)

    assert "Prompt 1" in told("p1") and "Prompt 2" in told("p2")
