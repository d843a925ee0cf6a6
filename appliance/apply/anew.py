"""Drops queues that have to be made anew (lists.py), so that reading the live rendering makes them again.

What is to be put back then is on the disk before the first of them is dropped and until all is put back:
killed anywhere in between, the next foyer-apply puts it back. For applier.py; asterisk.py asks for it.
"""

from __future__ import annotations

import logging

from appliance.apply import lists, objects
from appliance.apply.asterisk import QUEUE_RELOAD, Console
from appliance.apply.folders import Folders, Rendering, rendering
from appliance.pbx.conf import queues_conf

log = logging.getLogger(__name__)


class Anew:
    """The queues of one rendering, which is live; `wanted` is what Asterisk must have of it."""

    def __init__(self, folders: Folders, console: Console, made: Rendering, wanted: objects.Objects) -> None:
        self._folders, self._console = folders, console
        self._made, self._wanted = made, wanted

    def drop(self) -> lists.Dropped | None:
        """Drops what has to be made anew; None if there is nothing to do, and was not in a process that was
        killed.
        """
        begun = self._begun()
        if not begun.agents and not lists.of(self._wanted.queues):
            return None
        found = self._console.queues()
        names = lists.becoming(self._wanted.queues, found)
        missing = self._wanted.queues.keys() - found.keys()
        still = (begun.agents.keys() & found.keys()) - set(names)
        kept = self._drop(names, begun) if names else begun
        return lists.Dropped(kept, missing | kept.agents.keys(), still)

    def done(self) -> None:
        """All is put back."""
        self._folders.keep_begun("")

    def _begun(self) -> lists.Kept:
        """What one who was killed has not put back; nothing if Asterisk was started since."""
        kept = lists.Kept.from_text(self._folders.begun())
        return kept if kept.agents and tuple(kept.life) == self._console.life() else lists.Kept()

    def _drop(self, names: list[str], begun: lists.Kept) -> lists.Kept:
        """The shortest way to the queues' absence, and back: all that takes long comes before it."""
        made = self._made
        log.info("Made anew for the order of their lists: %s", " ".join(names))
        text = lists.without(made.tree[queues_conf.FILE], names)
        lacking = rendering(made.number, made.site, {**made.tree, queues_conf.FILE: text})
        self._folders.write(lacking)
        agents = {queue.id: queue.agents for queue in made.site.queues if queue.id in names}
        kept = begun.and_(self._console.kept(agents))
        self._folders.keep_begun(kept.to_text())
        self._folders.make_live(lacking.label)
        self._console.ask(QUEUE_RELOAD)
        self._folders.make_live(made.label)
        return kept
