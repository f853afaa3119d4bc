"""Raw logs of Google SecOps: https://cloud.google.com/chronicle/docs/reference/ingestion-api"""

from collections.abc import Iterable, Iterator

from .container import Container, Inside, Members, Packed, at


def _open(value: Members) -> Iterable[Inside] | None:
    for path in ("batch.logs", "logs", "inlineSource.logs", "entries"):
        logs = at(value, path)
        if isinstance(logs, list):
            return _logs(logs)
    return None


def _logs(logs: Iterable[object]) -> Iterator[Inside]:
    for each in logs:
        data = next(
            (found for name in ("data", "logText", "log_text") if (found := at(each, name))), None
        )
        yield Packed(data) if isinstance(data, str) and "{" not in data else data or each


CONTAINER = Container(title="Google SecOps", open=_open, document=((b'"logs"', b'"data"'),))
