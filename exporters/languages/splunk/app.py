"""The app's files beside its searches: the collection of verdicts, what keeps it small, and what asks it."""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from ...header import overlay_lines
from ...target import Artefact, Options
from . import conf
from .scheduled import daily

APP = PurePosixPath("cloudcascade")
LOOKUP = "cascade_explained"
FILTER = "cascade_explained_filter"
KEEP = "cascade_keep"
# How long the collection keeps a verdict: rules that look back further see the event again.
KEPT_DAYS = 30
# The collection's fields beside _key, and their types. The last four are missing where no search judged the event.
COLUMNS = {
    "event_id": "string",
    "cascade": "string",
    "event_time": "number",
    "eventName": "string",
    "added": "number",
    "verdict": "string",
    "asked": "string",
    "account": "string",
    "actor": "string",
}


def filter_macro() -> str:
    """The macro that leaves explained events out of a rule: those that no search calls unexplained."""
    text = "\n".join(
        [
            f"lookup {LOOKUP} event_id AS eventID OUTPUT cascade AS explained_by, verdict AS verdicts_of",
            '| where isnull(explained_by) OR isnotnull(mvfind(verdicts_of, "^unexplained$"))',
        ]
    )
    about = conf.comment(
        [
            "Put it where eventID is still there: behind the base search, before any stats or table. Behind those it",
            "leaves out nothing.",
        ]
    )
    return about + conf.stanza(FILTER, [("definition", text)])


def keeping(asked: str) -> str:
    """The commands that keep the verdicts of a run; a search's later verdict on an event takes the place of its own."""
    names = ", ".join(COLUMNS)
    return "\n".join(
        [
            '| eval verdict=if(isnull(cascade), "unexplained", "explained"),',
            f'    asked="{asked}", event_time=_time, added=now(),',
            '    _key=asked . "|" . event_id',
            f"| table _key, _time, eventSource, principal, {names}",
            f"| `{KEEP}`",
        ]
    )


def keeping_macro() -> str:
    """The macro that writes the collection: `noop` in its place alerts where there is no KV store."""
    text = f"outputlookup append=true key_field=_key {LOOKUP}"
    return conf.stanza(KEEP, [("definition", text)])


def housekeeping(options: Options) -> Iterator[str]:
    """The searches that count what was silenced, and take out of the collection what has been there for long."""
    counted = "\n".join(
        [
            f"| inputlookup {LOOKUP}",
            '| where verdict == "explained" AND added > relative_time(now(), "-1d")',
            '| fillnull value="" account actor',
            "| stats count min(event_time) AS first_time max(event_time) AS last_time",
            "    BY asked cascade eventName account actor",
        ]
    )
    yield conf.stanza("Cascade - silenced", [("search", counted), *daily("silenced", options)])
    yield pruning(
        "Cascade - prune the lookup",
        LOOKUP,
        # What no search wrote goes by the event's id alone.
        'coalesce(asked . "|", "") . event_id',
        "added",
        KEPT_DAYS,
        options,
    )


def pruning(title: str, collection: str, key: str, column: str, days: int, options: Options) -> str:
    """The search that takes out of a collection what was put there more than `days` ago."""
    text = "\n".join(
        [
            f"| inputlookup {collection}",
            f'| where {column} > relative_time(now(), "-{days}d")',
            f"| eval _key={key}",
            f"| outputlookup key_field=_key {collection}",
        ]
    )
    return conf.stanza(title, [("search", text), *daily(title, options)])


def lookup_files(options: Options) -> Iterator[Artefact]:
    """The lookup, and what an app takes."""
    yield from collection_files(APP, {LOOKUP: COLUMNS}, 100, options)
    yield from app_files(APP, "cloudcascade", options)


def collection_files(
    app: PurePosixPath,
    collections: Mapping[str, Mapping[str, str]],
    matches: int,
    options: Options,
) -> Iterator[Artefact]:
    """Collections, so that searches may write them at the same time, and their lookups of so many matches."""
    lookups, columns = [], []
    for name, typed in collections.items():
        settings = [
            ("external_type", "kvstore"),
            ("collection", name),
            ("fields_list", ", ".join(["_key", *typed])),
            ("case_sensitive_match", "true"),
            ("max_matches", str(matches)),
        ]
        lookups.append(conf.stanza(name, settings))
        columns.append(
            conf.stanza(name, [(f"field.{column}", kind) for column, kind in typed.items()])
        )
    yield file(app, "default/transforms.conf", "\n".join(lookups), options)
    yield file(app, "default/collections.conf", "\n".join(columns), options)


def app_files(app: PurePosixPath, label: str, options: Options) -> Iterator[Artefact]:
    """What makes a folder an app: https://dev.splunk.com/enterprise/docs/developapps/createapps/"""
    stanzas = [
        conf.stanza("install", [("is_configured", "0")]),
        conf.stanza("ui", [("is_visible", "0"), ("label", label)]),
        conf.stanza(
            "launcher",
            [
                ("author", options.owner or "cloudcascade"),
                ("description", "What one cloud action sets off, and alerts on what it does not."),
                ("version", version_of(options)),
            ],
        ),
        conf.stanza("id", [("name", str(app)), ("version", version_of(options))]),
        conf.stanza("package", [("id", str(app)), ("check_for_updates", "0")]),
    ]
    yield file(app, "default/app.conf", "\n".join(stanzas), options)
    yield file(
        app,
        "metadata/default.meta",
        "[]\naccess = read : [ * ], write : [ admin, sc_admin ]\nexport = system\n",
        options,
    )


def version_of(options: Options) -> str:
    """The catalogue's version as Splunk takes it, three numbers: https://semver.org/"""
    numbers = re.findall(r"\d+", options.catalog_version)[:3]
    return ".".join([*numbers, "0", "0", "0"][:3])


def file(app: PurePosixPath, path: str, text: str, options: Options) -> Artefact:
    """A file of the app, which says where it comes from."""
    made = f"cloudcascade catalogue {options.catalog_version}, made {options.created.isoformat()}"
    return Artefact(app / path, f"{conf.comment([made, *overlay_lines(options)])}\n{text}")
