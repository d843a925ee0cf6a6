"""Regular expressions over digits, as libphonenumber's tables have them, as lists of the patterns that
Asterisk's dialplan matches. Pure.

Called by number_plan.py. The tables use digits, \\d, sets such as [2-47], groups (?:...), alternatives, and
the quantifiers ?, {n} and {n,m}; anything else is refused, so that a new release of the tables cannot quietly
mean something else. In a dialplan's pattern X is any digit, a set is a set, and a final ! is anything that
follows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from appliance.errors import SetupError

ANY_DIGIT = "X"
OPEN = "!"
_TOKEN = re.compile(r"\\d|\(\?:|\[[0-9-]+\]|\{\d+(?:,\d+)?\}|[0-9|)?]", re.ASCII)
_ATOMS = re.compile(r"\[[0-9-]+\]|[0-9X+!]", re.ASCII)
_WAYS_MAX = 50_000

type Way = tuple[str, ...]


def patterns(expression: str) -> tuple[str, ...]:
    """What `expression` matches as a whole, as patterns without the underscore in front; "" matches nothing.

    A number of digits that varies at the end becomes the smallest one and "!": the dialplan bounds the length
    of every number anyway. SetupError for an expression of another kind.
    """
    if not expression:
        return ()
    tokens = _TOKEN.findall(expression)
    if "".join(tokens) != expression:
        raise SetupError(f"This table of numbers is of a new kind: {expression}")
    ways, rest = _alternatives(tokens)
    if rest:
        raise SetupError(f"This table of numbers closes a parenthesis too many: {expression}")
    return tuple(sorted(_shortened(ways)))


def matcher(written: Iterable[str]) -> re.Pattern[str]:
    """A regular expression that matches exactly what the dialplan matches with one of these patterns, among
    texts of digits with at most a plus sign in front.
    """
    return re.compile("|".join(_as_expression(one) for one in written) or r"(?!)", re.ASCII)


def example(written: str) -> str:
    """Some digits that the pattern matches."""
    return "".join(_some_digit(atom) for atom in _ATOMS.findall(written) if atom != OPEN)


def _some_digit(atom: str) -> str:
    return "2" if atom == ANY_DIGIT else atom.strip("[]")[0]


def _as_expression(written: str) -> str:
    words = {ANY_DIGIT: "[0-9]", OPEN: "[0-9]*", "+": r"\+"}
    return "".join(words.get(atom, atom) for atom in _ATOMS.findall(written))


def _shortened(ways: Iterable[Way]) -> Iterable[str]:
    """Ways that differ only in how many digits of any kind end them become one."""
    ends: dict[Way, set[int]] = {}
    for way in ways:
        kept = len(way)
        while kept and way[kept - 1] == ANY_DIGIT:
            kept -= 1
        ends.setdefault(way[:kept], set()).add(len(way) - kept)
    for way, counts in ends.items():
        yield "".join(way) + ANY_DIGIT * min(counts) + (OPEN if len(counts) > 1 else "")


def _alternatives(tokens: Sequence[str]) -> tuple[list[Way], Sequence[str]]:
    """Every way through alternatives up to the end or a closing parenthesis, and the tokens from there on."""
    found: list[Way] = []
    while True:
        ways, tokens = _sequence(tokens)
        found += ways
        if not tokens or tokens[0] != "|":
            return found, tokens
        tokens = tokens[1:]


def _sequence(tokens: Sequence[str]) -> tuple[list[Way], Sequence[str]]:
    found: list[Way] = [()]
    while tokens and tokens[0] not in ("|", ")"):
        ways, tokens = _one(tokens)
        found = [before + way for before in found for way in ways]
        if len(found) > _WAYS_MAX:
            raise SetupError("This table of numbers has too many patterns.")
    return found, tokens


def _one(tokens: Sequence[str]) -> tuple[list[Way], Sequence[str]]:
    """One digit, set or group with its quantifier."""
    first, rest = tokens[0], tokens[1:]
    if first == "(?:":
        ways, rest = _alternatives(rest)
        if not rest or rest[0] != ")":
            raise SetupError("This table of numbers leaves a parenthesis open.")
        rest = rest[1:]
    elif first[0] in "?{":
        raise SetupError("This table of numbers repeats nothing.")
    else:
        ways = [(ANY_DIGIT if first == r"\d" else first,)]
    if not rest or rest[0][0] not in "?{":
        return ways, rest
    low, high = _bounds(rest[0])
    return [way for count in range(low, high + 1) for way in _repeated(ways, count)], rest[1:]


def _bounds(quantifier: str) -> tuple[int, int]:
    if quantifier == "?":
        return 0, 1
    low, _, high = quantifier.strip("{}").partition(",")
    return int(low), int(high or low)


def _repeated(ways: Sequence[Way], count: int) -> list[Way]:
    found: list[Way] = [()]
    for _ in range(count):
        found = [before + way for before in found for way in ways]
    return found
