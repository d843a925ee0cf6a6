"""The files of a site as a real Asterisk has loaded them: it must show the intended objects and no others."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

from appliance.apply import objects
from appliance.apply.asterisk import Console
from appliance.apply.check import check
from appliance.errors import RejectedError
from appliance.pbx.conf import (
    extensions_conf,
    indications_conf,
    musiconhold_conf,
    pjsip_conf,
    queuerules_conf,
    queues_conf,
)
from appliance.pbx.conf.inputs import Env, Secrets
from appliance.pbx.conf.tree import render_tree
from appliance.store.sitemodel import Site
from tests.asterisk.instance import PrivateAsterisk
from tests.pbx_conf import raw_values
from tests.pbx_conf.intended import assert_intended
from tests.pbx_conf.places import env_for

SITE_FILES = (
    indications_conf.FILE,
    musiconhold_conf.FILE,
    queuerules_conf.FILE,
    queues_conf.FILE,
    pjsip_conf.FILE,
    extensions_conf.FILE,
    *extensions_conf.DIALPLAN,
)


def assert_loaded_as_intended(asterisk: PrivateAsterisk, wanted: Site, env: Env) -> None:
    """Asterisk reads the site's files, as foyer-apply has them read, and shows the intended objects alone."""
    tree = render_tree(wanted, env)
    asterisk.write({name: tree[name] for name in SITE_FILES})
    config, socket = asterisk.etc / "asterisk.conf", asterisk.directory / "run" / "asterisk.ctl"
    console = Console(config, socket, asterisk.log)
    wrong = console.load(SITE_FILES, objects.expected(tree))
    # An address whose name nobody knows is the one thing that a provider's line may lack.
    assert [one for one in wrong if not one.is_lookup] == [], asterisk.log_tail(20)
    assert_intended(wanted, console.loaded())


def load_everywhere(asterisk: PrivateAsterisk, env: Env, text: str) -> tuple[Site, Secrets]:
    """Loads the site with the text at once in every place, of passwords too, where no renderer refuses it.
    Returns what was loaded.
    """
    before = raw_values.usual()
    wanted = replace(before, lines=(replace(before.lines[0], username="028"), *before.lines[1:]))
    for put in raw_values.SITES:
        tried = put(wanted, text)
        with contextlib.suppress(RejectedError):
            rendered(tried, raw_values.secrets(tried))
            wanted = tried
    held = raw_values.secrets(wanted)
    # The box makes passwords by itself, and no empty ones: Asterisk would refuse such an account, and say so.
    for place in raw_values.SECRETS if text else ():
        other = raw_values.secrets(wanted, text, place)
        changed = replace(held, **{place: getattr(other, place)})
        with contextlib.suppress(RejectedError):
            rendered(wanted, changed)
            held = changed
    country = env_for(wanted, asterisk.directory).country
    assert_loaded_as_intended(asterisk, wanted, replace(env, country=country, secrets=held))
    return wanted, held


def rendered(wanted: Site, held: Secrets) -> dict[str, str]:
    """The files. RejectedError if one of them cannot be written, or would not do."""
    tree = render_tree(wanted, env_for(wanted, Path("/nowhere"), secrets=held))
    check(wanted, tree)
    return tree
