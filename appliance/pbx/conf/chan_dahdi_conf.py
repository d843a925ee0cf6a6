"""chan_dahdi.conf: the channels of telephone cards.

There is one, and modules.conf loads its driver, only on a box that has such lines: those of the site, and
those of the box's profile (provisioning/profiles), whose text is added. Asterisk reads it when it starts;
what changes later, foyer-apply has it take away and make anew, span by span. To know what Asterisk has made,
each channel tells a stamp of its settings as its description.
"""

from __future__ import annotations

from dataclasses import replace

from appliance.pbx.conf.inputs import OTHER_END, Env, prompt_language, stamp
from appliance.pbx.conf.syntax import Section, document
from appliance.store.site_spans import Span, ranges
from appliance.store.sitemodel import Site

FILE = "chan_dahdi.conf"
MODULE = "chan_dahdi"
_SIDES = {"user": "pri_cpe", "network": "pri_net"}

type _Settings = tuple[tuple[str, str | int | bool], ...]


def render(site: Site, env: Env) -> str:
    """The file's text."""
    settings = [setting for span in site.spans for setting in _stamped(site, span, env)]
    text = document(FILE, (Section("channels", (*_GENERAL, *settings)),))
    return text + env.card_channels


def dialled(span: Span) -> str:
    """What calls out are dialled by: any free channel of the span, the highest first, since the company's
    calls come in over the lowest.
    """
    return f"G{span.number}"


_GENERAL: _Settings = (
    # A card that is not there must not keep the others from working.
    ("ignore_failed_channels", True),
    ("usecallerid", True),
    ("callerid", "asreceived"),
    ("usecallingpres", True),
    ("echocancel", True),
    # What goes from one card to another needs no help.
    ("echocancelwhenbridged", False),
    # One word for a whole span, and not one for each channel.
    ("reportalarms", "spans"),
    # Nothing in ETSI or ANSI asks for it, and some exchanges drop calls by it.
    ("resetinterval", "never"),
    ("priindication", "outofband"),
    # Those of a profile have it from here, too.
    ("setvar", OTHER_END),
)


def _stamped(site: Site, span: Span, env: Env) -> _Settings:
    settings = _span(site, span, env)
    return (
        *settings,
        # Another name of the port, or of its place, is nothing that Asterisk would have to know.
        (
            "description",
            stamp(repr(replace(span, name="", panel="")), repr(settings), env.country.international_prefix),
        ),
        ("channel", ranges(span.bearers)),
    )


def _span(site: Site, span: Span, env: Env) -> _Settings:
    line = next((line for line in site.lines if span.id in line.spans), None)
    return (
        ("group", span.number),
        ("context", f"foyer-in-{line.id}" if line else "foyer-nowhere"),
        ("setvar", f"FOYER_LINE={line.id}" if line else "FOYER_LINE="),
        ("language", prompt_language(site, env.country)),
        ("switchtype", span.switch),
        ("signalling", _SIDES[span.side]),
        ("overlapdial", span.overlap),
        # The exchange tells from the digits what kind of number it is.
        ("pridialplan", "unknown"),
        ("prilocaldialplan", "unknown"),
        # Callers' numbers arrive without what is dialled before them.
        ("internationalprefix", env.country.international_prefix or "+"),
        ("nationalprefix", env.country.trunk_prefix),
    )
