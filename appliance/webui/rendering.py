"""The Jinja2 environment of the pages. Everything printed is escaped; nothing typed by anybody is ever a
template.

In templates, `_("...")` takes literal words only (its result counts as markup, its variables are escaped);
what is only known at run time is translated in Python with `web.gettext` or `web.say`. A lint test holds
both.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from appliance.webui import inbox, navigation

if TYPE_CHECKING:
    from appliance.webui.web import Web

TEMPLATE_ROOT = Path(__file__).resolve().parent / "templates"


def environment(web: Web) -> Environment:
    """The environment of one application; its globals speak for the present request."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATE_ROOT),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.install_gettext_callables(  # type: ignore[attr-defined]  # added by the i18n extension
        gettext=web.gettext,
        ngettext=web.ngettext,
        pgettext=web.pgettext,
        newstyle=True,
    )
    made.globals.update(gettext=_gettext(web), ngettext=_ngettext(web))
    made.policies["ext.i18n.trimmed"] = True
    made.globals.update(
        static=web.assets.url,
        icon=web.assets.icon,
        say=web.gettext,
        csrf=lambda: web.visit.csrf,
        hidden=lambda: hidden_fields(web),
        local_time=web.local_time,
        duration=web.duration,
        number=web.number,
        percent=web.percent,
        size=web.size,
        languages=lambda: web.languages.all,
        take_notices=lambda: take_notices(web),
        work_places=lambda: places(web, navigation.WORK),
        manage_places=lambda: places(web, navigation.MANAGE),
        allows=navigation.allows,
        waiting_messages=lambda: inbox.waiting(web),
    )
    return made


def _gettext(web: Web) -> Callable[..., Markup]:
    """As Jinja's own, but placeholders are filled in the reader's manner."""

    def gettext(message: str, **values: object) -> Markup:
        return _filled(web, web.gettext(message), values)

    return gettext


def _ngettext(web: Web) -> Callable[..., Markup]:
    def ngettext(one: str, many: str, n: int, **values: object) -> Markup:
        return _filled(web, web.ngettext(one, many, n), {"num": n, **values})

    return ngettext


def _filled(web: Web, words: str, values: dict[str, object]) -> Markup:
    value = web.visit.language.value
    escaped = {name: value(given) for name, given in values.items()}
    return Markup(words) % escaped  # noqa: S704 - words of ours; what fills them is escaped


def hidden_fields(web: Web) -> Markup:
    """What every form carries: the session's word against forged requests, and its own token so that it
    counts once.
    """
    fields = Markup(
        '<input type="hidden" name="csrf" value="{}"><input type="hidden" name="once" value="{}">'
    )
    return fields.format(web.visit.csrf, secrets.token_urlsafe(18))


def take_notices(web: Web) -> list[Any]:
    """The sentences waiting for this reader, handed out once."""
    waiting = list(web.visit.notices)
    web.visit.notices.clear()
    return waiting


def places(web: Web, group: tuple[navigation.Place, ...]) -> list[navigation.Place]:
    """The entries of the rail for this user."""
    user = web.visit.user
    return navigation.places(user.role, bool(user.agent_id), group) if user else []
