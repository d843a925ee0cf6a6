"""What kinds of lines a rendered file has, whatever stands in them."""

from __future__ import annotations

# What a raw value may add by itself: an account of a line, its registration, numbers in other forms, pieces
# of music.
ALLOWED = frozenset(
    f"{word} ="
    for word in (
        *("entry", "type", "username", "password", "outbound_auth", "from_user", "transport", "server_uri"),
        *("client_uri", "contact_user", "line", "endpoint", "expiration", "retry_interval"),
        *(
            "forbidden_retry_interval",
            "fatal_retry_interval",
            "max_retries",
            "max_random_initial_delay",
            "auth_rejection_permanent",
        ),
    )
) | {"exten", "[]"}


def shape(text: str) -> frozenset[str]:
    """The kinds of lines of a file: directives whole, options by their name, sections and steps as such."""
    kinds = set()
    for line in text.splitlines():
        if line.startswith("["):
            kinds.add("[]")
        elif line.startswith("exten"):
            kinds.add("exten")
        elif "=" in line and not line.startswith(";"):
            kinds.add(line.split("=")[0].strip() + " =")
        else:
            kinds.add(line)
    return frozenset(kinds)
