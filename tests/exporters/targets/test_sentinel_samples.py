"""The samples beside Sentinel's artefacts, run by the model of Kusto: what shall alert does."""

from functools import cache

import pytest

from cloudcascade.exporters import SampleCase, plan
from cloudcascade.exporters.errors import Refused
from cloudcascade.exporters.field_maps import field_map
from cloudcascade.exporters.languages.sentinel.kusto_limits import settle
from cloudcascade.exporters.languages.sentinel.kusto_query import alert_query
from cloudcascade.exporters.languages.sentinel.timing import Slice
from cloudcascade.exporters.query import Query
from cloudcascade.exporters.sample_cases import Sampler
from cloudcascade.exporters.targets.sentinel import QUERY
from cloudcascade.tests.exporters.kusto.table import MONTH, answer
from cloudcascade.tests.support.golden import CATALOG, SUPPRESSING, make_options

SAMPLER = Sampler(CATALOG.cascades)
FIELDS = field_map("sentinel")


@cache
def query_of(cascade: str) -> Query | None:
    try:
        job = plan(CATALOG.get(cascade), CATALOG.cascades, QUERY, make_options())
    except Refused:
        return None
    return settle(job.query, FIELDS).query


# They ask what a call may carry beyond what is known, which Sentinel has no form for.
WITHOUT = (
    "aws.ecs.delete-service-drained",
    "aws.rds.delete-db-cluster",
    "aws.rds.delete-db-instance",
)
MADE = tuple(cascade.id for cascade in SUPPRESSING if cascade.id not in WITHOUT)


@cache
def cases_of(cascade: str) -> tuple[SampleCase, ...]:
    query = query_of(cascade)
    assert query is not None
    return SAMPLER.cases(CATALOG.get(cascade), query)


@cache
def alerted(cascade: str) -> dict[str, set[str]]:
    query = query_of(cascade)
    assert query is not None
    text = alert_query(query, FIELDS, "AWSCloudTrail", Slice(2 * MONTH, query.hold))
    return {
        case.name: {each["EventId"] for each in answer(text, case.records, query.hold)}
        for case in cases_of(cascade)
    }


@pytest.mark.parametrize("cascade", MADE)
def test_what_a_sample_says_alerts(cascade: str) -> None:
    cases = cases_of(cascade)
    assert any(case.positive for case in cases)
    for case in cases:
        assert set(case.alerts) <= alerted(cascade)[case.name], case.name


@pytest.mark.parametrize("cascade", MADE)
def test_a_sample_that_is_explained_is_silent(cascade: str) -> None:
    explained = next(case for case in cases_of(cascade) if not case.positive)
    assert explained.explained
    assert alerted(cascade)[explained.name] == set()


def test_only_these_have_no_form_in_sentinel() -> None:
    assert tuple(each.id for each in SUPPRESSING if query_of(each.id) is None) == WITHOUT
