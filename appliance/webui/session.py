"""Who asks: finds the session of a request, its language and its form word; starts and ends sessions.

A signed-in user's form word (CSRF) belongs to the session; a visitor's is derived from a random cookie with
the box's key. The session's cookie is a random token of which the store keeps only the digest.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
from typing import Any

from sqlite_utils import Database

from appliance.errors import TransientError
from appliance.store import Change, Store, now_ms, users
from appliance.store import site as sites
from appliance.store.sitemodel import Site
from appliance.webui import cookies
from appliance.webui.events import Listener
from appliance.webui.i18n import Language, Languages, zone_of
from appliance.webui.visit import Notice, Visit

_A_YEAR_S = 365 * 24 * 3600


class Sessions:
    """Makes the Visit of each request."""

    def __init__(self, store: Store, signer: cookies.Signer, languages: Languages) -> None:
        self._store = store
        self._signer = signer
        self._languages = languages
        self._site: tuple[int, Site] = (-1, Site())
        self._guard = threading.Lock()
        self._set_up = False

    def visit(self, request: Any) -> Visit:
        """Reads the cookies of a request (bottle's); a visitor without one gets the cookie that his forms
        need.
        """
        token = str(request.get_cookie(cookies.SESSION) or "")
        with self._store.read() as db:
            session = users.get_session(db, token) if token else None
        if session is not None and now_ms() - session.last_seen > users.TOUCH_MS:
            # A full disk must not take away the page that says so.
            with contextlib.suppress(TransientError), self._store.change() as change:
                users.touch_session(change, token)
        number, site = self.site()
        user = session.user if session else None
        visit = Visit(
            path=str(request.path),
            address=str(request.remote_addr or ""),
            language=self._language(request, user, site if number else None),
            zone=zone_of(site.time_zone),
            csrf=session.csrf if session else "",
            user=user,
            token=token if session else "",
        )
        if session is None:
            visit.csrf = self._visitor_word(request, visit)
        if sealed := request.get_cookie(cookies.NOTICES):
            visit.headers.append(cookies.set_cookie(cookies.NOTICES, "", 0))
            rows = self._signer.open("notices", str(sealed)) or []
            visit.notices.extend(Notice(str(text), str(kind)) for text, kind in rows)
        return visit

    def listener(self, db: Database, token: str) -> Listener | None:
        """Who listens with the cookie `token`, as of now; None if that session is over."""
        session = users.get_session(db, token)
        return Listener(token, session.user) if session else None

    def site(self) -> tuple[int, Site]:
        """The wanted revision's number (0: never set up) and document, parsed once per revision."""
        with self._store.read() as db:
            number = sites.head_number(db)
            with self._guard:
                if self._site[0] == number:
                    return self._site
            found = sites.head(db)
        with self._guard:
            self._site = found
        return found

    def start(self, change: Change, visit: Visit, user: users.User) -> None:
        """Signs the browser of this visit in, and out of what it was signed in as before; the page that
        follows already speaks for the user.
        """
        if visit.token:
            users.end_session(change, visit.token)
        visit.token = users.start_session(change, user.id, visit.address)
        session = users.get_session(change.db, visit.token)
        visit.user, visit.csrf = user, session.csrf if session else ""
        lifetime_s = users.ABSOLUTE_MS // 1000
        visit.headers.append(cookies.set_cookie(cookies.SESSION, visit.token, lifetime_s))
        known = self._signer.seal("known", f"{user.login}:{secrets.token_hex(8)}", _A_YEAR_S)
        visit.headers.append(cookies.set_cookie(cookies.KNOWN, known, _A_YEAR_S))
        if user.language:
            visit.language = self._languages.choose(user.language, visit.language.code)
            # So that the page for signing in again speaks it, too.
            visit.headers.append(cookies.set_cookie(cookies.LANGUAGE, visit.language.code, _A_YEAR_S))

    def known(self, request: Any) -> str:
        """What this browser has of the last user who signed in here ("login:mark"); "" if nobody did."""
        return str(self._signer.open("known", str(request.get_cookie(cookies.KNOWN) or "")) or "")

    def end(self, change: Change, visit: Visit) -> None:
        """Signs the browser of this visit out."""
        users.end_session(change, visit.token)
        visit.headers.append(cookies.set_cookie(cookies.SESSION, "", 0))

    def needs_setup(self) -> bool:
        """Whether no administrator exists yet; once there is one, the store is not asked again."""
        if not self._set_up:
            with self._store.read() as db:
                self._set_up = users.count(db, role="administrator") > 0
        return not self._set_up

    def _language(self, request: Any, user: users.User | None, site: Site | None) -> Language:
        chosen = str(request.get_cookie(cookies.LANGUAGE) or "")
        accepted = self._languages.accepted(str(request.headers.get("Accept-Language", "")))
        return self._languages.choose(
            user.language if user else None,
            chosen,
            site.language if site else None,
            accepted.code if accepted else None,
        )

    def _visitor_word(self, request: Any, visit: Visit) -> str:
        known = str(request.get_cookie(cookies.VISIT) or "")
        if len(known) != 32 or not known.isalnum():
            known = secrets.token_hex(16)
            visit.headers.append(cookies.set_cookie(cookies.VISIT, known))
        return self._signer.mark("visit", known)
