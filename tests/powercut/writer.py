"""Runs inside the box and writes to its store until it is ended. Sent there as text by recording.py.

Each commit is told on stdout once it is one, a line for each: id of the event, id of the person.
"""

import time

from appliance.settings import Settings
from appliance.store import Store, events, people

# The other processes follow every commit; on an emulated machine they are slow.
PAUSE_S = 0.03


def main() -> None:
    store = Store.open(Settings.load().db)
    number = 0
    while True:
        with store.change() as change:
            person = people.person_for(change, "phone", f"+8490{number:07d}")
            change.event("person", person)
            event = events.latest_id(change.db)
        print(event, person, flush=True)
        number += 1
        time.sleep(PAUSE_S)


if __name__ == "__main__":
    main()
