"""The way of every settings form: type, look at what will change, save; or meet somebody else's change and go
on.

A form edits the newest document, never a copy of the one it was opened with: two managers who change
different things both win, and who meets a change made meanwhile sees it before saving. Nothing typed is lost
on the way.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from appliance.errors import ConflictError, NotFoundError, RejectedError
from appliance.store import Change, countries, schedules
from appliance.store import site as sites
from appliance.store.forms import AlreadySent
from appliance.store.sitemodel import Site
from appliance.webui import labels, site_forms, touched
from appliance.webui.applied import report
from appliance.webui.differences import Difference, differences
from appliance.webui.forms import Form
from appliance.webui.i18n import N_
from appliance.webui.incoming import whole_number
from appliance.webui.visit import Notice
from appliance.webui.web import Web
from appliance.webui.wizard import NewPerson

Document = dict[str, Any]
After = Callable[[Change, Site], list[NewPerson]]
_OURS = ("csrf", "once", "stage", "based_on")


def _nothing_more(_change: Change, _site: Site) -> list[NewPerson]:
    return []


@dataclass(frozen=True)
class Edit:
    """One settings form.

    `change` writes what was typed into the document; `show` renders the form; `back` is where it is found.
    `field_of` maps a path of the document to the form's field. `also` says in the reader's words what is
    saved besides the document, and `after` saves it in the same change.
    """

    back: str
    change: Callable[[Document], None]
    show: Callable[[], str]
    field_of: Callable[[str], str]
    also: list[str] = field(default_factory=list)
    after: After = _nothing_more


@dataclass(frozen=True)
class Meanwhile:
    """A revision that somebody saved while the form was open."""

    who: str
    at: int
    found: list[Difference]


def run(web: Web, edit: Edit) -> Any:
    """Answers a POST of a settings form at any of its stages: edit, review, save."""
    form = web.form
    stage = form.text("stage", "review")
    with web.store.read() as db:
        number, now = sites.head(db)
    document = now.to_dict()
    edit.change(document)
    new = now
    try:
        new = Site.from_dict(document)
        countries.find_or_generic(new.country, countries.load()).refuse_emergency(new)
        schedules.refuse_past(
            new.schedules, now.schedules, new.time_zone, datetime.datetime.now(datetime.UTC)
        )
    except RejectedError as error:
        form.error(edit.field_of(error.field), web.say(error))
    if stage not in ("review", "save"):
        # "edit", or what a page's own buttons say.
        form.errors.clear()
        return edit.show()
    if not form.ok:
        return web.answer(edit.show(), 422)
    opened_with = whole_number(form.text("based_on"))
    based_on = number if opened_with is None else opened_with
    found = differences(now, new, web.visit.language)
    if based_on != number:
        return _conflict(web, edit, based_on, number, found)
    if not found and not edit.also:
        web.flash(N_("Nothing was changed."), "info")
        return web.redirect(edit.back)
    if stage != "save":
        return web.render(
            "settings-review.html",
            number=number,
            found=found,
            also=edit.also,
            touched=[labels.number(one, new.country) for one in touched.numbers(now, new)],
            kept=_kept(web),
            back=edit.back,
        )
    return _save(web, edit, new, number)


def removal(
    web: Web, group: str, item_id: str, also: list[str] | None = None, after: After = _nothing_more
) -> Any:
    """Removes one thing by the way of every settings form; looking at what will change is the
    confirmation.
    """
    back = f"/settings/{group}/{item_id}"
    if web.form.text("stage") == "edit":
        return web.redirect(back)
    without = web.site().to_dict()
    site_forms.remove(without, group, item_id)
    try:
        Site.from_dict(without)
    except RejectedError as error:
        # Something else cannot be without it, and says so.
        web.visit.notices.append(Notice(web.say(error), "bad"))
        return web.redirect(back)
    edit = Edit(
        back="/settings",
        change=lambda document: site_forms.remove(document, group, item_id),
        show=lambda: "",
        field_of=lambda path: "",
        also=also or [],
        after=after,
    )
    return run(web, edit)


@dataclass(frozen=True)
class Extra:
    """What is saved together with a change of the document: `also` in the reader's words, `after` does it."""

    also: list[str] = field(default_factory=list)
    after: After = _nothing_more


def _no_extra(_item_id: str) -> Extra:
    return Extra()


def _first_part(_item_id: str, path: str) -> str:
    return path.partition(".")[0]


@dataclass(frozen=True)
class Kind:
    """A kind of thing of which a box has several, such as queues.

    `group` is its list in the document, `prefix` begins its ids. `show` renders the form of one ("new" for
    one that is to be made), `write` puts a sent form into the document. `saving` and `removing` look at the
    form once more, and say what else is to be done. `field_of` is the form's name for a path
    below the thing of an id ("agents.1"), by default its first part.
    """

    group: str
    prefix: str
    show: Callable[[str], str]
    write: Callable[[Document, Form, str], None]
    saving: Callable[[str], Extra] = _no_extra
    removing: Callable[[str], Extra] = _no_extra
    field_of: Callable[[str, str], str] = _first_part


def item_routes(web: Web, kind: Kind) -> None:
    """Declares the routes of a kind: /settings/<group>/<id>, and /remove below it."""
    path = f"/settings/{kind.group}/<item_id>"

    @web.get(path, "administrator")
    def item(item_id: str) -> str:
        return kind.show(item_id)

    @web.post(path, "administrator")
    def save(item_id: str) -> Any:
        real_id, form = id_for(web, kind.prefix, item_id), web.form
        extra = kind.saving(real_id)
        return run(
            web,
            Edit(
                back="/settings" if item_id == "new" else f"/settings/{kind.group}/{item_id}",
                change=lambda document: kind.write(document, form, real_id),
                show=partial(kind.show, item_id),
                field_of=partial(field_in, web, kind, real_id),
                also=extra.also,
                after=extra.after,
            ),
        )

    @web.post(f"{path}/remove", "administrator")
    def remove(item_id: str) -> Any:
        known(next((one for one in getattr(web.site(), kind.group) if one.id == item_id), None))
        extra = kind.removing(item_id)
        return removal(web, kind.group, item_id, extra.also, extra.after)


def known[T](found: T | None) -> T:
    """The thing, or NotFoundError: somebody removed it meanwhile, or the address was typed."""
    if found is None:
        raise NotFoundError(
            N_("This is no longer part of the settings."), N_("Somebody may have removed it.")
        )
    return found


def based_on(web: Web) -> str:
    """The revision that the form was first opened with; kept while the form goes to and fro."""
    typed = web.form.text("based_on")
    return typed if whole_number(typed) is not None else str(web.site_number())


def id_for(web: Web, prefix: str, item_id: str) -> str:
    """The id itself, or for "new" one that was never used."""
    if item_id != "new":
        return item_id
    with web.store.read() as db:
        return sites.fresh_id(db, prefix)


def field_in(web: Web, kind: Kind, item_id: str, path: str) -> str:
    """The form's field for a refused path of the document, when the form edits one thing of a kind."""
    document = web.site().to_dict()
    at = site_forms.index_of(document, kind.group, item_id)
    below = site_forms.field_of(path, kind.group, len(document[kind.group]) if at < 0 else at)
    return kind.field_of(item_id, below)


def _save(web: Web, edit: Edit, new: Site, number: int) -> Any:
    try:
        with web.change() as change:
            saved = sites.save(change, new, web.user().id, "", number)
            people = edit.after(change, new)
    except AlreadySent:
        raise
    except ConflictError:
        # Somebody was faster by milliseconds: now the form is older than the newest revision, and `run` says
        # so.
        return run(web, edit)
    if people:
        return web.answer(web.render("settings-saved.html", report=report(web, saved), passwords=people))
    return web.redirect(f"/settings/saved/{saved}")


def _conflict(web: Web, edit: Edit, based_on: int, number: int, found: list[Difference]) -> Any:
    with web.store.read() as db:
        revisions = [entry for entry in sites.history(db, limit=20) if entry.number > based_on]
        meanwhile = [
            Meanwhile(
                web.who(entry.who),
                entry.created,
                differences(
                    sites.revision(db, entry.number - 1), sites.revision(db, entry.number), web.visit.language
                ),
            )
            for entry in revisions
        ]
    page = web.render(
        "settings-conflict.html",
        number=number,
        meanwhile=meanwhile,
        found=found,
        also=edit.also,
        kept=_kept(web),
        back=edit.back,
    )
    return web.answer(page, 409)


def _kept(web: Web) -> list[tuple[str, str]]:
    return web.form.pairs(without=_OURS)
