"""/settings/prompts: what callers hear, under names; each in one form, with its older versions."""

from __future__ import annotations

from appliance.store import prompts
from appliance.store.prompts import Version
from appliance.webui import prompt_forms
from appliance.webui.editing import Document, Kind, based_on, item_routes, known
from appliance.webui.forms import Form
from appliance.webui.incoming import whole_number
from appliance.webui.prompt_forms import Draft
from appliance.webui.web import Web

_SHOWN = 20


def routes(web: Web) -> None:
    """Declares the routes."""

    @web.get("/settings/prompts", "administrator")
    def every() -> str:
        site, locale = web.site(), web.visit.language.locale
        return web.render(
            "settings-prompts.html",
            uses=lambda prompt_id: prompts.uses(site, prompt_id),
            names=lambda voices: prompt_forms.language_names(locale, [voice.language for voice in voices]),
        )

    def versions(prompt_id: str) -> list[Version]:
        with web.store.read() as db:
            return prompts.versions(db, prompt_id)

    def draft(prompt_id: str, older: list[Version]) -> Draft:
        if web.form.has("csrf"):
            return prompt_forms.read(web.form)
        if prompt_id == "new":
            return Draft("", [prompts.Voice(_first_language(web), "")])
        chosen = whole_number(web.query("version"))
        found = next((one.prompt for one in older if one.number == chosen), None)
        return prompt_forms.draft_of(found or known(web.site().prompt(prompt_id)))

    def show(prompt_id: str) -> str:
        site, language = web.site(), web.visit.language
        older = versions(prompt_id)
        shown = draft(prompt_id, older)
        names = prompt_forms.language_names(language.locale, prompt_forms.LANGUAGES)
        used = {voice.language for voice in shown.voices}
        return web.render(
            "settings-prompt.html",
            prompt_id="" if prompt_id == "new" else known(site.prompt(prompt_id)).id,
            draft=shown,
            names=names,
            others=language.in_order({code: name for code, name in names.items() if code not in used}),
            who=web.who,
            phones=[(agent.id, agent.name) for agent in site.agents],
            own_phone=web.user().agent_id or "",
            uses=prompts.uses(site, prompt_id),
            versions=[one for one in older if one.prompt != site.prompt(prompt_id)][:_SHOWN],
            chosen=whole_number(web.query("version")),
            number=based_on(web),
        )

    def write(document: Document, form: Form, prompt_id: str) -> None:
        prompt_forms.write(document, form, prompt_id, web.library.has)

    def field_of(_prompt_id: str, path: str) -> str:
        return prompt_forms.field_of(prompt_forms.read(web.form), path)

    item_routes(web, Kind("prompts", "p", show, write, field_of=field_of))


def _first_language(web: Web) -> str:
    """The office's own, or English if nobody can speak it."""
    own = web.site().language
    return next((code for code in (own, own.partition("-")[0]) if prompt_forms.is_language(code)), "en")
