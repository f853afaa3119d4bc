"""What a query on Sentinel's AWSCloudTrail table cannot say, and the query without it."""

from collections.abc import Iterator
from dataclasses import replace

from ....catalog.terms import Policy
from ...capabilities import Direction, Loss
from ...field_maps import FieldMap
from ...fitting import Fit
from ...query import Condition, Denied, Edge, Key, Node, Pattern, Query, Spoiler


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
    return Fit(replace(kept, rivals=tuple(rivals)), tuple(dict.fromkeys(losses)))


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
    chain = query.chain(node)
    for step in chain:
        problem = _pattern_problem(step.pattern, fields) or _edge_problem(step.edge, fields)
        if problem:
            return problem
    # Each event is told from its parent and its origin; between those two nothing is compared.
    middle = [step.pattern.action for step in chain[2:]]
    if chain[0].pattern.action in middle:
        return "the same action stands twice on the way to its origin"
    return None


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
    if where != spoiler.pattern.where:
        text = f"any {spoiler.pattern.action} counts as: {spoiler.reason}"
        losses.append(Loss(Direction.OPEN, text))
    return replace(spoiler, pattern=replace(spoiler.pattern, where=where))
