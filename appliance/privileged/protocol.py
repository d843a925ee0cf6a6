"""One line of JSON each way: {"action": NAME, "args": {...}} and {"ok": true} or {"ok": false, "kind",
"message"}.

Both sides refuse a line longer than LINE_MAX bytes.
"""

from __future__ import annotations

import json
import socket
import time
from dataclasses import dataclass
from typing import Literal, get_args

from appliance.errors import RejectedError

LINE_MAX = 4096

# rejected: no such action or argument; forbidden: not for this caller; failed: tried, and it did not work.
Kind = Literal["rejected", "forbidden", "failed"]


@dataclass(frozen=True)
class Call:
    """What a caller asks for, not yet checked against the list of actions."""

    action: str
    args: dict[str, str]


@dataclass(frozen=True)
class Reply:
    """How a call ended; `kind` is None when it went well."""

    kind: Kind | None = None
    message: str = ""


def encode_call(call: Call) -> bytes:
    """The line that asks."""
    return json.dumps({"action": call.action, "args": call.args}).encode() + b"\n"


def decode_call(line: bytes) -> Call:
    """RejectedError when the line is no call."""
    match _json(line):
        case {"action": str(action), "args": dict(args), **rest} if not rest and _all_text(args):
            return Call(action, args)
    raise RejectedError("This is not a call of a privileged action.")


def encode_reply(reply: Reply) -> bytes:
    """The line that answers."""
    if reply.kind is None:
        return b'{"ok": true}\n'
    return json.dumps({"ok": False, "kind": reply.kind, "message": reply.message[:500]}).encode() + b"\n"


def decode_reply(line: bytes) -> Reply:
    """RejectedError when the line is no reply."""
    match _json(line):
        case {"ok": True}:
            return Reply()
        case {"ok": False, "kind": str(text), "message": str(message)}:
            for kind in get_args(Kind):
                if kind == text:
                    return Reply(kind, message)
    raise RejectedError("The privileged process gave no proper answer.")


def read_line(connection: socket.socket) -> bytes:
    """One line with its line feed, in whatever pieces it comes; about LINE_MAX bytes of it at most.

    The connection's timeout is for the whole line, or who sends a byte now and then holds up everybody else.
    TimeoutError, or any other OSError.
    """
    patience_s = connection.gettimeout()
    ends = time.monotonic() + (patience_s or 0.0)
    line = b""
    try:
        while not line.endswith(b"\n") and len(line) <= LINE_MAX:
            if patience_s is not None:
                connection.settimeout(max(ends - time.monotonic(), 0.001))
            piece = connection.recv(LINE_MAX)
            if not piece:
                break
            line += piece
    finally:
        connection.settimeout(patience_s)
    return line


def _json(line: bytes) -> object:
    if len(line) > LINE_MAX or not line.endswith(b"\n"):
        return None
    try:
        value: object = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value


def _all_text(args: dict[object, object]) -> bool:
    return all(isinstance(part, str) for pair in args.items() for part in pair)
