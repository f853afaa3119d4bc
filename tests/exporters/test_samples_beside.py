"""Sample events beside artefacts: what is expected of them is what engines say."""

import json
from collections.abc import Iterator
from functools import cache

import pytest

from cloudcascade.exporters import Job, SampleCase, find_target, plan, sample_files
from cloudcascade.exporters.sample_cases import MOST_EFFECTS, Sampler
from cloudcascade.samples import KINDS
from cloudcascade.tests.support.golden import CATALOG, SUPPRESSING, make_export, make_options
from cloudcascade.tests.support.query_oracle import alerts, explained, extent_of
from cloudcascade.tests.support.sql_engines import DuckDBEngine, needs

DUCKDB = find_target("duckdb")
STYLE = DUCKDB.style("whole")
SAMPLER = Sampler(CATALOG.cascades)
# Every cascade that may silence something, and some of those that label.
SILENCING = tuple(cascade.id for cascade in SUPPRESSING)
LABELLING = tuple(each.id for each in CATALOG.cascades if each.id not in SILENCING)[::40]


@cache
def job_of(cascade: str) -> Job:
    return plan(CATALOG.get(cascade), CATALOG.cascades, STYLE, make_options())


@cache
def cases_of(cascade: str) -> dict[str, SampleCase]:
    made = SAMPLER.cases(CATALOG.get(cascade), job_of(cascade).query)
    return {case.name: case for case in made}


@pytest.fixture(scope="module")
def duckdb() -> Iterator[DuckDBEngine]:
    if reason := needs("duckdb")():
        pytest.skip(reason)
    engine = DuckDBEngine()
    yield engine
    engine.close()


@pytest.mark.parametrize("cascade", SILENCING)
def test_the_exported_query_alerts_on_what_is_said_to_alert(
    cascade: str, duckdb: DuckDBEngine
) -> None:
    for case in cases_of(cascade).values():
        duckdb.load(case.records)
        assert duckdb.ids(job_of(cascade).query) == set(case.alerts), case.name


@pytest.mark.parametrize("cascade", LABELLING)
def test_the_exported_query_labels_what_is_said_to_be_labelled(
    cascade: str, duckdb: DuckDBEngine
) -> None:
    for case in cases_of(cascade).values():
        duckdb.load(case.records)
        assert duckdb.ids(job_of(cascade).query, "explained") == set(case.explained), case.name


@pytest.mark.parametrize("cascade", [*SILENCING, *LABELLING])
def test_the_definition_agrees(cascade: str) -> None:
    query = job_of(cascade).query
    for case in cases_of(cascade).values():
        events = list(case.records)
        if query.purpose == "alert":
            assert alerts(query, events, extent=extent_of(events)) == set(case.alerts), case.name
        else:
            assert explained(query, events) == set(case.explained), case.name


@pytest.mark.parametrize("cascade", [*SILENCING, *LABELLING])
def test_the_whole_cascade_is_explained_and_every_twin_is_not(cascade: str) -> None:
    whole, *twins = cases_of(cascade).values()
    assert whole.name == "explained"
    assert whole.explained
    assert not whole.positive
    assert all(case.positive for case in twins)
    names = [case.name for case in twins]
    assert {"alone", "outside-window"} <= set(names)
    assert names == [kind for kind in KINDS if kind in names]


@pytest.mark.parametrize("cascade", [*SILENCING, *LABELLING])
def test_a_log_is_short(cascade: str) -> None:
    path = len(CATALOG.get(cascade).effects) + 1
    for case in cases_of(cascade).values():
        assert len(case.records) <= min(path, 2 * MOST_EFFECTS) + 2
    assert sum(len(json.dumps(case.records)) for case in cases_of(cascade).values()) < 64 * 1024


def test_the_samples_of_one_catalogue_are_the_same_bytes() -> None:
    cascade = CATALOG.get("aws.iam.delete-user")
    query = job_of(cascade.id).query
    assert Sampler(CATALOG.cascades).cases(cascade, query) == SAMPLER.cases(cascade, query)


def test_the_account_is_that_of_documentation() -> None:
    for case in cases_of("aws.iam.delete-user").values():
        accounts = {record["recipientAccountId"] for record in case.records}
        assert accounts <= {"111122223333", "999988887777"}


def test_files_stand_in_a_folder_of_the_cascade() -> None:
    made = make_export("duckdb", ["aws.iam.delete-user"], "whole")
    files = {str(each.path): each.text for each in sample_files(made.jobs, DUCKDB, STYLE)}
    folder = "duckdb/aws.iam.delete-user/tests/whole"
    expected = json.loads(files.pop(f"{folder}/expected.json"))
    assert set(files) == {f"{folder}/{log['file']}" for log in expected["logs"]}
    assert expected["purpose"] == "alert"
    for log in expected["logs"]:
        events = [json.loads(line) for line in files[f"{folder}/{log['file']}"].splitlines()]
        assert {*log["alerts"], *log["silent"]} <= {event["eventID"] for event in events}


def test_a_label_is_expected_where_a_cascade_only_labels() -> None:
    made = make_export("duckdb", [LABELLING[0]], "whole")
    *_, last = sample_files(made.jobs, DUCKDB, STYLE)
    first = json.loads(last.text)["logs"][0]
    assert (first["unlabelled"], bool(first["labelled"])) == ([], True)


def test_the_losses_stand_beside_what_is_expected() -> None:
    made = make_export("splunk", ["aws.iam.delete-user"], "join", allow_fail_closed=True)
    target = find_target("splunk")
    *_, last = sample_files(made.jobs, target, target.style("join"))
    assert json.loads(last.text)["losses"]


def test_a_list_of_what_is_silenced_has_no_samples() -> None:
    target = find_target("suppression-list")
    made = make_export("suppression-list", ["aws.iam.delete-user"], allow_fail_closed=True)
    assert made.jobs
    assert list(sample_files(made.jobs, target, target.style(None))) == []
