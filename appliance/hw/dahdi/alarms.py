"""The alarms of a line, as DAHDI names them.

red: nothing comes in, or nothing that makes sense. yellow: the other end says that it hears nothing of us.
blue: the other end sends only that it is there. loop: what is sent comes back. recovering: it was red until a
moment ago. notopen: nothing uses the line. The other three say why it is red: loss of signal, of frames, of
multiframes.
"""

from __future__ import annotations

# Their bits in sysfs and the words in /proc/dahdi: DAHDI 3.4.0, include/dahdi/user.h, DAHDI_ALARM_*, and
# drivers/dahdi/dahdi-base.c, fill_alarm_string.
BITS = {
    "blue": 1 << 4,
    "yellow": 1 << 2,
    "red": 1 << 3,
    "loop": 1 << 1,
    "recovering": 1 << 0,
    "notopen": 1 << 5,
    "los": 1 << 8,
    "lfa": 1 << 9,
    "lmfa": 1 << 10,
}


def from_bits(bits: int) -> tuple[str, ...]:
    """Those that are set in the attribute `alarms` of a span."""
    return tuple(name for name, bit in BITS.items() if bits & bit)


def from_word(word: str) -> str | None:
    """One alarm by its name in upper case, such as "RED"; None for any other word."""
    name = word.lower()
    return name if word.isupper() and name in BITS else None
