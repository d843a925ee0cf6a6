"""Callers whose number or name is made to be read as something else: no row that Asterisk never meant, and
no honest caller's row lost.
"""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.pbx.rows import Parsed, parse_cel
from tests.pbx.box import CALLER, LINE_HOST, NUMBER, Box
from tests.until import until

pytestmark = pytest.mark.asterisk

BREAK = "%0a1795302612%7c1%7cNONE%7cPJSIP/a1%7cPAUSEALL%7cphone%0d%0aQueue%3a%20q2"
QUOTE = "%22%2c%22linkedid%22%3a%22"


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    """Asterisk alone, on the rendered files."""
    with tempfile.TemporaryDirectory(prefix="pbx-", dir="/tmp") as path, Box(Path(path)) as box:
        yield box


def invite(box: Box, caller: str, number: str, *headers: str) -> str:
    """The last answer's status to a call of the line's provider."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as provider:
        provider.bind((LINE_HOST, 0))
        provider.settimeout(5)
        port = provider.getsockname()[1]
        lines = (
            f"INVITE sip:{number}@127.0.0.1 SIP/2.0",
            f"Via: SIP/2.0/UDP {LINE_HOST}:{port};branch=z9hG4bK{port}",
            "Max-Forwards: 70",
            f"From: <sip:{caller}@{LINE_HOST}>;tag=1",
            f"To: <sip:{NUMBER}@127.0.0.1>",
            f"Call-ID: {port}",
            "CSeq: 1 INVITE",
            f"Contact: <sip:{LINE_HOST}:{port}>",
            *headers,
            "Content-Length: 0",
        )
        provider.sendto("\r\n".join([*lines, "", ""]).encode(), ("127.0.0.1", box.sip_port))
        status = "100"
        while status == "100":
            status = provider.recv(4096).decode().split(" ", 2)[1]
        return status


@pytest.mark.parametrize("forged", [BREAK, QUOTE, "%0A", "%1b", "%5C", "%7f"])
def test_a_forged_number_is_no_call(box: Box, forged: str) -> None:
    identity = f"<sip:{CALLER}{forged}@{LINE_HOST}>"
    assert invite(box, CALLER + forged, NUMBER) == "401"
    assert invite(box, CALLER, NUMBER + forged) == "401"
    assert invite(box, CALLER, NUMBER, f"P-Asserted-Identity: {identity}") == "401"
    assert invite(box, CALLER, NUMBER, f"Remote-Party-ID: {identity};party=calling") == "401"
    asserted = (f"P-Asserted-Identity: <tel:{CALLER}>", f"P-Asserted-Identity: {identity}")
    assert invite(box, CALLER, NUMBER, *asserted) == "401"
    for name in ("cel.jsonl", "queue_log"):
        log = box.settings.ast_log / name
        assert "PAUSEALL" not in (log.read_text() if log.exists() else "")


def test_an_honest_number_is_one(box: Box) -> None:
    assert invite(box, "%2b84901234567", "%2B842812345678") == "200"
    assert invite(box, CALLER, NUMBER, f'P-Asserted-Identity: "50% off" <sip:{CALLER}@{LINE_HOST}>') == "200"
    log = box.settings.ast_log / "cel.jsonl"

    def answered() -> set[str]:
        rows = [parse_cel(line) for line in log.read_text().splitlines()]
        return {row.row["linkedid"] for row in rows if row and row.row["eventtype"] == "ANSWER"}

    # Those who look at the rows of their own call must know these.
    until(lambda: len(answered()) == 2, 5, "the rows of both calls")


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        (r"Jim \"JJ\" Smith", r"Jim \"JJ\" Smith"),
        (r"back\\", r"back\\"),
        (r"A\",\"num\":\"5", r"A\",\"num\":\"5"),
        ("tab\there", "tab\there"),
    ],
)
def test_any_name_leaves_a_whole_row(box: Box, sent: str, name: str) -> None:
    log = box.settings.ast_log / "cel.jsonl"
    before = log.read_text() if log.exists() else ""
    # The last rows of the call before may still be to come.
    others = {row.row["linkedid"] for line in before.splitlines() if (row := parse_cel(line))}
    assert invite(box, CALLER, NUMBER, f'P-Asserted-Identity: "{sent}" <sip:{CALLER}@{LINE_HOST}>') == "200"

    def rows() -> list[Parsed | None]:
        parsed = (parse_cel(line) for line in log.read_text()[len(before) :].splitlines())
        return [row for row in parsed if row is None or row.row["linkedid"] not in others]

    until(lambda: any(row and row.row["eventtype"] == "ANSWER" for row in rows()), 5, "the rows of the call")
    for row in rows():
        assert row is not None
        assert (row.row["name"], row.row["num"]) == (name, CALLER)
