"""One request: who asks, in which language, with which form. Made by Web for each request; pages read it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any

from appliance.store.users import User
from appliance.webui.forms import Form
from appliance.webui.i18n import Language


@dataclass(frozen=True)
class Notice:
    """A sentence for the reader, already in his language. `kind` is info, good, warn or bad."""

    text: str
    kind: str = "info"


@dataclass
class Visit:
    """What is known about the present request.

    `token` is the secret of the session's cookie ("" when signed out), `csrf` the word that a form must
    carry, `address` the client's network address, `claimed` whether the form's token was stored with a
    change.
    """

    path: str
    address: str
    language: Language
    zone: datetime.tzinfo
    csrf: str
    user: User | None = None
    token: str = ""
    form: Form = field(default_factory=Form)
    once: str = ""
    claimed: bool = False
    notices: list[Notice] = field(default_factory=list)
    headers: list[tuple[str, str]] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
