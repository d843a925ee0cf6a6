"""Text as the database takes it, for what comes from networks and browsers."""

from __future__ import annotations

import json


def storable(text: str) -> str:
    """`text` with "?" for lone surrogates, which a parser makes of broken input and nothing can encode."""
    return text.encode("utf-8", "replace").decode()


def to_json(value: object) -> str:
    """`value` as compact JSON with sorted keys, so that equal values are equal text."""
    return storable(json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")))
