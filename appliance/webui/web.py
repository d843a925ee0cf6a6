"""What every page uses: routes with their rules, the signed-in user, forms, rendering, notices, redirects.

A page is `def routes(web: Web) -> None` in pages/. It declares its routes with `@web.get` and `@web.post` and
asks `web` for the rest. Every POST passes here, in this order: same origin, session, form token (CSRF), role,
and, if the form has a token, once only.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import secrets
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any

from bottle import Bottle, HTTPResponse, request
from markupsafe import Markup

from appliance.errors import (
    ConflictError,
    ForbiddenError,
    FoyerError,
    NotFoundError,
    RejectedError,
    TransientError,
)
from appliance.settings import Settings
from appliance.store import Change, Store, users
from appliance.store import forms as sent_forms
from appliance.store.sitemodel import Site
from appliance.store.users import User
from appliance.webui import cookies, incoming, navigation
from appliance.webui.assets import Assets
from appliance.webui.events import Hub
from appliance.webui.forms import Form
from appliance.webui.i18n import N_, Languages, exact
from appliance.webui.library import Library
from appliance.webui.once import Once, is_token
from appliance.webui.places import Clocks
from appliance.webui.rendering import environment
from appliance.webui.session import Sessions
from appliance.webui.visit import Notice, Visit

_log = logging.getLogger(__name__)

Handler = Callable[..., Any]
_VISIT = "foyer.visit"


class Web:
    """The web process as its pages see it. One instance per application; what belongs to a request is in
    `visit`.
    """

    def __init__(self, app: Bottle, settings: Settings, store: Store, languages: Languages) -> None:
        self.app = app
        self.settings = settings
        self.store = store
        self.languages = languages
        self.assets = Assets()
        self.clocks = Clocks()
        self.signer = cookies.Signer.load(settings)
        self.sessions = Sessions(store, self.signer, languages)
        self.once = Once()
        self.library = Library(settings, store)
        self.hub = Hub(store, self.sessions.listener)
        self.templates = environment(self)

    # Routes

    def get(self, path: str, role: str = "agent", *, public: bool = False) -> Callable[[Handler], Handler]:
        """Declares a page. `role` is the least role that may see it; `public` needs no session."""

        def declare(handler: Handler) -> Handler:
            @functools.wraps(handler)
            def run(**values: str) -> Any:
                return self._answered(lambda: self._get(handler, values, role, public))

            self.app.get(path, callback=run)
            return handler

        return declare

    def post(
        self, path: str, role: str = "agent", *, public: bool = False, is_file: bool = False
    ) -> Callable[[Handler], Handler]:
        """Declares an action: checked for origin, session, CSRF and role, and carried out once per form
        token. `is_file`: a script sends a file in the place of a form, and the handler reads it.
        """

        def declare(handler: Handler) -> Handler:
            @functools.wraps(handler)
            def run(**values: str) -> Any:
                return self._answered(lambda: self._post(handler, values, role, public, is_file))

            self.app.post(path, callback=run)
            return handler

        return declare

    # The present request

    @property
    def visit(self) -> Visit:
        """The present request."""
        found = request.environ.get(_VISIT)
        if found is None:
            found = request.environ[_VISIT] = self.sessions.visit(request)
        visit: Visit = found
        return visit

    def user(self) -> User:
        """The signed-in user; for visitors of a public page ForbiddenError."""
        if self.visit.user is None:
            raise ForbiddenError(N_("Please sign in first."))
        return self.visit.user

    @property
    def form(self) -> Form:
        """The form that was sent with this request."""
        return self.visit.form

    def query(self, name: str, default: str = "") -> str:
        """A value from the address after the question mark, trimmed."""
        return str(request.query.getunicode(name, default) or default).strip()[:500]

    @property
    def is_fragment(self) -> bool:
        """Whether a script asks for a part of a page (htmx) instead of the browser for a whole one."""
        return bool(request.headers.get("HX-Request"))

    def site(self) -> Site:
        """The newest site document, for names and settings."""
        return self.sessions.site()[1]

    def site_number(self) -> int:
        """The newest revision's number; 0 while the box has not been set up."""
        return self.sessions.site()[0]

    def who(self, who: str) -> str:
        """The name of whoever did something: a user, or a process by its own name."""
        names = self.visit.values.get("names")
        if names is None:
            with self.store.read() as db:
                names = {user.id: user.name for user in users.every(db)}
            self.visit.values["names"] = names
        if who in ("system", "foyer"):
            return self.gettext(N_("The box itself"))
        return str(names.get(who, who))

    # Words

    def gettext(self, message: str, **values: object) -> str:
        """The reader's words for an English msgid, with %(name)s filled in. Plain text: templates escape
        it.
        """
        text = self.visit.language.gettext(message)
        return text % values if values else text

    def ngettext(self, one: str, many: str, n: int) -> str:
        """The reader's words that fit the number `n`; %(num)s is filled in by the template."""
        return self.visit.language.ngettext(one, many, n)

    def pgettext(self, context: str, message: str) -> str:
        """The reader's words for a msgid that means something else elsewhere."""
        return self.visit.language.pgettext(context, message)

    def number(self, value: float) -> str:
        """A number with the reader's separators."""
        return self.visit.language.number(value)

    def duration(self, ms: int | None) -> str:
        """A length of time as the reader writes it."""
        return self.visit.language.duration(ms)

    def percent(self, share: float) -> str:
        """A share of one, as a percentage."""
        return self.visit.language.percent(share)

    def size(self, value: int) -> str:
        """An amount of data (bytes) as disks are sold."""
        return self.visit.language.size(value)

    def say(self, error: FoyerError) -> str:
        """A known error in the reader's words."""
        return error.text(self.visit.language.gettext)

    def local_time(self, moment_ms: int | None, width: str = "medium") -> Markup:
        """A moment on the site's clock, as a <time> element that keeps the exact one; a dash for none."""
        if moment_ms is None:
            return Markup("–")
        language, zone = self.visit.language, self.visit.zone
        shown = language.date_time(moment_ms, zone, width)
        return Markup('<time datetime="{}">{}</time>').format(exact(moment_ms), shown)

    # Answers

    def render(self, template: str, **values: Any) -> Markup:
        """A page or a fragment. Everything in `values` is escaped where it is printed, except a fragment made
        by `render` itself.
        """
        visit = self.visit
        values.setdefault("form", visit.form)
        text = self.templates.get_template(template).render(
            user=visit.user, visit=visit, language=visit.language, site=self.site(), **values
        )
        return Markup(text)  # noqa: S704 - it comes out of a template that escapes

    def answer(
        self, body: str | bytes, status: int = 200, content_type: str = "text/html; charset=utf-8"
    ) -> HTTPResponse:
        """A body with a status, never kept by caches."""
        answer = HTTPResponse(body=body, status=status)
        answer.set_header("Content-Type", content_type)
        answer.set_header("Cache-Control", "no-store")
        return answer

    def redirect(self, path: str) -> HTTPResponse:
        """Sends the browser on with GET. `path` is one of ours and begins with "/"."""
        answer = self.answer("", 303)
        answer.set_header("Location", incoming.safe_path(path))
        if self.is_fragment:
            answer.status = 200
            answer.set_header("HX-Redirect", incoming.safe_path(path))
        return answer

    def back(self) -> HTTPResponse:
        """Sends the browser back to the page that the form was on."""
        return self.redirect(urllib.parse.urlsplit(request.headers.get("Referer", "")).path or "/")

    def flash(self, message: str, kind: str = "good", **values: object) -> None:
        """A sentence for the next page that is rendered, after a redirect as well. `message` is a msgid."""
        self.visit.notices.append(Notice(self.gettext(message, **values), kind))

    @contextlib.contextmanager
    def change(self) -> Iterator[Change]:
        """`store.change()` that also marks this form as carried out. Every form that changes something uses
        it, once it is certain: what may still fail outside of the store comes first, so that the form can be
        sent again.
        """
        visit = self.visit
        with self.store.change() as change:
            if visit.once and not visit.claimed:
                sent_forms.claim(change, visit.once)
            yield change
        visit.claimed = bool(visit.once)

    # How a request is answered

    def _get(self, handler: Handler, values: dict[str, str], role: str, public: bool) -> Any:
        visit = self.visit
        if not public:
            if visit.user is None:
                return self._sign_in_first()
            self._check(visit.user, role)
            if visit.user.must_change and not visit.path.startswith("/account"):
                return self.redirect("/account/password")
        return handler(**values)

    def _post(self, handler: Handler, values: dict[str, str], role: str, public: bool, is_file: bool) -> Any:
        visit = self.visit
        incoming.refuse_strangers(request)
        visit.form = Form() if is_file else Form.parse(incoming.read_body(request))
        if not public and visit.user is None:
            return self._sign_in_first()
        word = visit.form.raw("csrf") or request.headers.get("X-CSRF", "")
        if not secrets.compare_digest(word.encode(), visit.csrf.encode()):
            return self.answer(self.send_again(visit.path, self.kept_form()), 403)
        if visit.user is not None and not public:
            self._check(visit.user, role)
            if visit.user.must_change and not visit.path.startswith(("/account", "/logout")):
                return self.redirect("/account/password")
        token = visit.form.raw("once")
        if not is_token(token):
            return handler(**values)
        # The same token with other words is another form: somebody went back, mended a field and sent it
        # again.
        words = urllib.parse.urlencode(sorted(pair for pair in visit.form.all_pairs() if pair[0] != "csrf"))
        return self._post_once(
            handler, values, f"{token}.{self.signer.mark('form', f'{visit.path}?{words}')}"
        )

    def _post_once(self, handler: Handler, values: dict[str, str], token: str) -> Any:
        visit = self.visit
        visit.once = token
        key = f"{visit.user.id if visit.user else ''}:{token}"
        with self.once.turn(key):
            if (before := self.once.answer(key)) is not None:
                return before
            with self.store.read() as db:
                sent = sent_forms.was_sent(db, token)
            if sent:
                return self._saved_before()
            try:
                answer = handler(**values)
            except sent_forms.AlreadySent:
                return self._saved_before()
            if visit.claimed:
                answer = self._finished(answer)
                self.once.keep(key, answer)
            return answer

    def _saved_before(self) -> HTTPResponse:
        self.flash(N_("This was already saved; it was not done a second time."), "info")
        return self.back()

    def _answered(self, respond: Callable[[], Any]) -> Any:
        """Runs a handler, answers known errors with a page, and adds the cookies that the visit wants set."""
        try:
            answer = respond()
        except ConflictError as error:
            answer = self.problem(error, 409)
        except RejectedError as error:
            answer = self.problem(error, 400)
        except NotFoundError as error:
            answer = self.problem(error, 404)
        except ForbiddenError as error:
            answer = self.problem(error, 403)
        except TransientError as error:
            answer = self.problem(error, 503)
        return self._finished(answer)

    def _finished(self, answer: Any) -> Any:
        visit = self.visit
        if isinstance(answer, str):
            answer = self.answer(answer)
        if isinstance(answer, HTTPResponse):
            if (visit.notices and 300 <= answer.status_code < 400) or answer.get_header("HX-Redirect"):
                rows = [[notice.text, notice.kind] for notice in visit.notices]
                visit.headers.append(
                    cookies.set_cookie(cookies.NOTICES, self.signer.seal("notices", rows, 300), 300)
                )
                visit.notices.clear()
            while visit.headers:
                answer.add_header(*visit.headers.pop(0))
        return answer

    def problem(self, error: FoyerError, status: int) -> HTTPResponse:
        """A known error as a page, or as a notice where a script asked."""
        kept = self.kept_form() if status in (409, 503) and request.method == "POST" else []
        if self.is_fragment:
            answer = self.answer(self.render("problem-part.html", sentence=self.say(error)), status)
            answer.set_header("HX-Reswap", "none")
            answer.set_header("X-Foyer-Problem", urllib.parse.quote(self.say(error)))
            return answer
        page = self.render(
            "problem.html",
            status=status,
            error=error,
            sentence=self.say(error),
            kept=kept,
            action=self.visit.path,
        )
        return self.answer(page, status)

    # Rules

    def _check(self, user: User, role: str) -> None:
        if not navigation.allows(user.role, role):
            raise ForbiddenError(
                N_("Your account may not do this."), N_("Ask an administrator if you should.")
            )

    def _sign_in_first(self) -> HTTPResponse:
        visit = self.visit
        if self.is_fragment or request.headers.get("X-CSRF"):
            return self.answer(self.gettext(N_("Please sign in again.")), 401, "text/plain; charset=utf-8")
        if self.sessions.needs_setup():
            return self.redirect("/setup")
        if request.method == "POST":
            return self.answer(
                self.render("login.html", next=visit.path, kept=self.kept_form(), failed=""), 401
            )
        wanted = visit.path + (f"?{request.query_string}" if request.query_string else "")
        return self.redirect(
            "/login?" + urllib.parse.urlencode({"next": wanted}) if wanted != "/" else "/login"
        )

    def send_again(self, path: str, kept: list[tuple[str, str]]) -> Markup:
        """Asks whether to send what was typed before signing in: shows it, with the names that its form
        gave it.
        """
        shown = [
            (self.gettext(incoming.FIELD_NAMES[name]), value)
            for name, value in kept
            if value and name in incoming.FIELD_NAMES
        ]
        return self.render("again.html", action=path, kept=kept, shown=shown)

    def kept_form(self) -> list[tuple[str, str]]:
        """What was typed, for sending it again: without passwords and without the old session's word."""
        return self.visit.form.pairs(without=("csrf",))
