"""An engine that puts events aside undecoded says what one says that reads every event at once."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudcascade.catalog import load_catalog
from cloudcascade.catalog.models import Cascade
from cloudcascade.matcher import Engine, Verdict, compile_catalog
from cloudcascade.matcher.plan.nodes import Plan
from cloudcascade.tests.support.cloudtrail import Event, record
from cloudcascade.tests.support.random_cascades import catalogues
from cloudcascade.tests.support.random_logs import arrivals, logs

SETTINGS = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def silent(cascade: Cascade, draw: st.DrawFn) -> Cascade:
    """The cascade, with effects that need no verdict when nothing explains them."""
    effects = tuple(
        effect.model_copy(update={"unexplained": draw(st.sampled_from(["unlisted", "orphan"]))})
        for effect in cascade.effects
    )
    return cascade.model_copy(update={"effects": effects})


@st.composite
def quiet_catalogues(draw: st.DrawFn) -> list[Cascade]:
    return [silent(each, draw) for each in draw(catalogues())]


def reading_all(cascades: list[Cascade]) -> Plan:
    """The plan of an engine that puts nothing aside."""
    plan = compile_catalog(cascades)
    for action in plan.actions:
        action.quiet = False
    return plan


def outcome(plan: Plan, batches: list[list[Event]]) -> tuple[list[Verdict], int, int, int]:
    engine = Engine(plan)
    for batch in batches:
        engine.feed([record(event) for event in batch])
    verdicts = list(engine.verdicts())
    assert list(engine.verdicts()) == verdicts
    return verdicts, engine.duplicates, engine.conflicting, engine.undated


@given(st.data(), quiet_catalogues())
@SETTINGS
def test_what_is_put_aside_is_read_when_it_counts(
    data: st.DataObject, cascades: list[Cascade]
) -> None:
    log = data.draw(logs(cascades))
    batches = data.draw(arrivals(log))
    assert outcome(compile_catalog(cascades), batches) == outcome(reading_all(cascades), batches)


@given(st.data(), quiet_catalogues())
@SETTINGS
def test_copies_are_compared_although_they_were_put_aside(
    data: st.DataObject, cascades: list[Cascade]
) -> None:
    log = data.draw(logs(cascades))
    ids = st.sampled_from(["one", "two", None])
    times = st.sampled_from(["2024-05-14T09:00:05Z", "soon"])
    mixed = [{**event, "eventID": data.draw(ids), "eventTime": data.draw(times)} for event in log]
    batches = data.draw(arrivals(mixed))
    assert outcome(compile_catalog(cascades), batches) == outcome(reading_all(cascades), batches)


def test_the_catalogue_lets_most_roles_be_assumed_without_a_word() -> None:
    plan = compile_catalog(load_catalog().cascades)
    assumed = plan.action("AssumeRole", "sts.amazonaws.com")
    deleted = plan.action("DeleteUser", "iam.amazonaws.com")
    assert assumed is not None
    assert assumed.quiet
    assert deleted is not None
    assert not deleted.quiet
