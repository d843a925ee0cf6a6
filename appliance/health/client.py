"""How the pages ask foyer-health: the facts of the machine, and the box's messages."""

from __future__ import annotations

import http.client
import json
import urllib.parse
from dataclasses import asdict
from pathlib import Path

from appliance.errors import RejectedError, TransientError
from appliance.health.facts import Machine, from_plain
from appliance.health.query import Message, Query
from appliance.on_demand import Connection

# Starting the process and reading the journal of a busy day on a slow box.
ANSWER_TIMEOUT_S = 15.0


class Health:
    """Questions over the socket at `path` (`Settings.health_socket`). Keeps no connection; any thread may use
    it.
    """

    def __init__(self, path: Path, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        self._path = path
        self._timeout_s = timeout_s

    def machine(self) -> Machine:
        """The facts at this moment; TransientError if nobody answers."""
        return from_plain(self._ask("/machine"))

    def search(self, query: Query) -> list[Message]:
        """The messages that fit, the newest first, without secrets; TransientError if nobody answers."""
        found = self._ask("/journal?" + urllib.parse.urlencode(asdict(query)))
        try:
            if isinstance(found, list):
                return [Message(**entry) for entry in found]
        except TypeError as error:
            raise TransientError("The box's own report could not be understood.", "Try again.") from error
        raise TransientError("The box's own report could not be understood.", "Try again.")

    def _ask(self, path: str) -> object:
        connection = Connection(self._path, self._timeout_s)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status == 400:
                raise RejectedError("The box's messages cannot be searched like that.")
            if answer.status != 200:
                raise TransientError("The box's own report could not be read.", "Try again.")
            found: object = json.loads(body)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise TransientError("The box's own report could not be read.", "Try again.") from error
        finally:
            connection.close()
        return found
