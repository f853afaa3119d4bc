"""Rows that keep the record as text in a column of its own, by the name that the product gives the column.

Falcon LogScale, journald, Grafana, Datadog, Google SecOps, Exabeam, Devo, Securonix, QRadar, Coralogix, Snowflake and
CloudTrail Lake each have one.
"""

from collections.abc import Iterable

from .container import Container, Inside, Members

_NAMES = (
    "@rawstring",
    "message",
    "content",
    "line",
    "eventjson",
    "raw log",
    "rawlog",
    "raw_log",
    "_raw_log",
    "rawevent",
    "rawmessage",
    "userdata",
    "utf8_payload",
    "event",
    "raw",
    "src",
    "value",
    "v",
    "data",
)


def _open(value: Members) -> Iterable[Inside] | None:
    spelt = {name.lower(): each for name, each in value.items()}
    for name in _NAMES:
        found = spelt.get(name)
        if isinstance(found, str) and found.lstrip()[:1] == "{":
            return (found,)
    return None


CONTAINER = Container(title="a column of raw texts", open=_open)
