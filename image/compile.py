"""Runs inside the root, fed on standard input by product.sh: translations to .mo, Python to byte code, the
phrases that Asterisk has no recordings of to sound, and the pages that stand without the pages' process.
"""

import compileall
import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from appliance.apply import prompts
from appliance.webui import standing

HOME = Path("/usr/lib/foyer")
SOUNDS = Path("/usr/share/asterisk/sounds")
STANDING = Path("/usr/share/foyer/standing")


def main() -> int:
    for path in sorted(HOME.glob("appliance/locale/*/LC_MESSAGES/*.po")):
        with path.open("rb") as source, path.with_suffix(".mo").open("wb") as target:
            write_mo(target, read_po(source, abort_invalid=True))
    prompts.make(SOUNDS)
    standing.make(STANDING)
    return 0 if compileall.compile_dir(HOME, quiet=1) else 1


if __name__ == "__main__":
    sys.exit(main())
