"""Every page with a fixed address, on the box of conftest.py, and the least role that may see it."""

from __future__ import annotations

ROLES = {
    "/account": "agent",
    "/account/password": "agent",
    "/trust": "agent",
    "/calls": "agent",
    "/people": "agent",
    "/live": "supervisor",
    "/live/hours": "supervisor",
    "/settings": "administrator",
    "/settings/lines": "administrator",
    "/settings/business": "administrator",
    "/settings/queues/q1": "administrator",
    "/settings/queues/new": "administrator",
    "/settings/agents/a1": "administrator",
    "/settings/agents/new": "administrator",
    "/settings/lines/l1": "administrator",
    "/settings/lines/new": "administrator",
    "/settings/numbers/n1": "administrator",
    "/settings/numbers/new": "administrator",
    "/settings/flows/new": "administrator",
    "/settings/schedules/new": "administrator",
    "/settings/trial": "administrator",
    "/settings/results": "administrator",
    "/settings/breaks": "administrator",
    "/settings/saved/1": "administrator",
    "/settings/state?number=1": "administrator",
    "/revisions": "administrator",
    "/revisions/1": "administrator",
    "/users": "administrator",
    "/users/new": "administrator",
    "/audit": "administrator",
    "/system": "administrator",
    "/system/restart/caddy": "administrator",
}
PAGES = tuple(ROLES)
