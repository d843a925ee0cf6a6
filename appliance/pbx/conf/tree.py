"""All of Asterisk's files of one revision. Called by foyer-apply, and by tests."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from appliance.pbx.conf import (
    asterisk_conf,
    cdr_conf,
    cel_conf,
    cel_custom_conf,
    chan_dahdi_conf,
    cli_conf,
    confbridge_conf,
    extensions_conf,
    features_conf,
    http_conf,
    indications_conf,
    logger_conf,
    manager_conf,
    modules_conf,
    musiconhold_conf,
    pjsip_conf,
    queuerules_conf,
    queues_conf,
    res_parking_conf,
    rtp_conf,
    stasis_conf,
    unused,
)
from appliance.pbx.conf.inputs import Env
from appliance.store.sitemodel import Site

type Renderer = Callable[[Site, Env], str]

RENDERERS: tuple[tuple[str, Renderer], ...] = (
    (asterisk_conf.FILE, asterisk_conf.render),
    (cdr_conf.FILE, cdr_conf.render),
    (cel_conf.FILE, cel_conf.render),
    (cel_custom_conf.FILE, cel_custom_conf.render),
    (cli_conf.FILE, cli_conf.render),
    (confbridge_conf.FILE, confbridge_conf.render),
    (extensions_conf.FILE, extensions_conf.render),
    (features_conf.FILE, features_conf.render),
    (http_conf.FILE, http_conf.render),
    (indications_conf.FILE, indications_conf.render),
    (logger_conf.FILE, logger_conf.render),
    (manager_conf.FILE, manager_conf.render),
    (modules_conf.FILE, modules_conf.render),
    (musiconhold_conf.FILE, musiconhold_conf.render),
    (pjsip_conf.FILE, pjsip_conf.render),
    (queuerules_conf.FILE, queuerules_conf.render),
    (queues_conf.FILE, queues_conf.render),
    (res_parking_conf.FILE, res_parking_conf.render),
    (rtp_conf.FILE, rtp_conf.render),
    (stasis_conf.FILE, stasis_conf.render),
    *((file, partial(unused.render, file)) for file in unused.FILES),
)


def render_tree(site: Site, env: Env) -> dict[str, str]:
    """File name to text. RejectedError, with the reason in words, if a value cannot be written."""
    tree = {file: render(site, env) for file, render in RENDERERS}
    tree.update(extensions_conf.steps())
    if env.card_channels or site.has_cards:
        tree[chan_dahdi_conf.FILE] = chan_dahdi_conf.render(site, env)
    return tree
