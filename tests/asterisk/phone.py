"""A telephone for tests: registers, calls, rings, answers, holds; says a tone and keeps what it hears.

Speaks SIP over UDP (RFC 3261) as a desk phone or as the far end of a phone line. One thread reads the
socket. It sends no retransmissions of its own, since a loopback loses nothing, but repeats an answer when
it is asked again. Registration does not refresh itself: a test is shorter than its 600 s.
"""

import secrets
import socket
import threading
import time
from dataclasses import dataclass, field, replace
from typing import Self

from tests.asterisk.g711 import LAWS, Law
from tests.asterisk.leg import Leg
from tests.asterisk.sip import Message, authorization, parse, tag_of, uri_of
from tests.until import until

ANSWER_S = 5.0


@dataclass
class Transaction:
    """A request on its way; `attempts` counts the sendings: first without credentials, then with."""

    request: Message
    leg: Leg | None = None
    attempts: int = 1
    final: Message | None = None
    provisional: list[Message] = field(default_factory=list)


class Phone:
    """A phone on a UDP port of `host`; with a password it answers challenges.

    `tone_hz` is what it says in every call (0: silence on the wire). `answers`: pick up as soon as it
    rings; `refuses`: turn every call down with this status before it rings. `laws` is what it can speak,
    the dearest first; `sequence` the number of the first packet of sound in every call; `follows`: see
    `SoundPort`. A phone line's far end is a Phone on the provider's address without a password. `is_silent`:
    it keeps in `trace` what comes, but says nothing to any request, as a provider that is down.
    """

    def __init__(
        self,
        user: str,
        password: str = "",
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        server: tuple[str, int] = ("127.0.0.1", 5060),
        tone_hz: float = 0,
        answers: bool = False,
        refuses: int = 0,
        laws: tuple[Law, ...] = LAWS,
        sequence: int | None = None,
        follows: bool = False,
    ) -> None:
        self.user, self.password, self.host, self.server = user, password, host, server
        self.tone_hz, self.answers, self.laws = tone_hz, answers, laws
        self.refuses = refuses
        self.sequence, self.follows = sequence, follows
        self.is_silent = False
        # What it answers to requests that are no call, by method: 200 unless said here.
        self.statuses: dict[str, int] = {}
        self.legs: list[Leg] = []
        self.trace: list[str] = []
        self._transactions: dict[str, Transaction] = {}
        self._answered: dict[tuple[str, int, str], bytes] = {}
        self._stop = threading.Event()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, port))
        self._socket.settimeout(0.1)
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._run, name=f"phone-{user}", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every call and free the port."""
        for leg in self.legs:
            if leg.is_up:
                leg.cseq += 1
                self._send(leg.request("BYE", cseq=leg.cseq))
            elif leg.ended_at is None and leg.invite is None:
                self.cancel(leg)  # else it would ring on, into the next test
            leg.end()
        self._stop.set()
        self._thread.join(timeout=60)
        self._socket.close()

    def log_tail(self) -> str:
        """The last messages, for a failed test's report."""
        return "\n\n".join(self.trace[-12:])

    # What a test does with the phone

    def register(self, expires_s: int = 600) -> None:
        """Register at the server; a refusal is an AssertionError."""
        server = f"sip:{self.server[0]}:{self.server[1]}"
        own = f"<sip:{self.user}@{self.server[0]}>"
        request = self.build(
            "REGISTER", server, f"{own};tag={secrets.token_hex(6)}", own, secrets.token_hex(12), 1
        )
        contact = f"<sip:{self.user}@{self.host}:{self.port}>"
        headers = [(name, contact if name == "contact" else value) for name, value in request.headers]
        answer = self.ask(replace(request, headers=(*headers, ("expires", str(expires_s)))))
        assert answer.status == 200, f"{self.user} was not registered: {answer.start}"

    def wait_registered(self, timeout_s: float = 10) -> None:
        """Register with a password that was just made: the server learns it a moment later."""

        def is_registered() -> bool:
            self.register()
            return True

        until(is_registered, timeout_s, f"{self.user} to be registered", 0.25)

    def call(self, number: str, *, caller: str | None = None, name: str = "", uri: str = "") -> Leg:
        """Call a number, or exactly this address; `caller` and `name` are what the other side may show, by
        default the user.
        """
        uri = uri or f"sip:{number}@{self.server[0]}:{self.server[1]}"
        leg = Leg(self, uri, f"{secrets.token_hex(12)}@{self.host}", None)
        shown = f'"{name}" ' if name else ""
        leg.local = f"{shown}<sip:{caller or self.user}@{self.host}>;tag={leg.tag}"
        leg.remote = f"<{uri}>"
        self.legs.append(leg)
        self._dispatch(Transaction(leg.request("INVITE", leg.description()), leg))
        return leg

    def ringing(self) -> Leg | None:
        """The call that rings here now."""
        waiting = (
            leg for leg in self.legs if leg.invite and leg.answered_at is None and leg.ended_at is None
        )
        return next(waiting, None)

    def wait_ring(self, timeout_s: float = 10) -> Leg:
        """Wait until a call rings here."""
        leg = until(self.ringing, timeout_s, f"a ring at {self.user}")
        assert leg is not None
        return leg

    def wait_call(self, timeout_s: float = 10) -> Leg:
        """Wait until a call that came in is up here."""
        leg = until(
            lambda: next((leg for leg in self.legs if leg.invite and leg.is_up), None),
            timeout_s,
            f"a call at {self.user}",
        )
        assert leg is not None
        return leg

    # Requests of ours

    def build(
        self, method: str, uri: str, local: str, remote: str, call_id: str, cseq: int, *, body: str = ""
    ) -> Message:
        """A request of this phone, with a new transaction."""
        headers = [
            ("Via", f"SIP/2.0/UDP {self.host}:{self.port};rport;branch=z9hG4bK{secrets.token_hex(8)}"),
            ("Max-Forwards", "70"),
            ("From", local),
            ("To", remote),
            ("Call-ID", call_id),
            ("CSeq", f"{cseq} {method}"),
            ("Contact", f"<sip:{self.user}@{self.host}:{self.port}>"),
            ("User-Agent", "Foyer test phone"),
            ("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, NOTIFY"),
        ]
        if body:
            headers.append(("Content-Type", "application/sdp"))
        return Message(f"{method} {uri} SIP/2.0", tuple((k.lower(), v) for k, v in headers), body)

    def ask(self, request: Message) -> Message:
        """Send a request and wait for its final answer, at most 5 s."""
        transaction = Transaction(request)
        self._dispatch(transaction)
        answer = until(lambda: transaction.final, ANSWER_S, f"an answer to {self.user}'s {request.method}")
        assert answer is not None
        return answer

    def cancel(self, leg: Leg) -> None:
        """Take back a call of ours that nobody answered."""
        for transaction in list(self._transactions.values()):
            if transaction.leg is leg and transaction.final is None:
                first = transaction.request
                kept = [h for h in first.headers if h[0] in ("via", "max-forwards", "from", "to", "call-id")]
                kept.append(("cseq", f"{first.cseq} CANCEL"))
                self._send(Message(f"CANCEL {first.uri} SIP/2.0", tuple(kept)))

    def _dispatch(self, transaction: Transaction) -> None:
        self._transactions[transaction.request.get("via").split("branch=")[1]] = transaction
        self._send(transaction.request)

    def _send(self, message: Message) -> None:
        self._send_bytes(message.encode())

    def _send_bytes(self, data: bytes) -> None:
        self.trace.append(f"{time.monotonic():.3f} sent\n{data.decode(errors='replace')}")
        try:
            self._socket.sendto(data, self.server)
        except OSError:  # the server is not there: the answer that never comes says so
            return

    def _acknowledge(self, answer: Message, request: Message, target: str) -> None:
        """ACK a final answer: in its transaction if a refusal, in a new one if a 2xx (RFC 3261 17.1.1.3)."""
        via = request.get("via")
        if answer.status < 300:
            via = via.split("branch=")[0] + f"branch=z9hG4bK{secrets.token_hex(8)}"
        headers = [
            ("via", via),
            ("max-forwards", "70"),
            ("from", request.get("from")),
            ("to", answer.get("to")),
        ]
        headers += [("call-id", request.call_id), ("cseq", f"{request.cseq} ACK")]
        self._send(Message(f"ACK {target} SIP/2.0", tuple(headers)))

    # What comes in

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                data, _ = self._socket.recvfrom(65536)
            except OSError:  # nothing came for a while, or an ICMP error of an earlier send
                continue
            if not data.strip():
                continue
            self.trace.append(f"{time.monotonic():.3f} came\n{data.decode(errors='replace')}")
            message = parse(data)
            if message.is_response:
                self._on_response(message)
            else:
                self._on_request(message)

    def _on_response(self, answer: Message) -> None:
        transaction = self._transactions.get(answer.get("via").split("branch=")[1].split(";")[0])
        if transaction is None or answer.get("cseq").endswith("CANCEL"):
            return  # RFC 3261 9.1: a CANCEL has its INVITE's branch, and its answer says nothing of the call
        request, leg = transaction.request, transaction.leg
        if answer.status < 200:
            transaction.provisional.append(answer)
            if leg is not None:
                self._on_progress(leg, answer)
            return
        if request.method == "INVITE":
            target = uri_of(answer.get("contact", request.uri)) if answer.status < 300 else request.uri
            self._acknowledge(answer, request, target)
        if answer.status in (401, 407) and self.password and transaction.attempts == 1:
            self._retry(transaction, answer)
            return
        transaction.final = answer
        if leg is not None and request.method == "INVITE":
            self._on_final(leg, answer)

    def _on_progress(self, leg: Leg, answer: Message) -> None:
        leg.status = answer.status
        if answer.status >= 180:
            leg.rang_at = leg.rang_at or time.monotonic()
            leg.take_media(answer.body)

    def _on_final(self, leg: Leg, answer: Message) -> None:
        leg.status = answer.status
        if answer.status >= 300:
            leg.end()
        elif leg.answered_at is None:
            leg.remote = answer.get("to")
            leg.target = uri_of(answer.get("contact"))
            leg.take_media(answer.body)
            leg.answered_at = time.monotonic()

    def _retry(self, transaction: Transaction, challenge: Message) -> None:
        request = transaction.request
        asked, given = ("www-authenticate", "authorization")
        if challenge.status == 407:
            asked, given = ("proxy-authenticate", "proxy-authorization")
        offered = next(v for v in challenge.all(asked) if "SHA" not in v.upper())
        value = authorization(offered, self.user, self.password, request.method, request.uri)
        via = request.get("via").split("branch=")[0] + f"branch=z9hG4bK{secrets.token_hex(8)}"
        changed = {"via": via, "cseq": f"{request.cseq + 1} {request.method}"}
        headers = tuple((name, changed.get(name, old)) for name, old in request.headers)
        again = Message(request.start, (*headers, (given, value)), request.body)
        if transaction.leg is not None:
            transaction.leg.cseq = request.cseq + 1
        transaction.request, transaction.attempts = again, 2
        self._dispatch(transaction)

    def respond(
        self,
        request: Message,
        status: int,
        reason: str,
        leg: Leg | None = None,
        body: str = "",
        *,
        contact: str = "",
        more: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """Answer a request, in the name of a leg once there is one; `contact` is another's address, `more`
        are headers beside the usual ones.
        """
        to = request.get("to")
        if leg is not None and not tag_of(to):
            to = f"{to};tag={leg.tag}"
        headers = [("via", value) for value in request.all("via")]
        headers += [("record-route", value) for value in request.all("record-route")]
        headers += [("from", request.get("from")), ("to", to), ("call-id", request.call_id)]
        own = f"sip:{self.user}@{self.host}:{self.port}"
        headers += [("cseq", request.get("cseq")), ("contact", f"<{contact or own}>"), *more]
        if body:
            headers.append(("content-type", "application/sdp"))
        data = Message(f"SIP/2.0 {status} {reason}", tuple(headers), body).encode()
        self._answered[(request.call_id, request.cseq, request.method)] = data
        self._send_bytes(data)

    def _on_request(self, request: Message) -> None:
        if request.method == "ACK" or self.is_silent:
            return
        known = self._answered.get((request.call_id, request.cseq, request.method))
        if known is not None:
            self._send_bytes(known)
            return
        leg = next((leg for leg in self.legs if leg.matches(request)), None)
        if request.method == "INVITE":
            self._on_invite(request, leg)
        elif request.method in ("BYE", "CANCEL") and leg is None:
            self.respond(request, 481, "Call/Transaction Does Not Exist")
        elif request.method == "CANCEL" and leg is not None and leg.invite is not None:
            self.respond(request, 200, "OK", leg)
            if leg.answered_at is None:
                self.respond(leg.invite, 487, "Request Terminated", leg)
                leg.end()
        else:
            self.respond(request, self.statuses.get(request.method, 200), "As asked", leg)
            if leg is not None and request.method == "BYE":
                leg.end()

    def _on_invite(self, request: Message, leg: Leg | None) -> None:
        if leg is not None:  # an offer inside the call: hold, or the sound moves elsewhere
            leg.reinvites += 1
            leg.take_media(request.body)
            self.respond(request, 200, "OK", leg, leg.description())
            return
        leg = Leg(self, uri_of(request.get("contact")), request.call_id, request)
        leg.local = f"{request.get('to')};tag={leg.tag}"
        leg.remote = request.get("from")
        leg.rang_at = time.monotonic()
        self.legs.append(leg)
        if self.refuses:
            leg.refuse(self.refuses, "No")
            return
        self.respond(request, 180, "Ringing", leg)
        if self.answers:
            leg.answer()
