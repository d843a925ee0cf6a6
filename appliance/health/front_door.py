"""Looks at the pages' front door as a browser does: does it answer, and with a certificate that holds?"""

from __future__ import annotations

import http.client
import socket
import ssl

from appliance.health.facts import Certificate
from appliance.settings import Settings

_TIMEOUT_S = 3.0
# X509_verify_cert_error_string(3)
_NOT_YET_VALID, _HAS_EXPIRED = 9, 10
# Only what listens here can be looked at: the process may not talk to the network.
_LOOPBACK = ("0.0.0.0", "127.0.0.1")  # noqa: S104 - only compared


def look(settings: Settings) -> Certificate:
    """The certificate's state, checked against the authority that the box gives to everybody."""
    if settings.bind not in _LOOPBACK:
        return Certificate()
    try:
        authority = _authority(settings.http_port)
        context = ssl.create_default_context(cadata=authority)
        with (
            socket.create_connection(("127.0.0.1", settings.https_port), _TIMEOUT_S) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as connection,
        ):
            until = (connection.getpeercert() or {}).get("notAfter")
    except ssl.SSLCertVerificationError as error:
        state = {_NOT_YET_VALID: "early", _HAS_EXPIRED: "expired"}.get(error.verify_code, "bad")
        return Certificate(state)
    except (OSError, http.client.HTTPException, ValueError):
        return Certificate("silent")
    return Certificate("good", int(ssl.cert_time_to_seconds(str(until)) * 1000))


def _authority(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", "/foyer-ca.crt")
        answer = connection.getresponse()
        return answer.read(65536).decode("ascii")
    finally:
        connection.close()
