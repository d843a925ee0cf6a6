"""G.711 (ITU-T G.711, tables 1a to 2b) as two lookup tables per law, for the test phones.

Decoding follows the standard's segment formula; encoding picks the nearest value that the law can
express, so that one table cannot disagree with the other.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

type Samples = NDArray[np.int16]


@dataclass(frozen=True)
class Law:
    """One of the two companding laws, with its RTP payload type (RFC 3551, table 4)."""

    name: str
    payload_type: int
    decoded: NDArray[np.int16]
    encoded: NDArray[np.uint8]

    def decode(self, payload: bytes) -> Samples:
        """Linear 16-bit samples of an RTP payload."""
        samples: Samples = self.decoded[np.frombuffer(payload, dtype=np.uint8)]
        return samples

    def encode(self, samples: Samples) -> bytes:
        """RTP payload of linear 16-bit samples."""
        return self.encoded[samples.astype(np.int32) + 32768].tobytes()


def _alaw_value(code: int) -> int:
    code ^= 0x55
    value = (code & 0x0F) << 4
    segment = (code & 0x70) >> 4
    value = value + 8 if segment == 0 else (value + 0x108) << (segment - 1)
    return value if code & 0x80 else -value


def _ulaw_value(code: int) -> int:
    code = ~code & 0xFF
    value = ((((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84
    return -value if code & 0x80 else value


def _law(name: str, payload_type: int, values: list[int]) -> Law:
    decoded = np.array(values, dtype=np.int16)
    order = np.argsort(decoded, kind="stable")
    ordered = decoded[order].astype(np.int32)
    borders = (ordered[1:] + ordered[:-1]) / 2
    nearest = np.searchsorted(borders, np.arange(-32768, 32768))
    return Law(name, payload_type, decoded, order[nearest].astype(np.uint8))


PCMU = _law("PCMU", 0, [_ulaw_value(code) for code in range(256)])
PCMA = _law("PCMA", 8, [_alaw_value(code) for code in range(256)])
LAWS = (PCMA, PCMU)
