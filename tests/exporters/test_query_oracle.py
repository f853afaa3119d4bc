"""The lowered query silences what the cascade's verdict lets it silence, whole and cut down."""

from hypothesis import given
from hypothesis import strategies as st

from cloudcascade.catalog.models import Cascade
from cloudcascade.exporters.lower import lower
from cloudcascade.tests.oracle import oracle_verdicts, ways
from cloudcascade.tests.oracle_fields import Event, action_of, cannot_be_read, key_values
from cloudcascade.tests.support.query_oracle import (
    alerts,
    candidates,
    explained,
    extent_of,
    silenced,
)
from cloudcascade.tests.support.random_cascades import catalogues
from cloudcascade.tests.support.random_logs import logs


def lacks_a_key(cascades: list[Cascade], log: list[Event]) -> bool:
    """Whether there is what might void something and says nothing of its key: to a query it concerns everybody."""
    return any(
        action_of(event) == spoiler.action
        and not key_values(cascade, spoiler, name, event)
        and not cannot_be_read(cascade, spoiler, name, event)
        for cascade in cascades
        for spoiler in cascade.spoilers
        for name in spoiler.join
        for event in log
    )


@given(st.data())
def test_a_lowered_query_silences_what_the_oracle_lets_it(data: st.DataObject) -> None:
    cascades = data.draw(catalogues())
    log = data.draw(logs(cascades))
    extent = extent_of(log)
    if extent is None:
        return
    verdicts = oracle_verdicts(cascades, log)
    wanted = {id_ for id_, verdict in verdicts.items() if verdict.policy == "suppress"}
    exact = not lacks_a_key(cascades, log)
    for cascade in cascades:
        query = lower(cascade, cascades)
        if query.purpose == "enrich":
            names = {node.name for node in query.subjects}
            labelled = {
                event["eventID"]
                for event in log
                for node, _ in ways(cascade, log, event)
                if node.node in names or (node is cascade.root and query.root_is_subject)
            }
            told = explained(query, log)
            assert told == labelled if exact else told <= labelled
            continue
        found = silenced(query, log, extent=extent)
        assert found <= wanted
        if exact:
            assert found == wanted & candidates(query, log)
        assert alerts(query, log, extent=extent) == candidates(query, log) - found
        for name in found:
            assert verdicts[name].verdict == "effect"
