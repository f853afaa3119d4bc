"""The lowered query means what the cascade means, whole and cut down."""

from hypothesis import given
from hypothesis import strategies as st

from cloudcascade.catalog.models import Cascade
from cloudcascade.exporters.lower import lower
from cloudcascade.tests import oracle
from cloudcascade.tests.oracle_fields import Event, action_of
from cloudcascade.tests.support.query_oracle import alerts, candidates
from cloudcascade.tests.support.random_cascades import catalogues
from cloudcascade.tests.support.random_logs import logs


def expected(
    cascades: list[Cascade], actions: tuple[str, ...], policy: str, log: list[Event]
) -> set[str]:
    """The events of these actions that no node of that policy explains."""
    return {
        event["eventID"]
        for event in log
        if action_of(event) in actions
        and not any(_explained_at(cascade, policy, event, log) for cascade in cascades)
    }


def _explained_at(cascade: Cascade, policy: str, event: Event, log: list[Event]) -> bool:
    return any(
        cascade.policy_of(node) == policy and oracle._begins(cascade, log, path[-1])
        for node in cascade.effects
        for path in oracle._paths(cascade, log, node, (event,))
    )


@given(st.data())
def test_a_lowered_query_alerts_on_what_the_oracle_leaves_unexplained(data: st.DataObject) -> None:
    cascades = data.draw(catalogues())
    log = data.draw(logs(cascades))
    for cascade in cascades:
        query = lower(cascade, cascades)
        if not query.actions:
            continue
        others = cascades if query.purpose == "alert" else [cascade]
        wanted = expected(others, query.actions, query.subject_policy, log)
        assert alerts(query, log) == wanted & candidates(query, log)
