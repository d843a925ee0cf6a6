"""The web server: cheroot with a bounded number of threads, on a unix socket that only Caddy (and root)
can reach.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from pathlib import Path

from cheroot import wsgi
from cheroot.server import HeaderReader, HTTPConnection, HTTPRequest

from appliance.errors import SetupError
from appliance.service import Service
from appliance.sound.convert import MOST_BYTES
from appliance.webui.app import Application
from appliance.webui.events import CAPACITY

_log = logging.getLogger(__name__)

# Each open stream of events holds a thread (two for each of 75 agents: a reload overlaps); 40 more answer
# everybody's pages, so that streams alone can never fill the pool. An idle thread costs some 30 KB.
THREADS = CAPACITY + 40
_ACCEPT_TIMEOUT_S = 10
_QUEUE = 128


class Headers(HeaderReader):
    """Leaves out X_Foyer_Door, which would be X-Foyer-Door to the pages, and that only Caddy may say.

    cheroot's own DropUnderscoreHeaderReader fails on every header (11.1).
    """

    def _allow_header(self, key_name: bytes) -> bool:
        return b"_" not in key_name


class Request(HTTPRequest):
    """A request with only such headers."""

    header_reader = Headers()


class Arrival(HTTPConnection):
    """A connection, with requests that are read with care."""

    RequestHandlerClass = Request


class Server(wsgi.Server):
    """cheroot's server, with its complaints in our log."""

    ConnectionClass = Arrival

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        """Called by cheroot, with the traceback of the present exception if asked to."""
        _log.log(level, "%s", msg.strip(), exc_info=traceback)


def make_server(app: Application, socket: Path, threads: int = THREADS) -> Server:
    """A server that is bound to `socket` and ready to accept.

    Its directory is set-group-id to Caddy's group (tmpfiles.d/foyer.conf), so the socket belongs to that
    group, and nobody else may connect.
    """
    with contextlib.suppress(FileNotFoundError):
        socket.unlink()
    server = Server(
        str(socket),
        app,
        numthreads=threads,
        max=threads,
        server_name="Foyer",
        request_queue_size=_QUEUE,
        timeout=_ACCEPT_TIMEOUT_S,
        shutdown_timeout=2,
        # A full pool answers with an error at once instead of hanging: better for a page that asks again.
        accepted_queue_size=_QUEUE,
        accepted_queue_timeout=5,
    )
    server.max_request_body_size = MOST_BYTES
    # One request a connection: a new one over the unix socket costs less than a millisecond, and Caddy
    # never writes into one that this side is just closing.
    server.keep_alive_conn_limit = 0
    try:
        server.prepare()
        socket.chmod(0o660)
    except OSError as error:
        raise SetupError(f"{socket} cannot be opened: {error.strerror}.", "Look at its directory.") from error
    return server


def start(service: Service, app: Application, socket: Path) -> None:
    """Serves until the service stops. The hub of the event streams runs in a thread of its own."""
    server = make_server(app, socket)
    service.spawn("events", lambda: app.hub.run(service.stop))
    service.spawn("web", lambda: _serve(server, service))
    service.spawn("web-stop", lambda: _stop(server, service.stop))
    service.ready(f"Serving on {socket}.")


def _serve(server: Server, service: Service) -> None:
    server.serve()
    if not service.stop.is_set():
        raise SetupError("The web server stopped by itself.")


def _stop(server: Server, stop: threading.Event) -> None:
    while not stop.wait(1.0):
        pass
    server.stop()
