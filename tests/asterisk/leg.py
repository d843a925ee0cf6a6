"""A test phone's side of one call: its dialog (RFC 3261 12), its offer and answer, its sound."""

import secrets
import time
from collections.abc import Callable
from typing import Protocol

from tests.asterisk.g711 import Law, Samples
from tests.asterisk.rtp import SoundPort
from tests.asterisk.sip import Media, Message, media_of, name_of, offer, tag_of, uri_of, user_of
from tests.until import until


class Leg:
    """One call of a phone; made by `Phone.call` or by an INVITE that came in.

    Attributes change in the phone's thread; tests wait for them with `until` or the `wait_` methods.
    Moments are monotonic seconds, None until they come.
    """

    def __init__(self, phone: "Wire", remote_uri: str, call_id: str, invite: Message | None) -> None:
        self.phone = phone
        self.call_id = call_id
        self.invite = invite
        self.tag = secrets.token_hex(6)
        self.target = remote_uri
        self.local = ""
        self.remote = ""
        self.cseq = 1
        self.version = 1
        self.media: Media | None = None
        self.rang_at: float | None = None
        self.answered_at: float | None = None
        self.ended_at: float | None = None
        self.status = 0
        self.reinvites = 0
        self.direction = "sendrecv"
        self.sound = SoundPort(phone.host, phone.sequence, follows=phone.follows)
        if phone.tone_hz:
            self.sound.say(phone.tone_hz)

    @property
    def caller(self) -> str:
        """Number shown to the phone that rings."""
        assert self.invite, "not a call that came in"
        return user_of(uri_of(self.invite.get("from")))

    @property
    def caller_name(self) -> str:
        """Name shown to the phone that rings."""
        assert self.invite, "not a call that came in"
        return name_of(self.invite.get("from"))

    @property
    def is_up(self) -> bool:
        return self.answered_at is not None and self.ended_at is None

    def description(self) -> str:
        """Our session description, with the direction we are in."""
        self.version += 1
        laws = self.phone.laws if self.media is None else (self.media.law,)
        return offer(self.sound.host, self.sound.port, laws, self.version, self.direction)

    def take_media(self, body: str) -> None:
        """Send to where the other side's session description says; an empty one changes nothing."""
        if not body:
            return
        self.media = media_of(body)
        self.sound.send_to(self.media.host, self.media.port, self.media.law)

    def answer(self) -> None:
        """Pick up a ringing call."""
        assert self.invite and self.answered_at is None, "nothing rings"
        self.take_media(self.invite.body)
        self.answered_at = time.monotonic()
        self.phone.respond(self.invite, 200, "OK", self, self.description())

    def refuse(self, status: int = 486, reason: str = "Busy Here") -> None:
        """Turn a ringing call down."""
        assert self.invite and self.answered_at is None, "nothing rings"
        self.phone.respond(self.invite, status, reason, self)
        self.end()

    def request(self, method: str, body: str = "", cseq: int | None = None) -> Message:
        """A request inside this dialog; a new CSeq unless one is given."""
        if cseq is None:
            self.cseq += 1
        return self.phone.build(
            method, self.target, self.local, self.remote, self.call_id, cseq or self.cseq, body=body
        )

    def hang_up(self) -> None:
        """End the call: BYE once it is up, CANCEL before."""
        if self.ended_at is not None:
            return
        if self.answered_at is None and self.invite is None:
            self.phone.cancel(self)
        elif self.answered_at is None:
            self.refuse(480, "Temporarily Unavailable")
        else:
            self.phone.ask(self.request("BYE"))
        self.end()

    def hold(self) -> None:
        """Put the other side on hold, as a desk phone does."""
        self._turn("sendonly")

    def resume(self) -> None:
        """Take the other side back from hold."""
        self._turn("sendrecv")

    def _turn(self, direction: str) -> None:
        self.direction = direction
        answer = self.phone.ask(self.request("INVITE", self.description()))
        assert answer.status == 200, f"{direction} was refused: {answer.start}"
        self.take_media(answer.body)

    def end(self) -> None:
        """The call is over, whoever ended it."""
        self.ended_at = self.ended_at or time.monotonic()
        self.sound.close()

    def wait_answer(self, timeout_s: float = 10) -> "Leg":
        """Wait until the call is up."""
        until(lambda: self.is_up, timeout_s, f"an answer to {self.phone.user} (status {self.status})")
        return self

    def wait_end(self, timeout_s: float = 10) -> "Leg":
        """Wait until the other side or we ended the call."""
        until(lambda: self.ended_at is not None, timeout_s, f"the end of {self.phone.user}'s call")
        return self

    def heard(self, start: float | None = None, end: float | None = None) -> Samples:
        """See `SoundPort.heard`."""
        return self.sound.heard(start, end)

    def wait_heard(
        self, wanted: Callable[[Samples], bool], last_s: float, timeout_s: float, what: str
    ) -> None:
        """Wait until the last `last_s` seconds that were heard satisfy `wanted`."""

        def enough() -> bool:
            now = time.monotonic()
            return wanted(self.sound.heard(now - last_s, now))

        until(enough, timeout_s, f"{self.phone.user} to hear {what}")

    def matches(self, message: Message) -> bool:
        """Whether a request belongs to this dialog."""
        return message.call_id == self.call_id and tag_of(message.get("to")) in ("", self.tag)


class Wire(Protocol):
    """What a leg needs of its phone."""

    user: str
    host: str
    tone_hz: float
    laws: tuple[Law, ...]
    sequence: int | None
    follows: bool

    def build(
        self, method: str, uri: str, local: str, remote: str, call_id: str, cseq: int, *, body: str = ""
    ) -> Message:
        """A request of this phone."""

    def respond(
        self, request: Message, status: int, reason: str, leg: Leg | None = None, body: str = ""
    ) -> None:
        """Answer a request."""

    def ask(self, request: Message) -> Message:
        """Send a request and wait for its final answer."""

    def cancel(self, leg: Leg) -> None:
        """Take back an INVITE that nobody answered."""
