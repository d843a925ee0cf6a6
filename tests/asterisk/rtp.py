"""One end of a telephone conversation's sound: an RTP socket that sends a tone and keeps what it hears.

Used by the test phone and, for the sound, beside a SIPp caller. A thread of its own sends a frame each
20 ms, also while it has nothing to say (a real phone is never silent on the wire), and takes in what
arrives.
"""

import random
import socket
import struct
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Self

import numpy as np

from tests.asterisk.g711 import LAWS, PCMA, Law, Samples
from tests.asterisk.sip import KEYS_TYPE
from tests.asterisk.sound import RATE, tone

FRAME = 160
FRAME_S = FRAME / RATE
HEADER = struct.Struct("!BBHII")
# RFC 4733 2.3: event, end bit and volume, duration.
EVENT = struct.Struct("!BBH")
KEYS = "0123456789*#"
# A key is held for five frames, and its end is said three times.
HELD, ENDS = 5, 3


@dataclass(frozen=True)
class Packet:
    """An RTP packet as it arrived; `at` is monotonic seconds."""

    at: float
    sequence: int
    timestamp: int
    source: int
    samples: Samples


class SoundPort:
    """A bound RTP port with its thread. Times are `time.monotonic()` seconds.

    `late_s` is how late the latest frame went out so far: where a machine is busy, so much of it is missed.
    `sequence` is the number of the first packet that it sends, by default any (RFC 3550 5.1). One that
    `follows` speaks to where sound comes from, wherever it was told to: the other side is behind address
    translation.
    """

    def __init__(
        self, host: str = "127.0.0.1", sequence: int | None = None, *, follows: bool = False
    ) -> None:
        self.host = host
        self.follows = follows
        self.law: Law = PCMA
        self.remote: tuple[str, int] | None = None
        self.packets: list[Packet] = []
        self.late_s = 0.0
        self._voice: Samples = np.zeros(FRAME, dtype=np.int16)
        self._position = 0
        self._keys: deque[tuple[int, int]] = deque()
        self._sequence = random.getrandbits(16) if sequence is None else sequence
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._socket = self._bind(host)
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._run, name=f"rtp-{self.port}", daemon=True)
        self._thread.start()

    @staticmethod
    def _bind(host: str) -> socket.socket:
        """Bind an even port (RFC 3550 11); the odd one above it stays unused, as RTCP is not spoken."""
        while True:
            candidate = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            candidate.bind((host, 0))
            if candidate.getsockname()[1] % 2 == 0:
                candidate.settimeout(0)
                return candidate
            candidate.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the thread and free the port; what was heard stays readable."""
        self._stop.set()
        self._thread.join(timeout=60)
        self._socket.close()

    def send_to(self, host: str, port: int, law: Law) -> None:
        """Speak to this address from now on."""
        self.law = law
        self.remote = (host, port)

    def say(self, frequency_hz: float) -> None:
        """Send a tone from the next frame on; the whole number of hertz keeps it free of clicks."""
        self.play(tone(round(frequency_hz), 1.0))

    def press(self, keys: str) -> None:
        """Press these keys, one after the other; the voice goes on after them."""
        for key in keys:
            self._keys.extend((KEYS.index(key), frame) for frame in range(HELD + ENDS))

    def play(self, samples: Samples) -> None:
        """Send these samples (8 kHz, at least one frame of 20 ms) again and again."""
        with self._lock:
            self._voice, self._position = samples[: len(samples) // FRAME * FRAME], 0

    def _run(self) -> None:
        sequence, timestamp, source = self._sequence, random.getrandbits(32), random.getrandbits(32)
        due = time.monotonic()
        began = timestamp
        while not self._stop.is_set():
            self._receive_until(due)
            self.late_s = max(self.late_s, time.monotonic() - due)
            remote = self.remote
            if remote is not None and self._keys:
                key, frame = self._keys.popleft()
                began = timestamp if frame == 0 else began
                first = 0x80 if frame == 0 else 0
                header = HEADER.pack(0x80, first | KEYS_TYPE, sequence & 0xFFFF, began, source)
                end = 0x80 if frame >= HELD else 0
                duration = min(frame + 1, HELD) * FRAME
                self._send(header + EVENT.pack(key, end | 10, duration), remote)
            elif remote is not None:
                header = HEADER.pack(0x80, self.law.payload_type, sequence & 0xFFFF, timestamp, source)
                self._send(header + self.law.encode(self._next_frame()), remote)
            sequence, timestamp = sequence + 1, (timestamp + FRAME) & 0xFFFFFFFF
            due += FRAME_S

    def _send(self, packet: bytes, remote: tuple[str, int]) -> None:
        try:
            self._socket.sendto(packet, remote)
        except OSError:  # nobody listens there any more: a phone does not care
            return

    def _next_frame(self) -> Samples:
        with self._lock:
            frame = self._voice[self._position : self._position + FRAME]
            self._position = (self._position + FRAME) % len(self._voice)
        return frame

    def _receive_until(self, due: float) -> None:
        while (left := due - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                data, sender = self._socket.recvfrom(2048)
            except OSError:  # time is up, or an ICMP error of an earlier send
                continue
            self._take(data, sender)

    def _take(self, data: bytes, sender: tuple[str, int]) -> None:
        law = next((law for law in LAWS if len(data) > 12 and law.payload_type == data[1] & 0x7F), None)
        if law is None:
            return
        _, _, sequence, timestamp, source = HEADER.unpack_from(data)
        if self.remote is None or self.follows:
            self.send_to(*sender, law)
        self.packets.append(Packet(time.monotonic(), sequence, timestamp, source, law.decode(data[12:])))

    def as_sent(self) -> Samples:
        """All that the last one who spoke has said, by his own clock alone: neither a busy machine nor a late
        packet makes a tone or a silence in it longer.
        """
        last = self.packets[-1].source
        packets = [packet for packet in self.packets if packet.source == last]
        first = min(packet.timestamp for packet in packets)
        end = max(packet.timestamp - first + len(packet.samples) for packet in packets)
        result = np.zeros(end, dtype=np.int16)
        for packet in packets:
            begin = packet.timestamp - first
            result[begin : begin + len(packet.samples)] = packet.samples
        return result

    def heard(self, start: float | None = None, end: float | None = None) -> Samples:
        """What was heard between two moments (default: from the first packet to the last).

        Packets lie where their timestamps say, as after a jitter buffer; what never came is silence.
        """
        packets = list(self.packets)
        if not packets:
            return np.zeros(0, dtype=np.int16)
        first = packets[0].at if start is None else start
        last = packets[-1].at + FRAME_S if end is None else end
        result = np.zeros(max(0, round((last - first) * RATE)), dtype=np.int16)
        for position, samples in _placed(packets, first):
            begin, finish = max(position, 0), min(position + len(samples), len(result))
            if begin < finish:
                result[begin:finish] = samples[begin - position : finish - position]
        return result


def _placed(packets: list[Packet], origin: float) -> list[tuple[int, Samples]]:
    """Sample position of each packet after `origin`: by timestamp, anchored anew where a stream restarts."""
    placed: list[tuple[int, Samples]] = []
    anchor_position, anchor = 0, packets[0]
    for packet in packets:
        arrived = round((packet.at - origin) * RATE)
        position = anchor_position + (packet.timestamp - anchor.timestamp)
        if packet is packets[0] or packet.source != anchor.source or abs(position - arrived) > RATE // 10:
            anchor_position, anchor, position = arrived, packet, arrived
        placed.append((position, packet.samples))
    return placed
