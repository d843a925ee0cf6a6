"""What came of a test of a phone line, in words that tell what to do. Pure.

Used by the page of a line's tests. The results are those of store/line_tests.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from appliance.store.line_tests import CALL_IN, CAME, LOST, NONE, LineTest
from appliance.store.site_ports import AnalogPort
from appliance.store.site_spans import Span
from appliance.store.sitemodel import Site
from appliance.webui.i18n import N_, Language
from appliance.webui.stated import Stated

# state: (words, kind of badge, what to do)
STATES = {
    "going": (N_("The call goes on"), "info", ""),
    "answered": (N_("Answered"), "good", ""),
    "dialled": (
        N_("Dialled"),
        "info",
        N_(
            "Over an analog line the box does not hear whether somebody answers. Call a telephone that is"
            " beside you: if it rings, the line works."
        ),
    ),
    "busy": (N_("The number is busy"), "good", ""),
    "rang": (N_("It rang, nobody answered"), "good", ""),
    "sound": (
        N_("No ring, but sound"),
        "warn",
        N_(
            "The other side did not say that it rings, and sent sound: mostly an announcement. Call it"
            " with a phone to hear it."
        ),
    ),
    "silent": (
        N_("Nothing came back"),
        "bad",
        N_(
            "The other side neither rang nor refused. Look whether the line works at all, then ask the"
            " provider."
        ),
    ),
    "taken": (N_("The port is taken"), "warn", N_("Another call is on it. Try again when it has ended.")),
    "refused": (N_("Refused by the other side"), "bad", ""),
    "away": (
        N_("The line cannot be used"),
        "bad",
        N_("The call did not leave the box. The line's page says how the line is."),
    ),
    "not-allowed": (
        N_("Not allowed"),
        "warn",
        N_("An administrator can allow such numbers on the page Settings, Calls out."),
    ),
    "limit-now": (
        N_("Too many calls now"),
        "warn",
        N_("As many calls out are up as the limits allow. Try again when some have ended."),
    ),
    "limit-day": (
        N_("The limit of the day is reached"),
        "warn",
        N_("The calls or the minutes of the day are used up. The page Settings, Calls out, has the limits."),
    ),
    "stopped": (
        N_("Expensive calls are stopped"),
        "warn",
        N_("The guard against fraud stopped them. The page Settings, Calls out, releases them."),
    ),
    "waiting": (
        N_("Waiting for a call"),
        "info",
        N_("Call a number of this line now, from a telephone outside."),
    ),
    CAME: (N_("A call came in"), "good", ""),
    "no-number": (
        N_("A call came in without a number"),
        "warn",
        N_("The caller hides it, or the provider does not tell it."),
    ),
    "no-analog-number": (
        N_("A call came in without a number"),
        "warn",
        N_(
            "If the caller does not hide it: choose another way in which the number comes, on the port's"
            " page, and wait for a call again."
        ),
    ),
    NONE: (
        N_("No call came in"),
        "bad",
        N_(
            "Nobody called for two minutes, or the call did not reach the box. The line's page says how the"
            " line is."
        ),
    ),
    LOST: (
        N_("No result"),
        "warn",
        N_("The telephone service was interrupted during the test. Try again."),
    ),
}
# What the causes of ITU-T Q.850 mean for who tries a line. Asterisk makes them of the answers of SIP, too.
_FORBIDDEN = N_(
    "The provider forbids this call. Look at the number shown to people you call, and ask whether the"
    " contract allows such calls."
)
_FULL = N_("No channel is free there, or its network is full. Try again later.")
_NOT_OFFERED = N_(
    "The provider does not offer this kind of call. Look at the line's sound formats, or ask what is missing."
)
_NO_ANSWER = N_("The number does not answer, or its telephone is off.")
CAUSES = {
    1: N_("Nobody has this number."),
    2: N_("No way leads to this number over this line."),
    3: N_("No way leads to this number over this line."),
    18: _NO_ANSWER,
    19: _NO_ANSWER,
    20: _NO_ANSWER,
    22: N_("The number has changed."),
    27: N_("The telephone or the line of this number is out of order."),
    28: N_(
        "The number is incomplete, or not written as the provider wants it. A line over the internet has a"
        " setting for that, below “Rarely needed”."
    ),
    34: _FULL,
    42: _FULL,
    44: _FULL,
    47: _FULL,
    **dict.fromkeys((21, 29, 50, 52, 54, 55, 57, 63), _FORBIDDEN),
    **dict.fromkeys((58, 65, 66, 69, 70, 79, 88), _NOT_OFFERED),
}
_TROUBLE = N_("The provider has trouble, or does not say why. Tell it what it answered.")


@dataclass(frozen=True)
class ResultNow(Stated):
    """A test: `state` is a key of STATES, `port` the name of its port, "" for a line without ports."""

    test: LineTest
    state: str
    port: str
    STATES = STATES

    @property
    def advice(self) -> str:
        """What to do about it (msgid): where the other side refused, by its cause."""
        if self.state == "refused":
            return CAUSES.get(int(self.test.result.get("cause", 0)), _TROUBLE)
        return super().advice

    def facts(self, say: Callable[[str], str], language: Language) -> Iterator[str]:
        """How long what took, and the other side's own words."""
        result = self.test.result
        for name, words in _CAME:
            if value := str(result.get(name, "")):
                yield say(words) % {"value": value}
        for name, words in _TIMES:
            if name in result:
                yield say(words) % {"seconds": language.number(round(result[name] / 1000, 1))}
        if self.test.done is not None and result.get("status") not in (None, "", LOST, NONE):
            seconds = language.number(round(self.test.took_ms / 1000, 1))
            yield say(N_("%(seconds)s s in all")) % {"seconds": seconds}
        if word := str(result.get("word", "")):
            yield say(N_("Its answer: %(word)s")) % {"word": word}
        elif (cause := int(result.get("cause", 0))) not in (0, _ENDED):
            yield say(N_("Its cause (Q.850): %(cause)s")) % {"cause": language.number(cause)}


_CAME = (("name", N_("Name, as it came: %(value)s")), ("dialled", N_("Number dialled: %(value)s")))
# Q.850: somebody hung up.
_ENDED = 16
_TIMES = (
    ("rang", N_("It rang after %(seconds)s s")),
    ("sound", N_("Sound came after %(seconds)s s")),
    ("talked", N_("Connected for %(seconds)s s")),
)


def now_of(test: LineTest, site: Site) -> ResultNow:
    """The test as it is now."""
    if test.kind == CALL_IN:
        port = _port_of(str(test.result.get("channel", "")), site)
        return ResultNow(
            test, _state_in(test, is_analog=isinstance(port, AnalogPort)), port.name if port else ""
        )
    port = site.span(test.port_id) or site.port(test.port_id)
    return ResultNow(test, _state(test), port.name if port else "")


def _port_of(channel: str, site: Site) -> Span | AnalogPort | None:
    """The port of a card that this channel of Asterisk's is of: "DAHDI/i1/0901234567-2a" is a call over the
    first span, "DAHDI/65-1" one over an analog channel.
    """
    span, analog = re.match(r"DAHDI/i([0-9]+)/", channel), re.match(r"DAHDI/([0-9]+)-", channel)
    if span:
        return next((one for one in site.spans if one.number == int(span[1])), None)
    return next((one for one in site.ports if analog and one.channel == int(analog[1])), None)


def _state_in(test: LineTest, *, is_analog: bool) -> str:
    if test.done is None:
        return "waiting"
    if test.result.get("status") != CAME:
        return NONE
    return CAME if test.number else "no-analog-number" if is_analog else "no-number"


def _state(test: LineTest) -> str:
    result = test.result
    status, is_analog = str(result.get("status", "")), test.port_id.startswith("x")
    if test.done is None:
        return "going"
    if status in ("NOANSWER", "CANCEL"):
        return "rang" if "rang" in result else "sound" if "sound" in result else "silent"
    if status in ("CONGESTION", "CHANUNAVAIL"):
        # Without a word of the other side's, nobody was asked.
        return "refused" if result.get("word") and not is_analog else "away"
    if status == "BUSY":
        # Of an analog port, Asterisk says so while another call is on it (channels/chan_dahdi.c).
        return "taken" if is_analog else "busy"
    if status == "ANSWER":
        return "dialled" if result.get("deaf") else "answered"
    why = LOST if status == LOST else str(result.get("why", ""))
    return why if why in STATES else LOST
