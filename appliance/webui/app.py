"""Puts the web application together: every page, static files, error pages, and the shield around it all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from bottle import Bottle, HTTPError, HTTPResponse, request

from appliance.errors import FoyerError, NotFoundError
from appliance.settings import Settings
from appliance.store import DamagedError, Store
from appliance.webui.events import Hub
from appliance.webui.i18n import N_, Languages
from appliance.webui.incoming import number_in_path
from appliance.webui.pages import (
    account,
    audit,
    call_out,
    calls,
    desk,
    desk_hand_on,
    diversions,
    events,
    health,
    home,
    live,
    live_callbacks,
    live_hours,
    live_parked,
    login,
    messages,
    people,
    people_erasing,
    people_joining,
    people_treatment,
    phone_codes,
    phone_door,
    recordings,
    revisions,
    settings_agents,
    settings_calls_out,
    settings_card,
    settings_flows,
    settings_inside,
    settings_line_tests,
    settings_lines,
    settings_music,
    settings_ports,
    settings_prompts,
    settings_queues,
    settings_schedules,
    settings_sounds,
    settings_spans,
    settings_trial,
    setup,
    system,
    system_card_port,
    system_cards,
    system_drivers,
    system_key,
    system_log,
    system_network,
    system_wiring,
    testcall,
    trust,
    users,
)
from appliance.webui.pages import (
    settings as settings_page,
)
from appliance.webui.security import Shield
from appliance.webui.standing import Standing
from appliance.webui.web import Web

PAGES = (
    health,
    home,
    login,
    setup,
    account,
    phone_codes,
    diversions,
    trust,
    settings_page,
    settings_queues,
    settings_agents,
    settings_calls_out,
    settings_lines,
    settings_line_tests,
    settings_inside,
    settings_flows,
    settings_schedules,
    settings_card,
    settings_spans,
    settings_ports,
    settings_prompts,
    settings_music,
    settings_sounds,
    settings_trial,
    revisions,
    users,
    audit,
    system,
    system_card_port,
    system_cards,
    system_drivers,
    system_key,
    system_log,
    system_network,
    system_wiring,
    testcall,
    call_out,
    events,
    phone_door,
    desk,
    desk_hand_on,
    live,
    live_callbacks,
    live_hours,
    live_parked,
    people,
    people_treatment,
    people_joining,
    people_erasing,
    calls,
    messages,
    recordings,
)

_SENTENCES = {
    404: N_("There is no such page."),
    405: N_("This address does not take that."),
}


class Application:
    """The web application: a WSGI callable, and the hub whose thread the process has to run."""

    def __init__(self, outermost: WSGIApplication, hub: Hub) -> None:
        self._outermost = outermost
        self.hub = hub

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._outermost(environ, start_response)


def make_app(
    settings: Settings, store: Store, languages: Languages | None = None, hosts: Sequence[str] = ()
) -> Application:
    """The application. `hosts` are further names of this box; names of the local network and addresses always
    work.
    """
    app = Bottle()
    app.router.add_filter("int", number_in_path)
    web = Web(app, settings, store, languages or Languages.load())
    for page in PAGES:
        page.routes(web)

    @app.get("/static/<name:path>")  # type: ignore[untyped-decorator]
    def static(name: str) -> HTTPResponse:
        return web.assets.serve(name, request.query.get("v", ""))

    def error_page(error: HTTPError) -> str:
        known = NotFoundError(_SENTENCES[404]) if error.status_code == 404 else unexpected(error)
        try:
            body = str(web.problem(known, error.status_code).body)
        except (FoyerError, DamagedError):
            body = standing_alone(web, known)
        error.set_header("Content-Type", "text/html; charset=utf-8")
        error.set_header("Cache-Control", "no-store")
        return body

    app.default_error_handler = error_page
    return Application(Shield(app, hosts), web.hub)


def standing_alone(web: Web, error: FoyerError) -> str:
    """A page for when the store, which would know who asks and in which language, cannot be read."""
    said = error.sentence
    page = Standing(said.message, (said.hint,) if said.hint else (), is_bad=True)
    wanted = web.languages.accepted(request.headers.get("Accept-Language", ""))
    languages = [wanted] if wanted else web.languages.all
    return web.templates.get_template("standing.html").render(page=page, languages=languages)


def unexpected(error: HTTPError) -> FoyerError:
    """What to say about an error that no page expected; its details are in the journal only."""
    if error.status_code in _SENTENCES:
        return FoyerError(_SENTENCES[error.status_code])
    if isinstance(error.exception, DamagedError):
        return FoyerError(N_("The box's database is damaged."), N_("Calls go on. Bring back a backup."))
    if isinstance(error.exception, FoyerError):
        return error.exception
    return FoyerError(N_("Something went wrong on the box."), N_("Try again; the journal has the details."))
