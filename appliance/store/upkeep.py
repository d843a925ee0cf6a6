"""What has to be done from time to time, whatever else happens: forget what is over. foyer-pbx calls it
each minute.
"""

from __future__ import annotations

from appliance.store import conversations, events, feeds, requests
from appliance.store.db import Change


def sweep(change: Change) -> bool:
    """Ends forgotten wrap-ups, and deletes old events, requests and raw rows, a bounded number at a time.

    Returns whether there is more to delete: then call it again, in a change of its own.
    """
    conversations.end_wrap_ups(change)
    requests.prune(change)
    gone = [events.prune(change), feeds.prune(change)]
    return any(count > 0 for count in gone)
