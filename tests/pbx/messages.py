"""Messages of the manager interface, made without the wire."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.pbx.ami_parser import Message


def message_of(pairs: Iterable[tuple[str, str]]) -> Message:
    """A message of these headers, in this order."""
    headers: dict[str, str] = {}
    repeated: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        if name in headers:
            repeated[name] = (*repeated.get(name, (headers[name],)), value)
        else:
            headers[name] = value
    return Message(headers, repeated)
