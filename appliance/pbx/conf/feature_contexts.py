"""The codes that phones may dial, as contexts of extensions.conf, from the table of store/feature_codes.py.
What a code does is pbx/dialplan/foyer-codes.conf.

Contexts: foyer-features (each code), and for each agent foyer-codes-<agent>, which goes there in the agent's
name: on whatever leg a code runs (a caller may be transferred to one), it is about the agent who dialled it.
"""

from __future__ import annotations

from collections.abc import Iterator

from appliance.pbx.conf.outbound import codes_of
from appliance.pbx.conf.syntax import ANY_CODE, Call, Context, Extension
from appliance.store.feature_codes import CODES, FeatureCode
from appliance.store.sitemodel import Site

FEATURES = "foyer-features"


def contexts(site: Site) -> Iterator[Context]:
    """Those of all codes and agents."""
    yield Context(FEATURES, tuple(_code(one) for one in CODES))
    for agent in site.agents:
        dialled = (Call("foyer-code", (agent.id,), with_number=True),)
        yield Context(codes_of(agent), tuple(Extension(one, dialled) for one in ANY_CODE))


def _code(one: FeatureCode) -> Extension:
    if not one.follows:
        return Extension(one.code, (Call(subroutine_of(one), (one.about,) if one.about else ()),))
    # The subroutine takes what follows: everything from this place on.
    arguments = (one.about, str(len(one.code)))
    return Extension(f"_{one.code}X!", (Call(subroutine_of(one), arguments, with_number=True),))


def subroutine_of(one: FeatureCode) -> str:
    """The context that does what the code is for."""
    return f"foyer-code-{one.name}"
