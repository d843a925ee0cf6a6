"""The root side of the socket: who calls, what, may they, did it work. One call at a time, one call a
connection.
"""

from __future__ import annotations

import logging
import pwd
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass

from appliance.errors import ForbiddenError, FoyerError, RejectedError
from appliance.privileged.actions import ACTIONS, Prepared, prepare
from appliance.privileged.protocol import Reply, decode_call, encode_reply, read_line

log = logging.getLogger("foyer-privileged")

CALL_TIMEOUT_S = 5.0
# Nobody whom no action is for holds the others up for long.
STRANGER_TIMEOUT_S = 1.0
_SECRET = ("token", "key", "code")
# struct ucred of unix(7): pid, uid, gid.
_UCRED = struct.Struct("3i")


@dataclass(frozen=True)
class Peer:
    """The process at the other end, as the kernel knows it."""

    pid: int
    uid: int


def uids_of(names: tuple[str, ...]) -> frozenset[int]:
    """The user ids of those of the accounts that exist."""
    known = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall()}
    return frozenset(known[name] for name in names if name in known)


def serve(
    listener: socket.socket,
    idle_s: float,
    prepare_call: Callable[[str, dict[str, str]], Prepared] = prepare,
) -> None:
    """Answers calls until none came for `idle_s` seconds."""
    listener.settimeout(idle_s)
    while True:
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            return
        with connection:
            answer(connection, prepare_call)


def answer(
    connection: socket.socket,
    prepare_call: Callable[[str, dict[str, str]], Prepared],
) -> None:
    """Reads one call, carries it out, replies. Whatever the caller does, this returns and the next one gets
    its turn.
    """
    peer = peer_of(connection)
    known = {name for action in ACTIONS for name in action.callers}
    connection.settimeout(CALL_TIMEOUT_S if peer.uid in uids_of(tuple(known)) else STRANGER_TIMEOUT_S)
    try:
        reply = carry_out(connection, peer, prepare_call)
        connection.sendall(encode_reply(reply))
    except OSError as error:
        log.warning("uid %d pid %d went away: %s", peer.uid, peer.pid, error)


def carry_out(
    connection: socket.socket,
    peer: Peer,
    prepare_call: Callable[[str, dict[str, str]], Prepared],
) -> Reply:
    """Every call leaves a line in the log, with who asked and how it ended."""
    what = "a call"
    try:
        # Read in any case: a socket closed with bytes unread takes the reply with it.
        line = read_line(connection)
        call = decode_call(line)
        # A token confirms whatever it was made for, a key or a code opens it: they are no words for a log.
        told = {name: "***" if name in _SECRET else value for name, value in call.args.items()}
        what = f"{call.action[:40]!r} {str(told)[:300]}"
        prepared = prepare_call(call.action, call.args)
        if peer.uid not in uids_of(prepared.callers):
            raise ForbiddenError("This process may not ask for this privileged action.")
        log.info("uid %d pid %d: %s", peer.uid, peer.pid, what)
        prepared.run()
    except FoyerError as error:
        log.warning("uid %d pid %d: %s: %s", peer.uid, peer.pid, what, error)
        match error:
            case ForbiddenError():
                return Reply("forbidden", str(error))
            case RejectedError():
                return Reply("rejected", str(error))
            case _:
                return Reply("failed", str(error))
    log.info("uid %d pid %d: %s: done", peer.uid, peer.pid, what)
    return Reply()


def peer_of(connection: socket.socket) -> Peer:
    """The caller's process and user."""
    pid, uid, _gid = _UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    return Peer(pid, uid)
