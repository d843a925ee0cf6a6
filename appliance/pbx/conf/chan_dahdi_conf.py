"""chan_dahdi.conf: the channels of telephone cards.

There is one, and modules.conf loads its driver, only on a box that has such lines: those of the site, and
those of the box's profile (provisioning/profiles), whose text is added. Asterisk reads it when it starts;
what changes later, foyer-apply has it take away and make anew, span by span, and analog lines one by one. To
know what Asterisk has made, each channel tells a stamp of its settings as its description.
"""

from __future__ import annotations

from dataclasses import replace

from appliance.pbx.conf.inputs import OTHER_END, Env, prompt_language, stamp
from appliance.pbx.conf.syntax import Section, choice, document
from appliance.store.site_ports import CALLER_ID_STARTS, CALLER_IDS, AnalogPort
from appliance.store.site_spans import Span, ranges
from appliance.store.sitemodel import Site

FILE = "chan_dahdi.conf"
MODULE = "chan_dahdi"
# Begins the stamp of a channel that is made and taken away by itself.
ALONE = "x"
# How often the busy tone is heard before the call ends: two or three times may be a voice, or music.
_BUSY_COUNT = 4
_SIDES = {"user": "cpe", "network": "net"}

type _Settings = tuple[tuple[str, str | int | bool], ...]


def render(site: Site, env: Env) -> str:
    """The file's text."""
    spans = [setting for span in site.spans for setting in _stamped(site, span, env)]
    # After them: nothing that an analog line needs is to be left for a digital one.
    ports = [setting for port in site.ports for setting in _stamped_port(site, port, env)]
    text = document(FILE, (Section("channels", (*_GENERAL, *spans, *ports)),))
    return text + env.card_channels


def dialled(way: Span | AnalogPort) -> str:
    """What calls out are dialled by: any free channel of the span, the highest first, since the company's
    calls come in over the lowest; or the one channel of an analog port.
    """
    return f"G{way.number}" if isinstance(way, Span) else str(way.channel)


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
    # Who calls and is heard to be a fax machine goes on at foyer-fax-tone (dialplan/foyer-fax.conf). Machines
    # say so every three seconds (ITU-T T.30); later it would be a sound in what people say.
    ("faxdetect", "incoming"),
    ("faxdetect_timeout", 30),
    # Those of a profile have it from here, too.
    ("setvar", OTHER_END),
)


def _stamped(site: Site, span: Span, env: Env) -> _Settings:
    settings = _span(site, span, env)
    return (
        *settings,
        # Another name of the port, or of its place, is nothing that Asterisk would have to know; of closed
        # channels, the dialplan knows.
        (
            "description",
            stamp(_plain(replace(span, closed="")), repr(settings), env.country.international_prefix),
        ),
        ("channel", ranges(span.bearers)),
    )


def _plain(way: Span | AnalogPort) -> str:
    return repr(replace(way, name="", panel=""))


def _span(site: Site, span: Span, env: Env) -> _Settings:
    line = next((line for line in site.lines if span.id in line.spans), None)
    return (
        ("group", span.number),
        ("context", f"foyer-in-{line.id}" if line else "foyer-nowhere"),
        ("setvar", f"FOYER_LINE={line.id}" if line else "FOYER_LINE="),
        ("language", prompt_language(site, env.country)),
        ("switchtype", span.switch),
        ("signalling", _signalling(span)),
        # A company lets the wires of several devices rest between calls (ITU-T I.430 6.2), which keeps no
        # call from going out.
        ("layer1_presence", "ignore" if span.type == "bri" and span.multipoint else "required"),
        ("overlapdial", span.overlap),
        # The exchange tells from the digits what kind of number it is.
        ("pridialplan", "unknown"),
        ("prilocaldialplan", "unknown"),
        # Callers' numbers arrive without what is dialled before them.
        ("internationalprefix", env.country.international_prefix or "+"),
        ("nationalprefix", env.country.trunk_prefix),
    )


def _signalling(span: Span) -> str:
    """The kind of line, and who the box is on it."""
    side = _SIDES[span.side]
    if span.type != "bri":
        return f"pri_{side}"
    return f"bri_{side}_ptmp" if span.multipoint else f"bri_{side}"


def _stamped_port(site: Site, port: AnalogPort, env: Env) -> _Settings:
    settings = _port(site, port, env)
    # For another country, the driver is loaded again, which cannot be while Asterisk has a channel of it.
    named = stamp(_plain(replace(port, closed=False)), repr(settings), env.country.line_mode)
    return (*settings, ("description", f"{ALONE}{named}"), ("channel", port.channel))


def _port(site: Site, port: AnalogPort, env: Env) -> _Settings:
    line = next((line for line in site.lines if port.id in line.ports), None)
    pattern = busy_pattern(env.country.tones.busy)
    has_number = port.caller_id != "none"
    # Else Asterisk would take any reversal of polarity for a call, also where it looks for no number.
    start = port.caller_id_start if has_number else "ring"
    return (
        # Else it would be in that of the span before.
        ("group", port.number),
        ("context", f"foyer-in-{line.id}" if line else "foyer-nowhere"),
        ("setvar", f"FOYER_LINE={line.id}" if line else "FOYER_LINE="),
        ("language", prompt_language(site, env.country)),
        # The box is the telephone of this line: system_conf.py.
        ("signalling", "fxs_ks"),
        ("usecallerid", has_number),
        ("cidsignalling", choice(port.caller_id, CALLER_IDS) if has_number else "bell"),
        ("cidstart", choice(start, CALLER_ID_STARTS)),
        ("hanguponpolarityswitch", port.hangup == "polarity"),
        ("answeronpolarityswitch", port.answer_on_polarity),
        ("busydetect", port.hangup == "busytone"),
        ("busycount", _BUSY_COUNT),
        *((("busypattern", pattern),) if pattern else ()),
    )


def busy_pattern(tone: str) -> str:
    """How long a busy tone (store/countries.py) sounds and how long not, for Asterisk, which takes two or
    four times (include/asterisk/dsp.h, ast_dsp_busy_pattern); "" for a tone of another form, of which it asks
    only that all be alike.
    """
    parts = [part.removeprefix("!").partition("/") for part in tone.split(",")]
    alternates = all((part[0] == "0") == bool(at % 2) for at, part in enumerate(parts))
    is_timed = all(part[2].isdigit() and int(part[2]) for part in parts)
    return ",".join(part[2] for part in parts) if len(parts) in (2, 4) and alternates and is_timed else ""
