"""What a query on Sentinel's AWSCloudTrail table cannot say, and the query without it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ....catalog.terms import Policy
from ...capabilities import Direction, Loss
from ...field_maps import FieldMap
from ...fitting import Fit
from ...losses import SAME_AGENT
from ...overlap import may_both_fit
from ...query import (
    SAME_TOOL,
    Condition,
    Denied,
    Edge,
    Key,
    KeyPair,
    Node,
    Pattern,
    Query,
    Spoiler,
)


def settle(query: Query, fields: FieldMap) -> Fit:
    """Cut `query` down to the columns that the table has, and say what is lost by it."""
    losses: list[Loss] = []
    spoilers = tuple(_readable_spoiler(spoiler, fields, losses) for spoiler in query.spoilers)
    kept = _covered(replace(query, spoilers=spoilers), fields, losses)
    if kept is None:
        return Fit(None, tuple(dict.fromkeys(losses)))
    rivals = []
    for rival in query.rivals:
        found = settle(rival, fields).query
        if found != rival:
            text = f"what {rival.cascade} explains still alerts in part: a column is missing"
            losses.append(Loss(Direction.OPEN, text))
        if found is not None:
            rivals.append(found)
    vetoes = []
    for veto in query.vetoes:
        widened = _widened(veto, fields)
        if widened != veto:
            text = f"more counts as explained by {veto.cascade} than is, and alerts"
            losses.append(Loss(Direction.OPEN, text))
        vetoes.append(widened)
    kept = replace(kept, rivals=tuple(rivals), vetoes=tuple(vetoes))
    return Fit(kept, tuple(dict.fromkeys(losses)))


def _widened(veto: Query, fields: FieldMap) -> Query:
    """The veto without what the table cannot answer: it then explains more."""
    nodes = tuple(
        replace(
            node,
            pattern=_readable(node.pattern, fields),
            edge=replace(
                node.edge,
                join=_comparable(node.edge.join, fields),
                distinct=tuple(
                    pair
                    for pair in _comparable(node.edge.distinct, fields)
                    if not (pair.own.many or pair.parent.many)
                ),
            ),
        )
        for node in veto.nodes
    )
    spoilers = tuple(
        spoiler for spoiler in veto.spoilers if _readable_spoiler(spoiler, fields, []) == spoiler
    )
    return replace(
        veto,
        root=_readable(veto.root, fields),
        nodes=nodes,
        spoilers=tuple(each for each in spoilers if _comparable(each.join, fields) == each.join),
        root_keys=tuple(key for key in veto.root_keys if not _key_problem(key, fields)),
    )


def _readable(pattern: Pattern, fields: FieldMap) -> Pattern:
    where = tuple(test for test in pattern.where if not _condition_problem(test, fields))
    return replace(pattern, where=where)


def _comparable(pairs: Iterable[KeyPair], fields: FieldMap) -> tuple[KeyPair, ...]:
    return tuple(
        pair
        for pair in pairs
        if not _key_problem(pair.own, fields) and not _key_problem(pair.parent, fields)
    )


def smaller(query: Query) -> Iterator[tuple[Query, Loss]]:
    """The query with less and less of what a rule may have no room for, and what each step leaves out: which tool a
    userAgent tells, then what stricter cascades may explain, too."""
    if (plain := _with_plain_agents(query)) != query:
        query = plain
        text = "user agents are compared as they stand: two versions or subcommands are two tools"
        yield query, Loss(Direction.OPEN, text)
    for veto in sorted(query.vetoes, key=_size, reverse=True):
        strict = [node.pattern for node in veto.subjects]
        strict += [veto.root] if veto.root_is_subject else []
        lost = [
            node
            for node in query.subjects
            if any(may_both_fit(node.pattern, pattern) for pattern in strict)
        ]
        kept = {node.name for node in query.subjects if node not in lost}
        if not lost or not (kept or query.root_is_subject):
            continue
        query = _about(query, kept)
        names = ", ".join(dict.fromkeys(node.pattern.action for node in lost))
        text = f"{names}: {veto.cascade} may explain it by a stricter policy, and a rule has no room to ask"
        yield query, Loss(Direction.UNCOVERED, text)


def _with_plain_agents(query: Query) -> Query:
    nodes = tuple(
        replace(
            node,
            edge=replace(
                node.edge,
                join=tuple(SAME_AGENT if pair == SAME_TOOL else pair for pair in node.edge.join),
            ),
        )
        for node in query.nodes
    )
    return replace(query, nodes=nodes, rivals=tuple(map(_with_plain_agents, query.rivals)))


def _size(veto: Query) -> int:
    return sum(1 for _ in veto.patterns()) + len(veto.spoilers)


def _about(query: Query, subjects: set[str]) -> Query:
    """The query with these subjects alone, and the rivals and vetoes of those."""
    kept = _keep(query, subjects)
    others = (query.rivals, query.vetoes)
    rivals, vetoes = (
        tuple(each for each in some if not set(each.actions).isdisjoint(kept.actions))
        for some in others
    )
    return replace(kept, rivals=rivals, vetoes=vetoes)


def _covered(query: Query, fields: FieldMap, losses: list[Loss]) -> Query | None:
    problem = _root_problem(query, fields)
    covered = set()
    for node in query.subjects:
        reason = problem or _chain_problem(query, node, fields)
        if reason is None:
            covered.add(node.name)
        else:
            losses.append(Loss(Direction.UNCOVERED, f"{node.pattern.action}: {reason}"))
    if problem or not (covered or query.root_is_subject):
        return None
    if covered == {node.name for node in query.subjects}:
        return query
    return _keep(query, covered)


def _keep(query: Query, covered: set[str]) -> Query:
    needed = set(query.required)
    for name in covered:
        needed.update(step.name for step in query.chain(query.node(name)))
    other: Policy = "annotate" if query.purpose == "alert" else "never"
    nodes = tuple(
        replace(node, policy=other)
        if node.policy == query.subject_policy and node.name not in covered
        else node
        for node in query.nodes
        if node.name in needed
    )
    return replace(query, nodes=nodes)


def _root_problem(query: Query, fields: FieldMap) -> str | None:
    """Why nothing of the query can be said."""
    problems = [_pattern_problem(query.root, fields)]
    problems += [_chain_problem(query, query.node(name), fields) for name in query.required]
    for spoiler in query.spoilers:
        pairs = spoiler.join
        problems += [_key_problem(key, fields) for pair in pairs for key in (pair.own, pair.parent)]
    return next(filter(None, problems), None)


def _chain_problem(query: Query, node: Node, fields: FieldMap) -> str | None:
    problems = (
        _pattern_problem(step.pattern, fields) or _edge_problem(step.edge, fields)
        for step in query.chain(node)
    )
    return next(filter(None, problems), None)


def _edge_problem(edge: Edge, fields: FieldMap) -> str | None:
    keys = [key for pair in (*edge.join, *edge.distinct) for key in (pair.own, pair.parent)]
    if any(key.many for pair in edge.distinct for key in (pair.own, pair.parent)):
        return "compares lists that are to differ"
    return next(filter(None, (_key_problem(key, fields) for key in keys)), None)


def _key_problem(key: Key, fields: FieldMap) -> str | None:
    if key.many and (len(key.paths) > 1 or key.paths[0].count("[]") > 1):
        return "joins on several lists"
    for path in key.paths:
        if fields.find(path) is None:
            return f"the table has no column for {path}"
    return None


def _pattern_problem(pattern: Pattern, fields: FieldMap) -> str | None:
    problems = (_condition_problem(condition, fields) for condition in pattern.where)
    return next(filter(None, problems), None)


def _condition_problem(condition: Condition, fields: FieldMap) -> str | None:
    found = fields.find(condition.path)
    if found is None:
        return f"the table has no column for {condition.path}"
    if "[]" in condition.path:
        return f"tests every element of {condition.path}"
    plain = "." not in found
    if plain and any(not isinstance(value, str) for value in _operands(condition)):
        return f"{condition.path} is a column of text"
    return None


def _operands(condition: Condition) -> Iterator[object]:
    if isinstance(condition, Denied):
        for inner in condition.tests:
            yield from _operands(inner)
    else:
        yield from condition.values


def _readable_spoiler(spoiler: Spoiler, fields: FieldMap, losses: list[Loss]) -> Spoiler:
    """The spoiler without the conditions that cannot be read: it then voids more, not less."""
    where = tuple(test for test in spoiler.pattern.where if not _condition_problem(test, fields))
    # Whether the list of one that cannot be read might hold the root's key is not asked.
    join = tuple(pair for pair in spoiler.join if not (pair.own.many or pair.parent.many))
    if where != spoiler.pattern.where or join != spoiler.join:
        text = f"any {spoiler.pattern.action} counts as: {spoiler.reason}"
        losses.append(Loss(Direction.OPEN, text))
    return replace(spoiler, pattern=replace(spoiler.pattern, where=where), join=join)
