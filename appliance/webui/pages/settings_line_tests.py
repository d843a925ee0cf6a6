"""/settings/lines/<line>/tests: calls out over this line alone, to find out what comes back, a call in, to
see what the line tells of it, and what came of those before. For administrators.
"""

from __future__ import annotations

import urllib.parse

from bottle import HTTPResponse

from appliance.errors import NotFoundError, RejectedError
from appliance.store import audit, line_tests, live, phone
from appliance.store.sitemodel import Line
from appliance.webui import labels, line_test_words, lines
from appliance.webui.asking import ask_telephony
from appliance.webui.editing import known
from appliance.webui.i18n import N_
from appliance.webui.pages import recordings
from appliance.webui.visit import Notice
from appliance.webui.web import Web


def routes(web: Web) -> None:
    """Declares the routes."""

    @web.get("/settings/lines/<line_id>/tests", "administrator")
    def tests(line_id: str) -> str:
        site = web.site()
        line = known(site.line(line_id))
        with web.store.read() as db:
            one = lines.now_of(line, site, live.snapshot(db))
        return web.render(
            "settings-line-tests.html",
            line=line,
            one=one,
            ports=_ports(web, line),
            port=web.query("port"),
            number=web.query("number"),
            record=web.query("record") == "1",
            rows=_rows(web, line),
        )

    @web.get("/settings/lines/<line_id>/tests/now", "administrator")
    def now(line_id: str) -> str:
        line = known(web.site().line(line_id))
        return web.render("settings-line-tests-now.html", line=line, rows=_rows(web, line))

    @web.post("/settings/lines/<line_id>/tests", "administrator")
    def call(line_id: str) -> HTTPResponse:
        line = known(web.site().line(line_id))
        number, port = phone.ascii_digits(web.form.text("number")), web.form.text("port")
        record = "1" if web.form.text("record") else ""
        args = {"line": line.id, "port": port, "number": number, "record": record, "who": web.user().id}
        done = N_("The box calls the number. What comes back shows below, after 20 seconds at most.")
        notice = ask_telephony(web, "test_line", args, done=done, action="line.test", subject=line.id)
        web.visit.notices.append(notice)
        typed = urllib.parse.urlencode({"port": port, "number": number, "record": record})
        return web.redirect(f"/settings/lines/{line.id}/tests?{typed}")

    @web.get("/settings/lines/<line_id>/tests/<test_id>/sound", "administrator")
    def sound(line_id: str, test_id: str) -> HTTPResponse:
        with web.store.read() as db:
            test = line_tests.get(db, test_id)
        file = web.settings.recordings / line_tests.recording(test.id)
        if test.line_id != line_id or not test.is_heard or not file.is_file():
            raise NotFoundError(N_("The recording of this test is missing."))
        if not recordings.is_noted(web, recordings.LISTENED, test.id):
            with web.change() as change:
                audit.record(change, web.user().id, recordings.LISTENED, test.id, line=line_id)
        return recordings.answer(file)

    @web.post("/settings/lines/<line_id>/tests/wait", "administrator")
    def wait(line_id: str) -> HTTPResponse:
        line, who = known(web.site().line(line_id)), web.user().id
        try:
            with web.change() as change:
                line_tests.begin(change, line.id, "", line_tests.CALL_IN, "", who, {})
                audit.record(change, who, "line.wait", line.id)
            web.flash(N_("The box waits for a call. Call a number of this line now."))
        except RejectedError as error:
            web.visit.notices.append(Notice(web.say(error), "bad"))
        return web.redirect(f"/settings/lines/{line.id}/tests")


def _ports(web: Web, line: Line) -> list[tuple[str, str]]:
    """The line's ports to choose from."""
    site = web.site()
    found = (*map(site.span, line.spans), *map(site.port, line.ports))
    return [(one.id, one.name) for one in found if one is not None]


def _rows(web: Web, line: Line) -> list[tuple[line_test_words.ResultNow, str, str, list[str]]]:
    """Each test of the line with its number, who asked for it, and its facts."""
    site, language = web.site(), web.visit.language
    with web.store.read() as db:
        found = line_tests.of_line(db, line.id)
    shown = (line_test_words.now_of(one, site) for one in found)
    return [
        (
            one,
            # Of a call that came in, the very signs that the line told.
            one.test.number
            if one.test.kind == line_tests.CALL_IN
            else labels.number(one.test.number, site.country),
            web.who(one.test.who),
            list(one.facts(web.gettext, language)),
        )
        for one in shown
    ]
