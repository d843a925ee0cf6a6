"""The pages' styles do without what the browsers that the README promises do not have."""

from __future__ import annotations

import re

from appliance.webui.assets import STATIC_ROOT

# In a block of its own is what makes a page nicer, and no other.
ASKED_FOR = re.compile(r"@supports selector\(:has\(\*\)\) \{\n(?:  .*\n)+\}\n")


def test_firefox_learned_has_in_version_121() -> None:
    """A browser drops a whole rule for one word that it does not know: a link would cover the page, not its
    row.
    """
    styles = {path.name: path.read_text("utf-8") for path in STATIC_ROOT.glob("*.css")}
    assert "parts.css" in styles
    assert {
        name: found
        for name, text in styles.items()
        if (found := re.findall(r".*:has\(.*", ASKED_FOR.sub("", text)))
    } == {}
