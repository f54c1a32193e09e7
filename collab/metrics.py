"""What `/metrics` says: this process's numbers as Prometheus' text, read from the hub when they are asked for.

Nothing is counted here (`tally` does), and nothing is kept: a scrape walks the rooms once, on the hub's loop. Names
follow https://prometheus.io/docs/practices/naming/: base units, `_total` for what only grows.
"""

import time
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from permissions.letters import Waiting

from .core.connection import Dialect
from .core.messages import Refusal
from .drain import draining
from .hub import Hub
from .live import LiveRoom, State
from .tally import Histogram, Tally

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
GAPS = ("gap", "poll", "large")

_machine = CollectorRegistry()
ProcessCollector(registry=_machine)
PlatformCollector(registry=_machine)
GCCollector(registry=_machine)


def render(hub: Hub | None, waiting: Waiting | None = None) -> bytes:
    """The text of a scrape. On the hub's loop. `hub`: None where no socket has come yet; `waiting`: None where the
    database does not answer.
    """
    registry = CollectorRegistry()
    registry.register(HubCollector(hub, waiting))
    return generate_latest(registry) + generate_latest(_machine)


class HubCollector(Collector):
    """Reads one hub."""

    def __init__(self, hub: Hub | None, waiting: Waiting | None = None) -> None:
        self._hub = hub
        self._waiting = waiting

    def collect(self) -> Iterator[Metric]:
        """All families, those without a value too: a query for them is a mistake otherwise."""
        tally = self._hub.tally if self._hub is not None else Tally()
        rooms = self._hub.rooms if self._hub is not None else []
        yield _gauge("coscribe_draining", "1: this process was told to end.", float(draining()))
        yield from self._people(rooms)
        yield from self._edits(rooms, tally)
        yield from _log(rooms, tally)
        yield from self._relay(tally)
        yield from _clocks(tally)
        yield from self._letters()

    def _people(self, rooms: list[LiveRoom]) -> Iterator[Metric]:
        counts = {dialect.name.lower(): 0 for dialect in Dialect} | {"home": 0}
        waiting_bytes = blocked = 0
        for live in rooms:
            for member in live.members.values():
                counts[member.connection.dialect.name.lower()] += 1
                waiting_bytes += member.outbox.waiting_bytes
                blocked += member.outbox.blocked_since is not None
        if self._hub is not None:
            counts["home"] = len(self._hub.lobby.visitors)
        yield _gauges("coscribe_connections", "Open sockets, by what they speak.", "dialect", counts)
        states = {state.value: 0 for state in (State.LIVE, State.IDLE)}
        for live in rooms:
            states[live.state.value] = states.get(live.state.value, 0) + 1
        yield _gauges("coscribe_rooms", "Open documents: with people in them, or kept warm.", "state", states)
        presence = sum(len(live.room.presence) for live in rooms)
        yield _gauge("coscribe_presence_states", "Carets that are shown, of other processes' people too.", presence)
        yield _gauge("coscribe_outbox_bytes", "Bytes that wait for slow readers.", waiting_bytes)
        yield _gauge("coscribe_outboxes_blocked", "Sockets that do not take what is sent just now.", blocked)

    def _edits(self, rooms: list[LiveRoom], tally: Tally) -> Iterator[Metric]:
        now = self._hub.loop.time() if self._hub is not None else 0.0
        stalled = self._hub.journal.stalled_since if self._hub is not None else None
        age = max((live.unanswered_s(now) for live in rooms), default=0.0)
        yield _gauge("coscribe_inbox_age_seconds", "How long the oldest edit that was not answered waits.", age)
        waiting = sum(live.room.waiting for live in rooms)
        yield _gauge("coscribe_inbox_edits", "Edits that wait for the next commit.", waiting)
        stall = now - stalled if stalled is not None else 0.0
        yield _gauge("coscribe_database_stalled_seconds", "For how long commits have failed for want of it.", stall)
        commit, acknowledge = "A transaction of edits.", "From an edit until it is shown: the oldest one of each batch."
        yield _histogram("coscribe_commit_seconds", commit, tally.commit_seconds)
        yield _histogram("coscribe_commit_edits", "Edits in one transaction.", tally.commit_edits)
        yield _histogram("coscribe_commit_rooms", "Documents in one transaction.", tally.commit_rooms)
        yield _histogram("coscribe_acknowledge_seconds", acknowledge, tally.acknowledge_seconds)
        refusals = {reason: tally.refusals[reason] for reason in (Refusal.ACCESS, Refusal.INVALID, Refusal.FULL)}
        yield _counters("coscribe_edits_refused", "Edits that were not stored, by reason.", "reason", refusals)
        closes = {str(code): count for code, count in sorted(tally.closes.items())}
        yield _counters("coscribe_sockets_closed", "Sockets that the server closed, by code.", "code", closes)
        yield _counter("coscribe_outbox_drops", "Times that a slow reader lost frames.", tally.outbox_drops)

    def _relay(self, tally: Tally) -> Iterator[Metric]:
        gaps = {why: tally.gaps[why] for why in GAPS}
        healed = {why: tally.gaps_healed[why] for why in GAPS}
        said = (
            "Times that rows were missing here: a message (gap) or the poll said so, or they were too large to relay."
        )
        yield _counters("coscribe_relay_gaps", said, "why", gaps)
        yield _counters("coscribe_relay_gaps_healed", "Of those: rows were read from the log.", "why", healed)
        relay = self._hub.relay if self._hub is not None else None
        waiting, down, dropped = (relay.waiting, relay.down, relay.dropped) if relay is not None else (0, 0, 0)
        yield _gauge("coscribe_relay_waiting", "Messages that wait to be sent to other processes.", waiting)
        yield _gauge("coscribe_relay_down", "Redis servers that do not answer.", down)
        yield _counter("coscribe_relay_dropped", "Messages that were never sent to other processes.", dropped)

    def _letters(self) -> Iterator[Metric]:
        waiting = self._waiting
        yield _gauge("coscribe_database_up", "1: the database answered this scrape.", float(waiting is not None))
        if waiting is not None:
            yield _gauge("coscribe_letters_waiting", "Mails that are to be sent, in all processes.", waiting.count)
            late = "How long the oldest mail that is due waits."
            yield _gauge("coscribe_letters_late_seconds", late, waiting.late_s)


def _log(rooms: list[LiveRoom], tally: Tally) -> Iterator[Metric]:
    now = time.time()
    since = [live.tail.since for live in rooms if live.tail.rows and live.tail.since is not None]
    oldest = now - min(since) if since else 0.0
    said = "Age of the oldest edit of an open document that no state holds yet."
    yield _gauge("coscribe_uncompacted_age_seconds", said, oldest)
    rows = max((live.tail.rows for live in rooms), default=0)
    yield _gauge("coscribe_uncompacted_rows", "Most rows behind the newest state of an open document.", rows)
    outcomes = {outcome: tally.compactions[outcome] for outcome in ("done", "failed", "left")}
    said = "States that this process wrote, could not, or left to a worker."
    yield _counters("coscribe_compactions", said, "outcome", outcomes)
    yield _histogram("coscribe_room_load_seconds", "Reading a document to open it.", tally.load_seconds)
    yield _counter("coscribe_room_reloads", "Times that an open document was read anew.", tally.reloads)


def _clocks(tally: Tally) -> Iterator[Metric]:
    beats = HistogramMetricFamily("coscribe_beat_seconds", "What is done by the clock.", labels=["beat"])
    at = GaugeMetricFamily("coscribe_beat_timestamp_seconds", "When each went well last.", labels=["beat"])
    for name in sorted(tally.beat_seconds):
        beats.add_metric([name], buckets=tally.beat_seconds[name].buckets, sum_value=tally.beat_seconds[name].sum)
        at.add_metric([name], tally.beat_at[name])
    yield beats
    yield at
    yield _histogram("coscribe_loop_lag_seconds", "How late the event loop was for what was due.", tally.lag_seconds)


def _gauge(name: str, said: str, value: float) -> Metric:
    return GaugeMetricFamily(name, said, value=value)


def _gauges(name: str, said: str, label: str, values: Mapping[str, float]) -> Metric:
    return _labelled(GaugeMetricFamily(name, said, labels=[label]), values.items())


def _counter(name: str, said: str, value: float) -> Metric:
    return CounterMetricFamily(name, said, value=value)


def _counters(name: str, said: str, label: str, values: Mapping[str, float]) -> Metric:
    return _labelled(CounterMetricFamily(name, said, labels=[label]), values.items())


def _labelled[F: (GaugeMetricFamily, CounterMetricFamily)](family: F, values: Iterable[tuple[str, float]]) -> F:
    for label, value in values:
        family.add_metric([label], value)
    return family


def _histogram(name: str, said: str, counted: Histogram) -> Metric:
    return HistogramMetricFamily(name, said, buckets=counted.buckets, sum_value=counted.sum)
