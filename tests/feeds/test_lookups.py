"""What a feeder writes is what the exported artefacts ask: names, columns, types."""

import configparser
import csv
import io
import json
import re

import pytest

from cloudcascade.exporters import LOOKUPS
from cloudcascade.exporters.languages.splunk.app import KEPT_DAYS
from cloudcascade.feeds import Statement, feed_names
from cloudcascade.tests.support.feeding import NOW, run_feed, silenced, spoken
from cloudcascade.tests.support.golden import make_export
from cloudcascade.tests.support.siem_apis import SECRETS, Kibana, LogScale, Sentinel, Splunk
from cloudcascade.tests.support.siem_server import Platform

CASCADE = "aws.iam.delete-user"
# What the app's own searches say of themselves.
OF_SEARCHES = {"asked", "verdict", "account", "actor"}
STYLES = {
    "datadog": "rule",
    "elastic": "exception",
    "secops": "rule",
    "sentinel": "watchlist",
}


def artefacts(target: str) -> dict[str, str]:
    made = make_export(target, [CASCADE], style=STYLES.get(target))
    return {str(each.path): each.text for each in made.artefacts}


def asked_columns(target: str) -> set[str]:
    """The columns of the table, as the export's own files have them."""
    texts = artefacts(target)
    if target == "elastic":
        return {"value"}
    text = texts[str(LOOKUPS[target].of)]
    if target == "splunk":
        stanza = configparser.ConfigParser()
        stanza.optionxform = str  # type: ignore[method-assign,assignment]
        stanza.read_string(text)
        return {name.removeprefix("field.") for name in stanza[LOOKUPS[target].name]}
    if target == "sentinel":
        (resource,) = json.loads(text)["resources"]
        text = resource["properties"]["rawContent"]
    return set(next(csv.reader(io.StringIO(text))))


def test_there_is_a_feed_for_every_table_that_an_export_asks() -> None:
    assert set(feed_names()) == set(LOOKUPS)


def test_the_columns_that_are_written_are_those_of_the_export(
    target: str, platform: Platform
) -> None:
    run_feed(target, platform, [silenced("event-1")])
    assert platform.columns() == asked_columns(target) - OF_SEARCHES


NAMED = {
    "datadog": r'"tableName": "(.*?)"',
    "elastic": r'"list":\s*{"id":\s*"(.*?)"',
    "logscale": r'match\(file="(.*?)\.csv"',
    "secops": r"in %(.*?)\.event_id",
    "sentinel": r"_GetWatchlist\(['\"](.*?)['\"]\)",
    "splunk": r"outputlookup append=true key_field=_key (\S+)",
}


@pytest.mark.parametrize("target", sorted(NAMED))
def test_the_table_that_is_filled_is_the_one_that_the_artefacts_name(target: str) -> None:
    names = {
        name for text in artefacts(target).values() for name in re.findall(NAMED[target], text)
    }
    assert names == {LOOKUPS[target].name}


KEYS = {
    "datadog": r'"columnName": "(.*?)"',
    "logscale": r'column="(.*?)"',
    "secops": r"in %cascade_explained\.(\w+)",
    "sentinel": r"leftanti Explained on (\w+)",
    "splunk": r"lookup cascade_explained (\w+) AS eventID",
}


@pytest.mark.parametrize("target", sorted(KEYS))
def test_the_column_that_artefacts_ask_by_is_the_first_one(target: str) -> None:
    names = {name for text in artefacts(target).values() for name in re.findall(KEYS[target], text)}
    assert names == {LOOKUPS[target].columns[0]}


@pytest.mark.parametrize("target", ["splunk"])
def test_a_collection_s_rows_live_as_long_as_the_app_s_own_pruning_lets_them(
    target: str, platform: Platform
) -> None:
    assert isinstance(platform, Splunk)
    run_feed(target, platform, [silenced("event-1")])
    (document,) = platform.documents.values()
    assert document["added"] == NOW
    assert f'relative_time(now(), "-{KEPT_DAYS}d")' in "".join(artefacts(target).values())
    assert LOOKUPS[target].kept == KEPT_DAYS * 86_400


@pytest.mark.parametrize("target", ["splunk"])
@pytest.mark.parametrize(
    ("statement", "left"),
    [
        (silenced("event-1"), {"search|event-1", "other|event-1", "event-1"}),
        (spoken("event-1"), {"other|event-1"}),
        (silenced("event-2"), {"search|event-1", "other|event-1", "event-2"}),
    ],
)
def test_what_searches_say_stays_unless_it_silences_what_may_not_be(
    target: str, platform: Platform, statement: Statement, left: set[str]
) -> None:
    assert isinstance(platform, Splunk)
    for asked, verdict in (("search", "explained"), ("other", "unexplained")):
        platform.seed("event-1", NOW - 40 * 86_400)
        found = platform.documents.pop("event-1")
        key = f"{asked}|event-1"
        platform.documents[key] = {**found, "_key": key, "asked": asked, "verdict": verdict}
    run_feed(target, platform, [statement])
    assert set(platform.documents) == left
    assert run_feed(target, platform, [statement]).added == 0


@pytest.mark.parametrize("target", ["sentinel"])
def test_a_watchlist_s_row_says_until_when_it_mutes(target: str, platform: Platform) -> None:
    assert isinstance(platform, Sentinel)
    run_feed(target, platform, [silenced("event-1")])
    (item,) = platform.items.values()
    assert item["Expires"] == "2026-04-16T23:00:00Z"
    assert "todatetime(Expires) > now()" in "".join(artefacts(target).values())


@pytest.mark.parametrize("target", ["logscale"])
def test_a_file_of_an_older_export_gets_its_new_column(target: str, platform: Platform) -> None:
    assert isinstance(platform, LogScale)
    platform.file = b"event_id,cascade,effect,origin_event_id\r\nolder,aws.iam.x,iam:X,root\r\n"
    report = run_feed(target, platform, [silenced("event-1")])
    assert report.undated == 1
    assert platform.file == (
        b"event_id,cascade,effect,origin_event_id,event_time\n"
        b"older,aws.iam.x,iam:X,root,\n"
        b"event-1,aws.iam.delete-user,iam:DeactivateMFADevice,root-1,2026-03-17T23:00:00Z\n"
    )


@pytest.mark.parametrize("target", ["elastic"])
def test_a_value_list_of_another_type_is_refused(target: str, platform: Platform) -> None:
    assert isinstance(platform, Kibana)
    platform.list_type = "ip"
    with pytest.raises(Exception, match="of type ip, not keyword"):
        run_feed(target, platform, [silenced("event-1")])


@pytest.mark.parametrize("target", ["datadog", "secops", "sentinel"])
def test_a_table_with_other_columns_is_refused_before_anything_changes(
    target: str, platform: Platform
) -> None:
    setattr(platform, "fields", ["event_id", "cascade", "effect", "origin_event_id"])  # noqa: B010
    setattr(platform, "search_key", "Name")  # noqa: B010
    with pytest.raises(Exception, match=r"lacks event_time: make it|search key of"):
        run_feed(target, platform, [silenced("event-1")])
    assert platform.changed == 0


def test_secrets_are_those_that_feeds_ask_for() -> None:
    from cloudcascade.feeds import find_feed

    asked = {name for each in feed_names() for _, _, name in find_feed(each).headers}
    assert asked == set(SECRETS)
