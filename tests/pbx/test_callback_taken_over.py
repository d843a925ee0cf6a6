"""Who was called back hears the agent on, and so does the recording, after the agent's page was reloaded,
whatever they speak.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.asterisk.g711 import PCMA, PCMU, Law
from tests.asterisk.sound import tone_seconds
from tests.pbx.box import Box
from tests.pbx.replaces import take_over
from tests.pbx.test_callbacks import box, leave_number, on_a_break, take
from tests.pbx_conf.exchange import wait_tone
from tests.until import until

__all__ = ["box"]
pytestmark = pytest.mark.asterisk


@pytest.mark.parametrize(
    ("agent", "customer"), [(PCMU, PCMA), (PCMA, PCMU), (PCMU, PCMU)], ids=["ulaw-alaw", "alaw-ulaw", "ulaw"]
)
def test_the_customer_hears_an_agent_whose_page_was_reloaded(box: Box, agent: Law, customer: Law) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        desk.laws, outside.laws = (agent,), (customer,)
        on_a_break(box, desk)
        leave_number(box, outside, "1")
        desk.sequence = 60000
        box.agent("a1", "available")
        leg, far = take(desk, outside)
        far.answer()
        wait_tone(far, 600, 0.5)
        wait_tone(leg, 440, 0.5)
        for desk.sequence, desk.tone_hz in ((40000, 1000), (20000, 700)):
            old, leg = leg, take_over(desk, leg, "resume")
            old.wait_end()
            wait_tone(far, desk.tone_hz, 0.5)
            wait_tone(leg, 440, 0.5)
            until(lambda: is_recorded(box, desk.tone_hz), 20, "the agent in the recording")
        far.hang_up()
        leg.wait_end(20)
    assert is_recorded(box, 600)


def is_recorded(box: Box, tone_hz: float) -> bool:
    """Whether this tone is in a recording. (The header of one that goes on is not right yet.)"""
    for file in box.settings.recordings.glob("*/*/*/*.wav"):
        data = file.read_bytes()[44:]
        if tone_seconds(np.frombuffer(data[: len(data) // 2 * 2], dtype=np.int16), tone_hz, 0.3) > 0.3:
            return True
    return False
