"""Who is in which document now, over all processes: by node, with an end.

A process says who is in its own rooms, when that changes and again every `renew_s`; what is not renewed for three
times as long is forgotten, so the people of a killed process vanish.
"""

import uuid
from collections.abc import Iterable

from .relay import OccupancyNews

MAX_PEOPLE = 20  # a line shows a few faces and a number; who is in a crowd is seen in the document
PLACES_PER_MESSAGE = 200

type Being = tuple[int, str, str, bool]  # user id, name, colour, whether a guest


class Occupancy:
    """What other processes say. Time is an argument, in seconds."""

    def __init__(self, *, renew_s: float) -> None:
        self._lasts_s = 3 * renew_s
        self._places: dict[uuid.UUID, dict[str, tuple[tuple[Being, ...], float]]] = {}

    def hear(self, news: OccupancyNews, now: float) -> set[uuid.UUID]:
        """Take it in; the documents where somebody came or left."""
        changed = set()
        for document, people in news.places:
            nodes = self._places.setdefault(document, {})
            before = nodes.get(news.node)
            if people:
                nodes[news.node] = (people[:MAX_PEOPLE], now)
            else:
                nodes.pop(news.node, None)
            if not nodes:
                del self._places[document]
            if (before[0] if before else ()) != people[:MAX_PEOPLE]:
                changed.add(document)
        return changed

    def expire(self, now: float) -> set[uuid.UUID]:
        """Forget what was not renewed; the documents where that changes something."""
        changed = set()
        for document, nodes in list(self._places.items()):
            for node, (_, heard) in list(nodes.items()):
                if now - heard > self._lasts_s:
                    del nodes[node]
                    changed.add(document)
            if not nodes:
                del self._places[document]
        return changed

    def hand_over(self, node: str, now: float, *, grace_s: float) -> None:
        """This node ended as planned: its people are forgotten after the grace period."""
        for nodes in self._places.values():
            if node in nodes:
                people, heard = nodes[node]
                nodes[node] = (people, min(heard, now + grace_s - self._lasts_s))

    def elsewhere(self, document: uuid.UUID) -> Iterable[Being]:
        """Who is in it, at other nodes."""
        for people, _ in self._places.get(document, {}).values():
            yield from people


def parts(node: str, places: list[tuple[uuid.UUID, tuple[Being, ...]]], *, asking: bool = False) -> list[OccupancyNews]:
    """The news of these places, in messages of a bounded size; one at least when `asking`."""
    cut = [tuple(places[at : at + PLACES_PER_MESSAGE]) for at in range(0, len(places), PLACES_PER_MESSAGE)]
    if asking and not cut:
        cut = [()]
    return [OccupancyNews(node, each, asking=asking and n == 0) for n, each in enumerate(cut)]
