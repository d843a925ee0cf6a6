"""A conversation as the pages show it: names instead of ids, durations, the segments as a bar. Pure.

Used by calls.py, people.py and desk.py. Times stay moments (ms UTC); the templates put them on the reader's
clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from appliance.store import callbacks, faxes, voicemails, wrap_ups
from appliance.store.conversations import PART
from appliance.store.records import Conversation, Message, Segment
from appliance.store.sitemodel import Site
from appliance.store.users import User
from appliance.webui import labels

BAR_WIDTH = 1000
# How a call ends that leaves something for a queue.
LEFT = (voicemails.OUTCOME, faxes.OUTCOME, faxes.FAILED)
_THINNEST = 4  # of BAR_WIDTH: a segment of a moment is still to be seen


@dataclass(frozen=True)
class Part:
    """A segment: `words` is a msgid, `who` an agent's, a queue's or a flow's name, `x` and `width` are its
    place in the bar. `pressed` is a menu's, see `records.Segment`.
    """

    kind: str
    words: str
    who: str
    started: int
    ended: int | None
    duration_ms: int | None
    outcome: str
    x: int
    width: int
    row: int
    pressed: str | None = None


@dataclass(frozen=True)
class Note:
    """What somebody wrote about a call."""

    body: str
    author: str
    at: int


@dataclass(frozen=True)
class View:
    """One conversation. `port` is that of a telephone card which it used, "" for none, `channel` the one of a
    digital line, else 0. `outcome` is (msgid, badge), `wait_ms`, `talk_ms`, `hold_ms` are sums over its
    segments, `fax` is what came in, if it was one. `is_part`: the recordings do not have all that was said;
    `is_unrecorded`: the call goes on, and no queue that it has been in records anything.
    """

    conversation: Conversation
    line: str
    port: str
    channel: int
    queue: str
    agent: str
    number: str
    dialled: str
    disposition: str
    outcome: tuple[str, str]
    direction: tuple[str, str]
    wait_ms: int | None
    talk_ms: int | None
    hold_ms: int | None
    total_ms: int | None
    parts: tuple[Part, ...]
    notes: tuple[Note, ...]
    recordings: tuple[Message, ...]
    callback: str
    fax: Message | None
    is_part: bool
    is_unrecorded: bool


def view(
    site: Site,
    conversation: Conversation,
    segments: Sequence[Segment],
    messages: Sequence[Message],
    names: Mapping[str, str],
    now: int,
) -> View:
    """`names`: users' names by id, for the authors of notes; `now` (ms) ends what still runs."""
    is_open = conversation.state == "open"
    end = now if is_open else conversation.ended
    port, channel = labels.card_port(site, conversation.card_channel)
    return View(
        conversation=conversation,
        line=labels.line_name(site, conversation.line_id),
        port=port,
        channel=channel,
        queue=labels.queue_name(site, conversation.queue_id),
        agent=labels.agent_name(site, conversation.agent_id),
        number=labels.number(conversation.address, site.country),
        dialled=labels.number(conversation.number, site.country),
        disposition=labels.disposition_name(site, conversation.disposition),
        outcome=labels.outcome(conversation.state, conversation.outcome),
        direction=_direction(conversation),
        wait_ms=_sum(segments, "wait", now),
        talk_ms=_sum(segments, "talk", now),
        hold_ms=_sum(segments, "hold", now),
        total_ms=None if end is None else end - conversation.started,
        parts=_parts(site, conversation, segments, now),
        notes=tuple(
            Note(message.body, names.get(message.author or "", ""), message.updated)
            for message in messages
            if message.kind == "note" and message.body.strip()
        ),
        recordings=tuple(message for message in messages if is_heard(message)),
        callback=_callback(messages),
        fax=next((one for one in messages if one.kind == faxes.KIND and one.pages is not None), None),
        is_part=any(message.kind == "recording" and message.body == PART for message in messages),
        is_unrecorded=is_open and _is_unrecorded(site, segments),
    )


def _direction(conversation: Conversation) -> tuple[str, str]:
    if conversation.channel == faxes.CHANNEL:
        return labels.FAX
    return labels.DIRECTIONS.get(conversation.direction, labels.DIRECTIONS["in"])


def _is_unrecorded(site: Site, segments: Sequence[Segment]) -> bool:
    queues = [site.queue(part.queue_id) for part in segments if part.queue_id]
    return bool(queues) and not any(queue is None or queue.record for queue in queues)


def _callback(messages: Sequence[Message]) -> str:
    """What became of the number that the caller left, in words (msgid); "" if none was left."""
    lines = [message.body for message in messages if message.kind == "system"]
    states = [line.removeprefix(callbacks.LINE) for line in lines if line.startswith(callbacks.LINE)]
    return labels.CALLBACKS.get(states[-1], "") if states else ""


def is_heard(message: Message) -> bool:
    """Whether it is a recording, or a message of a caller, that can be listened to."""
    is_sound = message.kind == "recording" or (message.kind == voicemails.KIND and message.duration_ms)
    return bool(is_sound and message.path)


def has_file(message: Message) -> bool:
    """Whether there is something to be listened to, or to be read."""
    return is_heard(message) or bool(message.kind == faxes.KIND and message.pages and message.path)


def may_open(user: User, conversation: Conversation, segments: Sequence[Segment], site: Site) -> bool:
    """Supervisors open every call, agents those that they took part in, and those in which somebody left
    them, or one of their queues, a message or a fax.
    """
    if user.may("supervisor"):
        return True
    queue = site.queue(conversation.queue_id or "") if conversation.outcome in LEFT else None
    if queue is not None and conversation.agent_id is None and user.agent_id in queue.agents:
        return True
    agents = {conversation.agent_id, *(part.agent_id for part in segments if part.kind in ("talk", "hold"))}
    return user.agent_id is not None and user.agent_id in agents


def _sum(segments: Sequence[Segment], kind: str, now: int) -> int | None:
    lengths = [
        (now if part.ended is None else part.ended) - part.started for part in segments if part.kind == kind
    ]
    return sum(lengths) if lengths else None


def _parts(site: Site, conversation: Conversation, segments: Sequence[Segment], now: int) -> tuple[Part, ...]:
    shown = [_as_of(segment, now) for segment in segments if not _is_nothing(segment)]
    if not shown:
        return ()
    begin = min(conversation.started, *(part.started for part in shown))
    ends = [now if part.ended is None else part.ended for part in shown]
    scale = BAR_WIDTH / max(1, max(ends) - begin)
    return tuple(_part(site, segment, end, begin, scale) for segment, end in zip(shown, ends, strict=True))


def _is_nothing(segment: Segment) -> bool:
    """An agent who gave the result during the talk had no wrap-up."""
    return segment.kind == wrap_ups.KIND and segment.ended == segment.started


def _as_of(segment: Segment, now: int) -> Segment:
    """A wrap-up's end is written down with its begin: until then it runs."""
    return replace(segment, ended=None) if segment.ended is not None and segment.ended > now else segment


def _part(site: Site, segment: Segment, end: int, begin: int, scale: float) -> Part:
    x = round((segment.started - begin) * scale)
    width = max(_THINNEST, round((end - segment.started) * scale))
    agent = labels.agent_name(site, segment.agent_id)
    return Part(
        kind=segment.kind,
        words=labels.SEGMENTS.get(segment.kind, segment.kind),
        who=agent or labels.queue_name(site, segment.queue_id) or labels.flow_name(site, segment.flow_id),
        started=segment.started,
        ended=segment.ended,
        duration_ms=None if segment.ended is None else segment.ended - segment.started,
        outcome=labels.SEGMENT_OUTCOMES.get(segment.outcome or "", ""),
        x=min(x, BAR_WIDTH - width),
        width=width,
        row=1 if segment.kind == "ring" else 0,  # phones ring while the caller waits
        pressed=segment.pressed,
    )
