"""OpenTelemetry's logs as JSON: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding"""

from collections.abc import Iterable, Iterator

from .container import Container, Inside, Members, at

_DEEPEST = 12


def _open(value: Members) -> Iterable[Inside] | None:
    resources = value.get("resourceLogs")
    if not isinstance(resources, list):
        body = value.get("body", value.get("Body"))
        found = _value(body, _DEEPEST) if isinstance(body, dict) else None
        return None if found is None else (found,)
    return _bodies(resources)


def _bodies(resources: Iterable[object]) -> Iterator[Inside]:
    for resource in resources:
        for scope in _list(at(resource, "scopeLogs")):
            for log in _list(at(scope, "logRecords")):
                yield _value(at(log, "body"), _DEEPEST)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _value(value: object, depth: int) -> object:
    if not isinstance(value, dict) or depth == 0:
        return None
    if "kvlistValue" in value:
        return {
            str(at(each, "key")): _value(at(each, "value"), depth - 1)
            for each in _list(at(value, "kvlistValue.values"))
        }
    if "arrayValue" in value:
        return [_value(each, depth - 1) for each in _list(at(value, "arrayValue.values"))]
    return next(
        (
            value[name]
            for name in ("stringValue", "boolValue", "intValue", "doubleValue")
            if name in value
        ),
        None,
    )


CONTAINER = Container(
    title="OpenTelemetry", open=_open, first=True, document=((b'"resourceLogs"',),)
)
