"""The loop's facts as Prometheus metrics, in a registry of their own.

| metric | type | what |
|---|---|---|
| `cascade_events_total` | counter | records taken from the source |
| `cascade_verdicts_total{verdict,final}` | counter | verdicts told |
| `cascade_duplicates_total` | counter | copies of events |
| `cascade_late_total` | counter | events judged late |
| `cascade_undecodable_total` | counter | records that could not be read |
| `cascade_listed_total` | counter | events that some cascade mentions |
| `cascade_spilled_total` | counter | held events moved from memory to disk |
| `cascade_retracted_total` | counter | verdicts that silenced an event and were taken back |
| `cascade_pending` | gauge | events waiting for their verdict |
| `cascade_state_events{tier}` | gauge | events the engine holds, in `memory` and on `disk` |
| `cascade_state_bytes` | gauge | what they take |
| `cascade_overload` | gauge | 1 while more comes than is kept up with |
| `cascade_watermark_timestamp_seconds` | gauge | before this time, everything has arrived |
| `cascade_lag_seconds` | gauge | now minus the newest event's time |
| `cascade_outbox_messages` | gauge | verdicts that no sink has taken yet |
| `cascade_sink_delivered_total{sink}` | counter | messages delivered |
| `cascade_sink_failures_total{sink}` | counter | attempts that failed |
| `cascade_sink_waiting_messages{sink}` | gauge | messages on their way |
| `cascade_sink_oldest_waiting_seconds{sink}` | gauge | since when the first of them waits |
| `cascade_checkpoint_seconds` | histogram | how long storing the state took |
| `cascade_verdict_latency_seconds` | histogram | from an event's time to its verdict |

Names follow https://prometheus.io/docs/practices/naming/. No label holds anything that an event says.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from ...errors import CloudcascadeError
from .status import LoopFacts

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_CHECKPOINT_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_LATENCY_BUCKETS = (1.0, 10.0, 60.0, 300.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0, 86_400.0)


class MetricsError(CloudcascadeError):
    """Metrics cannot be offered as was asked for: a package is missing, or the address may not be used."""


class Metrics:
    """The last facts of the loop, and what is measured of them. Safe to read from other threads than the loop's."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        """`clock` gives seconds since 1970.

        Raises:
            MetricsError: prometheus_client is missing.
        """
        try:
            from prometheus_client import CollectorRegistry, Histogram
        except ImportError as error:
            raise MetricsError(
                "prometheus_client is missing: pip install 'cloudcascade[live]'"
            ) from error

        self.registry: CollectorRegistry = CollectorRegistry(auto_describe=False)
        self._clock = clock
        self._facts = LoopFacts()
        self._turned: float | None = None
        self._lock = threading.Lock()
        self._checkpoints = Histogram(
            "cascade_checkpoint_seconds",
            "How long storing the state took.",
            buckets=_CHECKPOINT_BUCKETS,
            registry=self.registry,
        )
        self._latencies = Histogram(
            "cascade_verdict_latency_seconds",
            "From an event's time to its verdict, holds and lateness included.",
            buckets=_LATENCY_BUCKETS,
            registry=self.registry,
        )
        self.registry.register(_Collected(self))

    def update(self, facts: LoopFacts) -> None:
        """The loop has turned, and this is how it stands."""
        for seconds in facts.checkpoint_seconds:
            self._checkpoints.observe(seconds)
        for seconds in facts.verdict_latencies:
            self._latencies.observe(seconds)
        with self._lock:
            self._facts = facts
            self._turned = self._clock()

    def last(self) -> tuple[LoopFacts, float | None]:
        """The last facts, and how many seconds ago the loop told them; None before the first."""
        with self._lock:
            facts, turned = self._facts, self._turned
        return facts, None if turned is None else max(0.0, self._clock() - turned)

    def exposition(self) -> tuple[bytes, str]:
        """All metrics in the Prometheus text format, and its content type."""
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        return generate_latest(self.registry), CONTENT_TYPE_LATEST

    def now(self) -> float:
        """Seconds since 1970."""
        return self._clock()


class _Collected:
    """What follows from the last facts, each time it is asked for. Counters are the loop's: nothing is counted
    twice.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator["Metric"]:
        facts, _ = self._metrics.last()
        yield from _counters(facts)
        yield from _gauges(facts, self._metrics.now())
        yield from _of_sinks(facts)


def _counters(facts: LoopFacts) -> Iterator["Metric"]:
    from prometheus_client.core import CounterMetricFamily

    for name, text, value in (
        ("events", "Records taken from the source.", facts.events),
        ("duplicates", "Copies of events.", facts.duplicates),
        ("late", "Events that came too late and were judged by what was known.", facts.late),
        ("undecodable", "Records that could not be read.", facts.undecodable),
        ("listed", "Events that some cascade mentions.", facts.listed),
        ("spilled", "Held events that were moved from memory to disk.", facts.spilled),
        ("retracted", "Verdicts that silenced and were taken back.", facts.retracted),
    ):
        yield CounterMetricFamily(f"cascade_{name}", text, value=value)
    verdicts = CounterMetricFamily(
        "cascade_verdicts", "Verdicts told.", labels=("verdict", "final")
    )
    for (verdict, final), count in sorted(facts.verdicts.items()):
        verdicts.add_metric((verdict, "true" if final else "false"), count)
    yield verdicts


def _gauges(facts: LoopFacts, now: float) -> Iterator["Metric"]:
    from prometheus_client.core import GaugeMetricFamily

    lag = None if facts.newest_event is None else now - facts.newest_event
    for name, text, value in (
        ("pending", "Events waiting for their verdict.", facts.pending),
        ("state_bytes", "What the held events take.", facts.state_bytes),
        ("overload", "1 while more comes than is kept up with.", int(facts.overload)),
        ("outbox_messages", "Verdicts that no sink has taken yet.", facts.outbox_messages),
        ("watermark_timestamp_seconds", "What is before has arrived.", facts.watermark),
        ("lag_seconds", "Now minus the newest event's time.", lag),
    ):
        if value is not None:
            yield GaugeMetricFamily(f"cascade_{name}", text, value=value)
    tiers = GaugeMetricFamily("cascade_state_events", "Events held.", labels=("tier",))
    for tier, count in sorted(facts.state_events.items()):
        tiers.add_metric((tier,), count)
    yield tiers


def _of_sinks(facts: LoopFacts) -> Iterator["Metric"]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    sinks = facts.sinks
    delivered = CounterMetricFamily(
        "cascade_sink_delivered", "Messages delivered.", labels=("sink",)
    )
    failures = CounterMetricFamily(
        "cascade_sink_failures", "Attempts that failed.", labels=("sink",)
    )
    waiting = GaugeMetricFamily(
        "cascade_sink_waiting_messages", "Messages on their way.", labels=("sink",)
    )
    oldest = GaugeMetricFamily(
        "cascade_sink_oldest_waiting_seconds", "How long the first has waited.", labels=("sink",)
    )
    families: Sequence[tuple[Metric, Iterable[float]]] = (
        (delivered, (each.delivered for each in sinks)),
        (failures, (each.failures for each in sinks)),
        (waiting, (each.waiting for each in sinks)),
        (oldest, (each.oldest_age for each in sinks)),
    )
    for family, values in families:
        for sink, value in zip(sinks, values, strict=True):
            family.add_metric((sink.name,), value)  # type: ignore[attr-defined]
        yield family
