"""pjsip.conf: the phones of the agents, the phone lines, and the built-in simulated caller.

Who may say who they are: phones and the simulated caller by the user name in From, then a password; lines
only by their provider's address or by the token of our own registration. The browsers' phones come through
Caddy, so that every one of them, the simulated caller and a provider's proxy on this box share the address
127.0.0.1: names come before addresses. Before both comes a look at what the names and numbers are made of.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from appliance.pbx.conf import outbound
from appliance.pbx.conf.indications_conf import zone
from appliance.pbx.conf.inputs import OTHER_END, Env, own_address, prompt_language, stamp
from appliance.pbx.conf.syntax import (
    Section,
    caller_id,
    choice,
    document,
    extension,
    host,
    sip_uri,
    sip_user,
    uri_host,
)
from appliance.store.sitemodel import CODECS, Agent, Line, Site

FILE = "pjsip.conf"

TIMER_T1_MS = 125
QUALIFY_S = 20
"""How often a provider is asked whether it is there: for so long calls may still be tried there first."""

STAMP = "foyer-stamp"

type Settings = tuple[tuple[str, str | int | bool], ...]

# A leg whose far end sends nothing for so long (seconds) is gone: the caller goes back into the queue. A
# reloaded page needs at most 5. On hold a desk phone may rightly be silent; a browser goes on sending.
SILENT_S = 30
SILENT_ON_HOLD_S = 3600
# A provider may suppress silence: give a line more time than a phone.
LINE_SILENT_S = 180

REFUSED = "foyer-refused"
# Control characters, a quote or a backslash, escaped in a SIP URI (RFC 3261 25.1). Asterisk takes the escape
# away and writes the rest as it is into queue_log, cel.jsonl and the manager's events. A line break in a
# caller's number begins another row there: an agent who has gone, or a call that never was.
_FORGED = "/%([01]|22|5[Cc]|7[Ff])/"
# Where Asterisk takes a caller's name and number from.
_CALLERS = (("from", "From"), ("pai", "P-Asserted-Identity"), ("rpid", "Remote-Party-ID"))


def render(site: Site, env: Env) -> str:
    """The file's text."""
    sections = [*_service(env), *_refused(), *_simulated(site, env)]
    for agent in site.agents:
        sections += _phones(site, agent, env)
    for line in site.lines_of("sip"):
        sections += _line(site, line, env)
    sections.append(_stamp(document(FILE, sections), env))
    return document(FILE, sections)


def _stamp(text: str, env: Env) -> Section:
    """An account that nobody can use: its user name, which Asterisk shows, tells which text it has loaded.

    "Reloaded successfully" is said of a file that was refused, too.
    """
    return Section(STAMP, (("type", "auth"), ("username", stamp(text)), ("password", env.secrets.sim)))


def _service(env: Env) -> Iterator[Section]:
    yield Section(
        "global",
        (
            ("type", "global"),
            ("user_agent", "Foyer"),
            ("default_realm", "foyer"),
            ("endpoint_identifier_order", "header,request_uri,username,ip"),
            # Any backlog elsewhere (say, of the manager interface) would otherwise make Asterisk refuse
            # calls.
            ("taskprocessor_overload_trigger", "pjsip_only"),
            ("mwi_disable_initial_unsolicited", True),
            ("send_contact_status_on_update_registration", False),
        ),
    )
    # A provider that says nothing at all to a call, not even that it was received, costs the caller this
    # long (RFC 3261 17.1.1.2, timer B, by itself 32 s) before the next line is tried. Asterisk takes nothing
    # below 64 times T1, after which a message is sent again: a provider further away gets some twice.
    yield Section("system", (("type", "system"), ("timer_t1", TIMER_T1_MS), ("timer_b", 64 * TIMER_T1_MS)))
    # Asterisk does not take a changed transport without dropping calls: these depend on the box alone, never
    # on the site.
    yield Section(
        "udp",
        (("type", "transport"), ("protocol", "udp"), ("bind", f"{uri_host(env.bind)}:{env.sip_port}")),
    )
    yield Section("ws", (("type", "transport"), ("protocol", "ws"), ("bind", "127.0.0.1")))


def _refused() -> Iterator[Section]:
    """Whoever sends forged rows is taken for this account, which asks for a password that nobody has: no call
    begins.
    """
    yield Section(
        REFUSED,
        (
            ("type", "endpoint"),
            ("context", "foyer-nowhere"),
            ("identify_by", "header,request_uri"),
            ("auth", STAMP),
            ("disallow", "all"),
            ("allow", "alaw"),
        ),
    )
    for name, header in _CALLERS:
        match = ("match_header", f"{header}: {_FORGED}")
        yield Section(f"{REFUSED}-{name}", (("type", "identify"), ("endpoint", REFUSED), match))
    match = ("match_request_uri", _FORGED)
    yield Section(f"{REFUSED}-uri", (("type", "identify"), ("endpoint", REFUSED), match))


def _simulated(site: Site, env: Env) -> Iterator[Section]:
    """`sim` calls in like a line's caller, with a password; `sim-out` is the side of it that we originate."""
    yield Section("sim", (("type", "auth"), ("username", "sim"), ("password", env.secrets.sim)))
    yield Section(
        "sim",
        (
            ("type", "endpoint"),
            ("transport", "udp"),
            ("context", "foyer-in-sim"),
            ("allow_transfer", False),
            ("send_connected_line", False),
            ("identify_by", "username"),
            ("auth", "sim"),
            ("trust_id_inbound", True),
            *_sound(("alaw", "ulaw")),
            *_speech(site, env),
        ),
    )
    yield Section(
        "sim-out",
        (("type", "aor"), ("contact", sip_uri(own_address(env), env.sip_port)), ("qualify_frequency", 0)),
    )
    yield Section(
        "sim-out",
        (
            ("type", "endpoint"),
            ("context", "foyer-nowhere"),
            ("identify_by", "ip"),
            ("transport", "udp"),
            ("aors", "sim-out"),
            ("outbound_auth", "sim"),
            ("from_user", "sim"),
            ("send_pai", True),
            *_sound(("alaw", "ulaw")),
            *_speech(site, env),
        ),
    )


def _phones(site: Site, agent: Agent, env: Env) -> Iterator[Section]:
    """`a1`, the phone in the browser, and `a1d`, the one on the desk."""
    own = [queue for queue in site.queues if agent.id in queue.agents]
    records = any(queue.record for queue in own)
    queues = ",".join(queue.id for queue in own)
    # Who answers one of the same queues may take a call that rings here.
    groups: Settings = (("named_call_group", queues), ("named_pickup_group", queues)) if queues else ()
    shared: Settings = (
        ("context", outbound.context_of(agent)),
        ("identify_by", "username"),
        ("callerid", caller_id(agent.name, agent.extension)),
        *((("set_var", "FOYER_RECORD=yes"),) if records else ()),
        # Keys during a call (features_conf.py): T to hand on, K to park. They belong to the phone's own leg,
        # whichever way it came into the call, and nobody else's leg has them. FOYER_PHONE tells such legs.
        ("set_var", "CHANNEL(dtmf_features)=TK"),
        ("set_var", f"TRANSFER_CONTEXT={outbound.HANDS}"),
        ("set_var", "FOYER_PHONE=yes"),
        *groups,
        *_speech(site, env),
    )
    yield from _registered(agent.id, env)
    yield Section(
        agent.id,
        (
            ("type", "endpoint"),
            ("aors", agent.id),
            ("auth", agent.id),
            # DTLS-SRTP, ICE, rtcp-mux, bundle: what RFC 8825 and its kin ask of a browser's peer.
            ("webrtc", True),
            ("dtls_auto_generate_cert", True),
            *_where(env),
            # alaw before opus: on the LAN nothing is gained by transcoding what the line speaks anyway.
            *_sound(("alaw", "ulaw", "opus"), hold_s=2 * SILENT_S),
            *shared,
        ),
    )
    desk = f"{agent.id}d"
    yield from _registered(desk, env)
    yield Section(
        desk,
        (
            ("type", "endpoint"),
            ("transport", "udp"),
            ("aors", desk),
            ("auth", desk),
            *_sound(("alaw", "ulaw", "g722")),
            *shared,
        ),
    )


def _where(env: Env) -> Settings:
    """A box that listens at one address waits for the sound of its browsers there, too. (That of other phones
    goes by the address of the transport `udp`.)
    """
    if ip_address(env.bind).is_unspecified:
        return ()
    return (("media_address", env.bind), ("bind_rtp_to_media_address", True))


def _registered(name: str, env: Env) -> Iterator[Section]:
    """A phone's password and its place: one, the last that registered (a reloaded page, a phone with a new
    address).
    """
    yield Section(
        name,
        (
            ("type", "aor"),
            ("max_contacts", 1),
            ("remove_existing", True),
            ("minimum_expiration", 30),
            ("maximum_expiration", 600),
            ("default_expiration", 120),
            # Finds a phone whose network is gone before its registration runs out.
            ("qualify_frequency", 15),
            ("qualify_timeout", "3.0"),
        ),
    )
    yield Section(name, (("type", "auth"), ("username", name), ("password", env.secrets.phones[name])))


def _line(site: Site, line: Line, env: Env) -> Iterator[Section]:
    password = env.secrets.lines.get(line.id, "")
    yield Section(
        line.id,
        (("type", "aor"), ("contact", sip_uri(line.host, line.port)), ("qualify_frequency", QUALIFY_S)),
    )
    # A line whose password nobody has given yet goes without: Asterisk refuses an account with an empty one.
    has_account = bool(line.username and password)
    if has_account:
        yield Section(line.id, (("type", "auth"), ("username", line.username), ("password", password)))
    yield Section(
        line.id,
        (
            ("type", "endpoint"),
            ("context", f"foyer-in-{line.id}"),
            # Never by name: whoever claims in From to be "l1" has to come from the provider's address.
            ("identify_by", "ip"),
            ("transport", "udp"),
            ("aors", line.id),
            *((("outbound_auth", line.id),) if has_account else ()),
            *((("from_user", sip_user(line.username)),) if line.username else ()),
            ("from_domain", host(line.host)),
            ("trust_id_inbound", True),
            ("send_pai", True),
            # Which agent answers, under which internal number, is none of the caller's business.
            ("send_connected_line", False),
            ("trust_connected_line", False),
            ("allow_transfer", False),
            ("set_var", f"FOYER_LINE={line.id}"),
            *_sound(line.codecs, silent_s=LINE_SILENT_S),
            *_speech(site, env),
        ),
    )
    yield Section(line.id, (("type", "identify"), ("endpoint", line.id), ("match", host(line.host))))
    if line.register and has_account:
        yield _registration(site, line)


def _registration(site: Site, line: Line) -> Section:
    """Our own registration at the provider. It never gives up: a network may be gone for a weekend."""
    own = next((number.number for number in site.numbers if number.line_id == line.id), "")
    return Section(
        line.id,
        (
            ("type", "registration"),
            ("transport", "udp"),
            ("server_uri", sip_uri(line.host, line.port)),
            ("client_uri", sip_uri(line.host, line.port, line.username)),
            # Many providers call the contact instead of the number: make it the line's first number.
            ("contact_user", extension(own) if own else "s"),
            ("outbound_auth", line.id),
            # Calls that come back through this registration are the line's, whatever address they come from.
            ("line", True),
            ("endpoint", line.id),
            ("expiration", 600),
            # One box need not spread its registrations over ten seconds.
            ("max_random_initial_delay", 1),
            ("retry_interval", 30),
            ("forbidden_retry_interval", 300),
            ("fatal_retry_interval", 300),
            ("max_retries", 1_000_000),
            ("auth_rejection_permanent", False),
        ),
    )


def _sound(codecs: tuple[str, ...], *, silent_s: int = SILENT_S, hold_s: int = SILENT_ON_HOLD_S) -> Settings:
    return (
        ("disallow", "all"),
        ("allow", ",".join(choice(codec, CODECS) for codec in codecs)),
        # Sound always passes through Asterisk: it is recorded, and a phone may be behind address translation.
        ("direct_media", False),
        ("rtp_symmetric", True),
        ("force_rport", True),
        ("rewrite_contact", True),
        ("rtp_timeout", silent_s),
        ("rtp_timeout_hold", hold_s),
        ("set_var", OTHER_END),
    )


def _speech(site: Site, env: Env) -> Settings:
    return (("language", prompt_language(site, env.country)), ("tone_zone", zone(env)))
