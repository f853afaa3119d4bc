"""Cutting a query down never silences more, unless a loss says that it fails closed."""

from dataclasses import fields, replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cloudcascade.exporters import Capabilities, Query, fit, lower
from cloudcascade.exporters.capabilities import EVERY_CONDITION
from cloudcascade.exporters.query import Edge, Key, KeyPair, Spoiler
from cloudcascade.tests.support.query_oracle import (
    Actor,
    alerts,
    candidates,
    extent_of,
    initial_principal,
    session_actor,
)
from cloudcascade.tests.support.random_cascades import catalogues
from cloudcascade.tests.support.random_logs import logs

EVERYTHING = Capabilities(
    nested_lists=True,
    list_conditions=True,
    number_keys=True,
    repeated_actions=True,
    resource_name=True,
    conditions=EVERY_CONDITION,
    actor="initial-principal",
)
FLAGS = [field.name for field in fields(Capabilities) if field.type is bool]


@st.composite
def capabilities(draw: st.DrawFn) -> Capabilities:
    """Mostly one or two things missing, so that something of a query is left."""
    missing: dict[str, Any] = dict.fromkeys(
        draw(st.lists(st.sampled_from(FLAGS), max_size=3)), False
    )
    if draw(st.booleans()):
        missing["conditions"] = EVERY_CONDITION - {draw(st.sampled_from(sorted(EVERY_CONDITION)))}
    return replace(
        EVERYTHING,
        sides=draw(st.sampled_from(["both", "both", "origin-first", "effect-first"])),
        max_window=draw(st.sampled_from([None, None, 1, 5])),
        actor=draw(st.sampled_from(["initial-principal", "session", "none"])),
        **missing,
    )


def as_target(query: Query, can: Capabilities) -> Query:
    """What the platform makes of a fitted query, where it lacks something that no query can leave out."""
    return replace(
        query,
        nodes=tuple(replace(node, edge=_edge(node.edge, can)) for node in query.nodes),
        spoilers=tuple(_spoiler(spoiler, can) for spoiler in query.spoilers),
        rivals=tuple(as_target(rival, can) for rival in query.rivals),
    )


def _edge(edge: Edge, can: Capabilities) -> Edge:
    rule = edge.actor
    if rule == "same-role" and not can.same_role:
        rule = "same"
    if rule == "same" and can.actor == "none":
        rule = "any"
    return replace(
        edge,
        join=_pairs(edge.join, can),
        distinct=_pairs(edge.distinct, can),
        actor=rule,
        same_account=edge.same_account or not can.any_account,
    )


def _spoiler(spoiler: Spoiler, can: Capabilities) -> Spoiler:
    # A target that keeps a state for so long, or judges at once, or in buckets, sees no more than this.
    widest = spoiler.before + spoiler.after if can.max_window is None else can.max_window
    return replace(
        spoiler,
        join=_pairs(spoiler.join, can),
        before=min(spoiler.before, widest) if can.sliding else 0,
        after=min(spoiler.after, widest) if can.sliding and can.hold else 0,
        same_account=spoiler.same_account or not can.any_account,
    )


def _pairs(pairs: tuple[KeyPair, ...], can: Capabilities) -> tuple[KeyPair, ...]:
    def plain(key: Key) -> Key:
        return replace(
            key,
            fold=key.fold and can.case_fold,
            arn_name=key.arn_name and can.arn_name,
            resource_name=key.resource_name and can.resource_name,
            paths=key.paths if can.first_of else key.paths[:1],
        )

    return tuple(KeyPair(plain(pair.own), plain(pair.parent)) for pair in pairs)


def actor_key(can: Capabilities) -> Actor:
    return initial_principal if can.actor == "initial-principal" else session_actor


@given(st.data())
def test_what_does_not_fail_closed_never_silences_more(data: st.DataObject) -> None:
    cascades = data.draw(catalogues())
    can = data.draw(capabilities())
    log = data.draw(logs(cascades))
    for each in cascades:
        whole = lower(each, cascades)
        found = fit(whole, can)
        if not whole.actions or found.query is None or found.fails_closed:
            continue
        judged = candidates(found.query, log)
        assert judged <= candidates(whole, log)
        extent = extent_of(log)
        told = alerts(
            as_target(found.query, can), log, actor_key(can), extent if can.log_ends else None
        )
        # The actor is the same for both: AWS hands a key out once, so that sessions are the finer actors.
        assert alerts(whole, log, actor_key(can), extent) & judged <= told


@given(st.data())
def test_what_is_cut_without_a_loss_answers_as_before(data: st.DataObject) -> None:
    cascades = data.draw(catalogues())
    can = data.draw(capabilities())
    log = data.draw(logs(cascades))
    for each in cascades:
        whole = lower(each, cascades)
        found = fit(whole, can)
        if not whole.actions or found.losses:
            continue
        assert found.query is not None
        assert alerts(as_target(found.query, can), log, actor_key(can)) == alerts(whole, log)
