"""How many notices somebody has not read, said to every page they have open: on the sockets of documents and of home.

What is said is state: the count as it is now. What arrives here (`notices_changed`, the group of the person at the
channel layer, a new socket) only says whom to look for; a slow poll looks for everybody, and heals what was lost.
"""

import logging
from collections.abc import Collection
from functools import partial
from typing import TYPE_CHECKING

from permissions import letters, notices

from .core.messages import encode_notices
from .outbox import Outbox
from .store import DATABASE_DOWN

if TYPE_CHECKING:
    from .hub import Hub

logger = logging.getLogger(__name__)

LETTERS_INTERVAL_MS = 30_000  # mails that are to be tried again are looked for this often


class Inbox:
    """All pages of this process, by person. Runs on the hub's loop, and is started by it."""

    def __init__(self, hub: "Hub") -> None:
        self.hub = hub
        self._pages: dict[int, dict[Outbox, int | None]] = {}  # each with the count it was told last
        self._doubted: set[int] = set()
        self._looking = False

    def enter(self, user: int, outbox: Outbox) -> None:
        """A page of this person is open now, and speaks `coscribe.v1`."""
        if user not in self._pages:
            self.hub.relay.join_person(user)
        self._pages.setdefault(user, {})[outbox] = None
        self.changed([user])

    def leave(self, user: int, outbox: Outbox) -> None:
        """It is not any more. Does nothing for one that never was."""
        pages = self._pages.get(user, {})
        pages.pop(outbox, None)
        if not pages and self._pages.pop(user, None) is not None:
            self.hub.relay.leave_person(user)

    def changed(self, users: Collection[int]) -> None:
        """Some of these people's notices may be others, or read."""
        self._doubted.update(self._pages.keys() & users)
        if self._doubted and not self._looking:  # one look at a time: no older count comes after a newer one
            self._looking = True
            self.hub.spawn(self._look())

    async def poll(self) -> None:
        """Look for everybody who is here."""
        self.changed(list(self._pages))

    async def post(self) -> None:
        """Let letters be sent that wait for another try, or were left behind by a process that ended."""
        letters.wake()

    async def _look(self) -> None:
        try:
            while self._doubted:
                asked, self._doubted = self._doubted, set()
                counts = await self.hub.store.read(partial(notices.unread_of, asked))
                for user, unread in counts.items():
                    self._tell(user, unread)
        except DATABASE_DOWN as error:  # the poll will look again
            logger.warning("notices cannot be counted just now (%s)", type(error).__name__)
        finally:
            self._looking = False

    def _tell(self, user: int, unread: int) -> None:
        pages = self._pages.get(user, {})
        for outbox, told in pages.items():
            if told != unread:
                pages[outbox] = unread
                outbox.put(encode_notices(unread), droppable=False)  # a few bytes; only what changes is said
