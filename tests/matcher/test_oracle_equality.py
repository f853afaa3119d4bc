"""The engine says what docs/semantics.md says, on random catalogues, logs, orders and copies.

HYPOTHESIS_PROFILE=thorough tries four times as many: see `support.profile`.
"""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cloudcascade.catalog.models import Cascade
from cloudcascade.matcher import Verdict
from cloudcascade.matcher.event import content_id
from cloudcascade.tests.oracle import OracleVerdict, oracle_verdicts
from cloudcascade.tests.support.cloudtrail import Event, classify, record, verdict_list
from cloudcascade.tests.support.profile import tried
from cloudcascade.tests.support.random_cascades import catalogues
from cloudcascade.tests.support.random_logs import arrivals, logs

STS = "sts.amazonaws.com"


def as_oracle(verdict: Verdict) -> OracleVerdict:
    """What the oracle knows of an engine's verdict."""
    techniques = verdict.techniques
    return OracleVerdict(
        verdict=verdict.verdict,
        failed=verdict.failed,
        cascade=verdict.cascade,
        instance=verdict.instance,
        relation=verdict.relation,
        policy=verdict.policy,
        path=verdict.path,
        also=tuple((other.cascade, other.instance) for other in verdict.also),
        techniques=tuple(sorted(techniques)) if verdict.verdict == "orphan" else techniques,
        actor=verdict.actor,
        caveats=verdict.caveats,
    )


def engine_verdicts(cascades: list[Cascade], *batches: list[Event]) -> dict[str, OracleVerdict]:
    found = classify(cascades, *batches)
    return {name: as_oracle(verdict) for name, verdict in found.items()}


@given(st.data(), catalogues())
@tried(600)
def test_the_engine_equals_the_oracle_in_any_order_with_any_copies(
    data: st.DataObject, cascades: list[Cascade]
) -> None:
    log = data.draw(logs(cascades))
    batches = data.draw(arrivals(log))
    assert engine_verdicts(cascades, *batches) == oracle_verdicts(cascades, log)


@given(st.data(), catalogues())
@tried(40)
def test_the_order_of_the_catalogue_does_not_matter(
    data: st.DataObject, cascades: list[Cascade]
) -> None:
    log = data.draw(logs(cascades))
    other_order = data.draw(st.permutations(cascades))
    assert engine_verdicts(other_order, log) == engine_verdicts(cascades, log)


@given(st.data(), catalogues())
@tried(60)
def test_near_misses_belong_to_orphans_and_do_not_depend_on_order(
    data: st.DataObject, cascades: list[Cascade]
) -> None:
    log = data.draw(logs(cascades))
    verdicts = classify(cascades, log)
    by_id = {cascade.id: cascade for cascade in cascades}
    for verdict in verdicts.values():
        assert verdict.verdict == "orphan" or not verdict.near_misses
        assert len(verdict.near_misses) <= 5
        for near_miss in verdict.near_misses:
            cascade = by_id[near_miss.cascade]
            assert verdict.action in {effect.action for effect in cascade.effects}
            assert near_miss.instance is None or near_miss.instance in {e["eventID"] for e in log}
            assert near_miss.reason
    assert classify(cascades, *data.draw(arrivals(log))) == verdicts


@given(st.data(), catalogues())
@tried(40)
def test_one_verdict_an_event_in_the_order_of_time_then_id(
    data: st.DataObject, cascades: list[Cascade]
) -> None:
    log = data.draw(logs(cascades))
    found = verdict_list(cascades, *data.draw(arrivals(log)))
    keys = [(verdict.event_time, verdict.event_id) for verdict in found]
    assert keys == sorted(set(keys))


@given(st.data(), catalogues())
@tried(60)
def test_two_contents_of_one_id_count_as_one_of_them_in_any_order(
    data: st.DataObject, cascades: list[Cascade]
) -> None:
    log = data.draw(logs(cascades))
    others = data.draw(logs(cascades))
    pairs = [
        (one, other)
        for one in log
        for other in others
        if (one["eventSource"] == STS) == (other["eventSource"] == STS)
    ]
    if not pairs:
        return
    one, other = pairs[0]
    rest = [event for event in log if event is not one]
    contents = [one, {**other, "eventID": one["eventID"]}]
    found = engine_verdicts(cascades, *data.draw(arrivals([*rest, *contents])))
    assert found == engine_verdicts(cascades, *data.draw(arrivals([*rest, *contents])))
    alone = [oracle_verdicts(cascades, [*rest, content]) for content in contents]
    assert explanations(found) in map(explanations, alone)


def explanations(verdicts: dict[str, OracleVerdict]) -> dict[str, OracleVerdict]:
    """What is said of events, but for what may be done with them: nobody knows which copy to believe."""
    return {id_: replace(each, policy=None, caveats=()) for id_, each in verdicts.items()}


@given(st.data(), catalogues())
@tried(40)
def test_an_event_without_an_id_is_classified_under_the_name_it_is_given(
    data: st.DataObject, cascades: list[Cascade]
) -> None:
    log = data.draw(logs(cascades))
    if not log:
        return
    nameless = {key: value for key, value in log[0].items() if key != "eventID"}
    named = [*log[1:], {**nameless, "eventID": content_id(record(nameless))}]
    found = engine_verdicts(cascades, *data.draw(arrivals([*log[1:], nameless])))
    assert found == oracle_verdicts(cascades, named)
