"""A password that is typed into a settings form: put away in the store until the form is saved, so that it
never comes back to a page; then kept under its name in store/secrets.py.
"""

from __future__ import annotations

import secrets as random
from functools import partial

from appliance.store import Change, audit, secrets
from appliance.store import forms as sent_forms
from appliance.store.sitemodel import Site
from appliance.webui.editing import Extra
from appliance.webui.web import Web
from appliance.webui.wizard import NewPerson

_KEPT_MS = 24 * 3600 * 1000


def saving(web: Web, field: str, name: str, words: str) -> Extra:
    """What else is saved when the form is: the secret `name` ("line:l1") typed into `field`, if any was;
    `words` say so in the reader's language.
    """
    # By its kind alone: what is new may get another id when somebody else's new one was saved meanwhile.
    handle = _put_away(web, field, f"typed:{name.partition(':')[0]}:")
    return Extra([words], partial(_keep, web, handle, name)) if handle else Extra()


def removing(name: str) -> Extra:
    """The secret goes with its owner."""
    return Extra(after=partial(_forget, name))


def _put_away(web: Web, field: str, prefix: str) -> str:
    """The name under which it lies, "" if none was typed."""
    typed = web.form.raw(field)
    handle = web.form.text("kept_secret")
    if typed:
        handle = prefix + random.token_urlsafe(12)
        with web.store.change() as change:
            sent_forms.drop_old_drafts(change, "typed:", change.now - _KEPT_MS)
            sent_forms.put_draft(change, handle, {"secret": typed})
        web.form.put("kept_secret", handle)
    if not handle.startswith(prefix):
        return ""
    with web.store.read() as db:
        return handle if sent_forms.draft(db, handle) else ""


def _keep(web: Web, handle: str, name: str, change: Change, _site: Site) -> list[NewPerson]:
    secrets.put(change, name, str(sent_forms.draft(change.db, handle).get("secret", "")))
    sent_forms.drop_draft(change, handle)
    kind, _, item_id = name.partition(":")
    audit.record(change, web.user().id, f"{kind}.password", item_id)
    return []


def _forget(name: str, change: Change, _site: Site) -> list[NewPerson]:
    secrets.drop(change, name)
    return []
