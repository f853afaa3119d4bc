"""The loop's facts are told as Prometheus metrics, and whether it lives, on an address of this machine."""

import builtins
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from cloudcascade.streams.delivery import SinkFacts
from cloudcascade.streams.monitoring.health import HealthServer
from cloudcascade.streams.monitoring.metrics import Metrics, MetricsError
from cloudcascade.streams.monitoring.status import LoopFacts

FACTS = LoopFacts(
    ready=True,
    events=100,
    duplicates=2,
    late=1,
    undecodable=3,
    listed=40,
    spilled=5,
    retracted=3,
    pending=7,
    overload=False,
    outbox_messages=4,
    state_bytes=2_048,
    state_events={"memory": 30, "disk": 10},
    verdicts={("effect", True): 20, ("orphan", True): 3, ("orphan", False): 4},
    watermark=900.0,
    newest_event=980.0,
    sinks=(SinkFacts("-", 21, 0, 0, 0, 0.0, None), SinkFacts("sqs://q", 10, 2, 11, 999, 6.5, "no")),
    checkpoint_seconds=(0.02, 0.2),
    verdict_latencies=(1_500.0,),
)


@dataclass
class Clock:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def metrics(clock: Clock) -> Metrics:
    return Metrics(clock=clock)


@pytest.fixture
def server(metrics: Metrics) -> Iterator[HealthServer]:
    with HealthServer(metrics, "127.0.0.1:0", alive_within=30) as made:
        yield made


def samples(metrics: Metrics) -> dict[tuple[str, tuple[str, ...]], float]:
    """Each sample by its name and the values of its labels, in the order of the labels' names."""
    text = metrics.exposition()[0].decode()
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def get(server: HealthServer, path: str, method: str = "GET") -> tuple[int, str, bytes]:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"] or "", answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("name", "labels", "value"),
    [
        ("cascade_events_total", (), 100),
        ("cascade_duplicates_total", (), 2),
        ("cascade_late_total", (), 1),
        ("cascade_undecodable_total", (), 3),
        ("cascade_listed_total", (), 40),
        ("cascade_spilled_total", (), 5),
        ("cascade_retracted_total", (), 3),
        ("cascade_verdicts_total", ("true", "effect"), 20),
        ("cascade_verdicts_total", ("false", "orphan"), 4),
        ("cascade_pending", (), 7),
        ("cascade_state_events", ("memory",), 30),
        ("cascade_state_events", ("disk",), 10),
        ("cascade_state_bytes", (), 2_048),
        ("cascade_overload", (), 0),
        ("cascade_outbox_messages", (), 4),
        ("cascade_watermark_timestamp_seconds", (), 900),
        ("cascade_lag_seconds", (), 20),
        ("cascade_sink_delivered_total", ("-",), 21),
        ("cascade_sink_failures_total", ("sqs://q",), 2),
        ("cascade_sink_waiting_messages", ("sqs://q",), 11),
        ("cascade_sink_oldest_waiting_seconds", ("sqs://q",), 6.5),
        ("cascade_checkpoint_seconds_count", (), 2),
        ("cascade_checkpoint_seconds_bucket", ("0.025",), 1),
        ("cascade_verdict_latency_seconds_sum", (), 1_500),
    ],
)
def test_what_is_told(metrics: Metrics, name: str, labels: tuple[str, ...], value: float) -> None:
    metrics.update(FACTS)
    assert samples(metrics)[name, labels] == value


def test_counts_are_the_loop_s_and_measurements_add_up(metrics: Metrics) -> None:
    metrics.update(FACTS)
    metrics.update(replace(FACTS, events=150))
    found = samples(metrics)
    assert found["cascade_events_total", ()] == 150
    assert found["cascade_checkpoint_seconds_count", ()] == 4


def test_the_lag_grows_while_nothing_comes(metrics: Metrics, clock: Clock) -> None:
    metrics.update(FACTS)
    clock.now += 60
    assert samples(metrics)["cascade_lag_seconds", ()] == 80


def test_what_is_not_known_yet_is_not_told(metrics: Metrics) -> None:
    metrics.update(LoopFacts())
    names = {name for name, _ in samples(metrics)}
    assert not names & {"cascade_lag_seconds", "cascade_watermark_timestamp_seconds"}


def test_a_sink_s_name_cannot_make_up_metrics(metrics: Metrics) -> None:
    name = 'a"} 1\ncascade_events_total 9\n'
    metrics.update(replace(FACTS, sinks=(replace(FACTS.sinks[0], name=name),)))
    found = samples(metrics)
    assert found["cascade_events_total", ()] == 100
    assert found["cascade_sink_delivered_total", (name,)] == 21


def test_two_of_them_do_not_share_a_registry(metrics: Metrics) -> None:
    Metrics().update(FACTS)
    assert samples(metrics)["cascade_events_total", ()] == 0


def test_a_missing_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[..., Any] = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.partition(".")[0] == "prometheus_client":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MetricsError, match=r"pip install 'cloudcascade\[live\]'"):
        Metrics()


class TestServer:
    def test_metrics(self, server: HealthServer, metrics: Metrics) -> None:
        metrics.update(FACTS)
        status, kind, content = get(server, "/metrics")
        assert (status, kind.partition(";")[0]) == (200, "text/plain")
        assert b"\ncascade_events_total 100.0\n" in content

    @pytest.mark.parametrize(
        ("facts", "later", "alive", "ready", "reason"),
        [
            (None, 0, False, False, "the loop has not turned yet"),
            (FACTS, 0, True, True, None),
            (FACTS, 30, True, True, None),
            (FACTS, 31, False, False, "the loop last turned 31 seconds ago"),
            (LoopFacts(not_ready="reading state"), 0, True, False, "reading state"),
            (replace(FACTS, overload=True), 0, True, False, "overload"),
        ],
    )
    def test_whether_it_lives_and_is_ready(
        self,
        server: HealthServer,
        metrics: Metrics,
        clock: Clock,
        facts: LoopFacts | None,
        later: float,
        alive: bool,
        ready: bool,
        reason: str | None,
    ) -> None:
        if facts is not None:
            metrics.update(facts)
        clock.now += later
        assert get(server, "/healthz")[0] == (200 if alive else 503)
        status, kind, content = get(server, "/readyz")
        assert (status, kind) == (200 if ready else 503, "application/json")
        assert json.loads(content).get("reason") == reason

    def test_head_has_no_content(self, server: HealthServer) -> None:
        assert get(server, "/healthz", "HEAD") == (503, "application/json", b"")

    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [("GET", "/", 404), ("GET", "/metrics/../etc", 404), ("POST", "/metrics", 501)],
    )
    def test_there_is_nothing_else(
        self, server: HealthServer, method: str, path: str, status: int
    ) -> None:
        assert get(server, path, method)[0] == status

    def test_a_query_does_not_matter(self, server: HealthServer) -> None:
        assert get(server, "/metrics?x=1")[0] == 200

    def test_more_than_it_can_answer_at_a_time_are_sent_away(self, server: HealthServer) -> None:
        silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(17)]
        try:
            assert silent[-1].recv(1) == b""
        finally:
            for each in silent:
                each.close()

    def test_closing_cuts_off_what_is_under_way(self, metrics: Metrics) -> None:
        server = HealthServer(metrics, "127.0.0.1:0")
        with socket.create_connection(("127.0.0.1", server.port)) as silent:
            silent.sendall(b"GET /met")
            get(server, "/healthz")
            server.close()
            assert silent.recv(1) == b""

    @pytest.mark.parametrize("address", ["localhost:0", "[::1]:0"])
    def test_any_address_of_this_machine_will_do(self, metrics: Metrics, address: str) -> None:
        HealthServer(metrics, address).close()

    @pytest.mark.parametrize(
        ("address", "reason"),
        [
            ("0.0.0.0:0", "other machines could read the metrics"),
            ("[::]:0", "other machines could read the metrics"),
            ("siem.example:0", "other machines could read the metrics"),
            ("127.0.0.1", "is no address; write HOST:PORT"),
            (":9464", "is no address; write HOST:PORT"),
            ("::1:9464", "is no address; write HOST:PORT"),
            ("127.0.0.1:http", "is no address; write HOST:PORT"),
            ("127.0.0.1:99999", "there is no such port"),
        ],
    )
    def test_an_address_that_may_not_be_used(
        self, metrics: Metrics, address: str, reason: str
    ) -> None:
        with pytest.raises(MetricsError, match=reason):
            HealthServer(metrics, address)

    def test_other_machines_may_read_where_somebody_says_so(self, metrics: Metrics) -> None:
        HealthServer(metrics, "0.0.0.0:0", anywhere=True).close()

    def test_an_address_in_use_says_so(self, server: HealthServer, metrics: Metrics) -> None:
        with pytest.raises(MetricsError, match="Address already in use"):
            HealthServer(metrics, f"127.0.0.1:{server.port}")
