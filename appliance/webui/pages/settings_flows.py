"""/settings/flows: what happens to a call between its number and whoever answers: a picture, and one form."""

from __future__ import annotations

from appliance.webui import flow_forms, flow_picture, flow_words
from appliance.webui.editing import Document, Kind, based_on, item_routes, known
from appliance.webui.flow_forms import Draft
from appliance.webui.forms import Form
from appliance.webui.web import Web


def routes(web: Web) -> None:
    """Declares the routes."""

    def draft(flow_id: str) -> Draft:
        saved = web.site().flow(flow_id)
        if web.form.has("csrf"):
            return flow_forms.read(web.form, saved)
        return flow_forms.draft_of(saved) if saved else Draft()

    def show(flow_id: str) -> str:
        site = web.site()
        if flow_id != "new":
            known(site.flow(flow_id))
        shown = draft(flow_id)
        language = web.visit.language
        rows = flow_forms.rows(shown, site, web.gettext)
        return web.render(
            "settings-flow.html",
            flow_id="" if flow_id == "new" else flow_id,
            draft=shown,
            rows=rows,
            picture=flow_picture.draw(shown, rows, web.gettext, language.direction == "rtl"),
            icons=flow_words.ICONS,
            steps=[(row.step["id"], f"{language.own_digits(str(row.number))}. {row.title}") for row in rows],
            new_steps=flow_forms.new_steps(site, flow_id, web.gettext),
            languages=_languages(web),
            key_names=flow_forms.KEY_NAMES,
            spare_keys=flow_forms.spare_keys,
            texts_of=flow_forms.texts_of,
            number=based_on(web),
        )

    def write(document: Document, _form: Form, flow_id: str) -> None:
        flow_forms.write(document, draft(flow_id), flow_id)

    def field_of(flow_id: str, path: str) -> str:
        return flow_forms.field_of(draft(flow_id), path)

    item_routes(web, Kind("flows", "f", show, write, field_of=field_of))


def _languages(web: Web) -> list[tuple[str, str]]:
    """The languages in which something can be said: the office's first, then those that callers may have."""
    own = web.site().language
    codes = dict.fromkeys((own, *(language.code for language in web.languages.all)))
    return [(code, str(web.visit.language.locale.languages.get(code, code))) for code in codes]
