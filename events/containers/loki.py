"""Streams of Grafana Loki, from its interface and from logcli.

https://grafana.com/docs/loki/latest/reference/loki-http-api/#query-logs-within-a-range-of-time
"""

from collections.abc import Iterable

from .container import Container, Inside, Members, at


def _open(value: Members) -> Iterable[Inside] | None:
    streams = at(value, "data.result")
    if isinstance(streams, list):
        return streams
    streams = value.get("streams")
    if isinstance(streams, list):
        return streams
    pairs = value.get("values")
    if not isinstance(pairs, list) or "stream" not in value:
        return None
    return [pair[1] for pair in pairs if isinstance(pair, list) and len(pair) > 1]


CONTAINER = Container(
    title="Loki", open=_open, paths=("line",), document=((b'"values"', b'"stream"'),)
)
