"""foyer-sound behind its walls: it converts, sees nothing of the box, and only the pages may ask."""

from __future__ import annotations

import pytest

from tests.image.box import Box

pytestmark = pytest.mark.box

ASK = """
import io, pathlib, tempfile
from appliance.errors import FoyerError
from appliance.sound.client import Sounds
sounds = Sounds(pathlib.Path("/run/foyer-sound.sock"))
said = sounds.spoken("Good morning.", "en")
with tempfile.NamedTemporaryFile() as file:
    file.write(said)
    file.flush()
    print(len(sounds.converted(file, "prompt")) > 8000)
    file.truncate(0)
    file.seek(0)
    file.write(b"a letter, no sound")
    file.flush()
    try:
        sounds.converted(file, "prompt")
    except FoyerError as error:
        print(error)
"""


def test_it_converts_for_the_pages_alone(box: Box) -> None:
    ask = ("python3", "-P", "-c", ASK)
    answer = box.run("runuser", "-u", "foyer-webui", "--", *ask)
    assert answer.split("\n")[0] == "True" and "not a file of sound" in answer
    assert "True" not in box.run("runuser", "-u", "foyer-pbx", "--", *ask, check=False)
