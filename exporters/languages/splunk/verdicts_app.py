"""The app of the verdicts of `cascade watch`: how they are read, and a search for each cascade that alerts on them.

They come by the HTTP Event Collector's raw endpoint, a line each:
https://help.splunk.com/splunk-enterprise/get-data-in/collect-http-event-data/format-events-for-http-event-collector
"""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from ...query import Query
from ...schedule import overlap
from ...target import Artefact, Options
from ...verdict import EXPLAINED, SILENT, UNEXPLAINED
from ..expressions import Call, Expression, Field, Operation, Value, both, call, either, equal
from . import conf
from .app import app_files, file
from .scheduled import alerting, described, scheduled
from .spl import Command, Once, Text, Where, listed, searched, spl

APP = PurePosixPath("cloudcascade_verdicts")
SOURCETYPE = "cascade:verdict"
_SHOWN = (
    "_time",
    "event_id",
    "event_time",
    "action",
    "verdict",
    "policy",
    "cascade",
    "account",
    "actor",
    "actor_arn",
    "source_ip",
    "supersedes",
    "id",
)


def verdict_files(
    told: Sequence[tuple[Query, Sequence[str]]], options: Options
) -> Iterator[Artefact]:
    """The app's files. Each query comes with the lines of its header.

    Raises:
        CannotEncode: the language cannot hold a value.
        ExportError: cron cannot say the interval exactly.
    """
    stanzas = []
    for query, lines in told:
        stanzas += [conf.comment(lines), _search(query, options)]
    yield file(APP, "default/savedsearches.conf", "\n".join(stanzas), options)
    yield file(APP, "default/props.conf", _reading(), options)
    yield from app_files(APP, "cloudcascade verdicts", options)


def _reading() -> str:
    """An event is a line, and its time that of its arrival: a verdict is told long after what it is about."""
    settings = [
        ("SHOULD_LINEMERGE", "false"),
        ("LINE_BREAKER", r"([\r\n]+)"),
        ("TRUNCATE", "0"),
        ("DATETIME_CONFIG", "CURRENT"),
        ("KV_MODE", "json"),
    ]
    return conf.stanza(SOURCETYPE, settings)


def _search(query: Query, options: Options) -> str:
    reach = options.every + overlap(options.every, 0)
    text = "\n".join([_source(query, options), *map(spl, commands(query))])
    name = f"{query.cascade} verdicts"
    return conf.stanza(
        f"Cascade - {query.cascade} - verdicts",
        [
            ("search", text),
            described(options),
            *scheduled(name, reach, options),
            *alerting(reach, options.every),
        ],
    )


def _source(query: Query, options: Options) -> str:
    """What is read from the index: the search command compares without case, and so it is no more than that."""
    index = f"index={searched(options.index)} " if options.index else ""
    head = f"{index}sourcetype={searched(SOURCETYPE)} action IN "
    return head + listed(query.actions, len(head), 4)


def commands(query: Query) -> tuple[Command, ...]:
    """Keeps the final verdicts on the subjects' actions, but for those that may be silenced; each id once."""
    return (
        Where(
            both(
                equal(Field("final"), Value("true")),
                _is_one_of("action", query.actions),
                either(
                    _is_one_of("verdict", UNEXPLAINED),
                    both(
                        equal(Field("verdict"), Value(EXPLAINED)),
                        either(
                            call("isnull", Field("policy")),
                            Operation("!=", (Field("policy"), Value(SILENT))),
                        ),
                    ),
                ),
            )
        ),
        Once("id"),
        Text(f"| table {' '.join(_SHOWN)}"),
    )


def _is_one_of(name: str, values: Sequence[str]) -> Expression:
    return Call("in", (Field(name), *map(Value, values)))
