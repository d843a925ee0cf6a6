"""Settings from an environment, and errors in a reader's language."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import FoyerError, RejectedError, SetupError
from appliance.settings import Settings


def test_the_box_needs_no_environment() -> None:
    settings = Settings.load({})
    assert settings == Settings()
    assert settings.db == Path("/data/foyer/foyer.db")
    assert settings.webui_socket == Path("/run/foyer/webui.sock")
    assert (settings.bind, settings.https_port, settings.sip_port) == ("0.0.0.0", 443, 5060)


def test_everything_can_be_elsewhere() -> None:
    settings = Settings.load(
        {
            "FOYER_DATA": "/srv",
            "FOYER_RUN": "/tmp/run",
            "FOYER_BIND": "127.0.0.1",
            "FOYER_HTTPS_PORT": "8443",
            "FOYER_AMI_PORT": "15038",
            "FOYER_SIP_PORT": "",
            "HOME": "/root",
        }
    )
    assert (settings.db, settings.recordings) == (
        Path("/srv/foyer/foyer.db"),
        Path("/srv/asterisk/recordings"),
    )
    assert (settings.bind, settings.https_port, settings.ami_port, settings.sip_port) == (
        "127.0.0.1",
        8443,
        15038,
        5060,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FOYER_HTTPS_PORT", "0"),
        ("FOYER_HTTPS_PORT", "65536"),
        ("FOYER_SIP_PORT", "sip"),
        ("FOYER_SIP_PORT", "۵۰۶۰"),
        ("FOYER_DATA", "data"),
    ],
)
def test_nonsense_is_a_setup_error(name: str, value: str) -> None:
    with pytest.raises(SetupError, match=name):
        Settings.load({name: value})


def test_errors_speak_the_readers_language() -> None:
    words = {"At most {high} characters, please.": "Xin nhập tối đa {high} ký tự.", "Again.": "Lại."}
    error = RejectedError("At most {high} characters, please.", "Again.", field="name", high=80)
    assert error.text(words.__getitem__) == "Xin nhập tối đa 80 ký tự. Lại."
    assert str(error) == "At most 80 characters, please. Again."
    assert (error.message, error.sentence.hint, error.field) == (
        "At most 80 characters, please.",
        "Again.",
        "name",
    )
    plain = FoyerError("A {brace} stays.")
    assert str(plain) == plain.text(str) == "A {brace} stays."
