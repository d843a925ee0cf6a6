"""The words for what the store keeps as codes: outcomes, segments, states, reasons. Msgids: pages translate
them.
"""

from __future__ import annotations

import phonenumbers

from appliance.store.sitemodel import Site
from appliance.webui.i18n import N_

# code: (words, kind of badge)
OUTCOMES = {
    "answered": (N_("Answered"), "good"),
    "abandoned": (N_("Caller gave up"), "warn"),
    "no_answer": (N_("Nobody answered"), "bad"),
    "timeout": (N_("Waited too long"), "bad"),
    "cut": (N_("Cut off"), "bad"),
    "failed": (N_("Failed"), "bad"),
    "message": (N_("Left a message"), "info"),
    "blocked": (N_("Turned away: blocked"), ""),
    "callback": (N_("Wants to be called back"), "info"),
    "fax": (N_("Fax"), "info"),
    "fax_failed": (N_("Fax failed"), "bad"),
}
GOING_ON = (N_("Going on"), "info")
ENDED = (N_("Ended"), "")

SEGMENTS = {
    "greeting": N_("Greeting"),
    "menu": N_("Menu"),
    "wait": N_("Waiting"),
    "ring": N_("Ringing"),
    "talk": N_("Talking"),
    "hold": N_("On hold"),
    "message": N_("Message"),
    "fax": N_("Fax"),
    "wrap_up": N_("After the call"),
}
SEGMENT_OUTCOMES = {
    "answered": N_("answered"),
    "abandoned": N_("gave up"),
    "no_answer": N_("not answered"),
    "rejected": N_("declined"),
    "cancelled": N_("stopped ringing"),
    "timeout": N_("waited too long"),
    "cut": N_("cut off"),
    "failed": N_("failed"),
    "callback": N_("left a number"),
}
# What became of a number that a caller left.
CALLBACKS = {
    "waiting": N_("Waits to be called back"),
    "done": N_("Was called back"),
    "called": N_("Called again, and talked with somebody"),
    "failed": N_("Was called back, but not reached"),
    "cancelled": N_("Call back was cancelled"),
    "expired": N_("Was not called back before closing time"),
}
# Why a fax is not whole (store/faxes.py).
FAX_REASONS = {
    "quiet": N_("No fax machine was heard."),
    "dropped": N_("The other side hung up before the fax was over."),
    "line": N_("The fax machine could not be understood: the connection was too bad."),
    "machine": N_("The other fax machine wanted something that the box cannot do."),
    "full": N_("The box had no room to keep it."),
    "cut": N_("The box's telephony ended before the fax was over."),
}
FAX = (N_("Incoming fax"), "print")
DIRECTIONS = {"in": (N_("Incoming call"), "phone-in"), "out": (N_("Outgoing call"), "phone-out")}


def outcome(state: str, code: str | None) -> tuple[str, str]:
    """Words (msgid) and badge for how a conversation ended, or that it has not."""
    if state == "open":
        return GOING_ON
    return OUTCOMES.get(code or "", ENDED)


def queue_name(site: Site, queue_id: str | None) -> str:
    """A queue's name; its id if the site no longer has it, "" for none."""
    queue = next((queue for queue in site.queues if queue.id == queue_id), None)
    return queue.name if queue else queue_id or ""


def line_name(site: Site, line_id: str | None) -> str:
    """A phone line's name; its id if the site no longer has it, "" for none."""
    line = site.line(line_id or "")
    return line.name if line else line_id or ""


def card_port(site: Site, channel: int | None) -> tuple[str, int]:
    """The port of a telephone card that a channel of DAHDI's is of: its name, and the channel as the
    telephone company counts it, 0 on an analog one. ("", 0) if the site no longer has it.
    """
    for span in site.spans:
        if channel is not None and span.first_channel <= channel <= span.last_channel:
            return span.name, channel - span.first_channel + 1
    return next((port.name for port in site.ports if port.channel == channel), ""), 0


def flow_name(site: Site, flow_id: str | None) -> str:
    """A flow's name; its id if the site no longer has it, "" for none."""
    flow = site.flow(flow_id or "")
    return flow.name if flow else flow_id or ""


def agent_name(site: Site, agent_id: str | None) -> str:
    """An agent's name; the id if the site no longer has it, "" for none."""
    agent = next((agent for agent in site.agents if agent.id == agent_id), None)
    return agent.name if agent else agent_id or ""


def disposition_name(site: Site, code: str | None) -> str:
    """A result's name; the code if the site no longer has it, "" for none."""
    return next((one.name for one in site.dispositions if one.code == code), code or "")


def break_name(site: Site, code: str) -> str:
    """A reason's name; the code if the site no longer has it."""
    return next((one.name for one in site.breaks if one.code == code), code)


def number(value: str, country: str) -> str:
    """A phone number as people in `country` read it: national where it is theirs, else international, else as
    it is.
    """
    if not value.startswith("+"):
        return value
    try:
        parsed = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException:
        return value
    own = phonenumbers.country_code_for_region(country) == parsed.country_code
    style = phonenumbers.PhoneNumberFormat.NATIONAL if own else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return str(phonenumbers.format_number(parsed, style))
