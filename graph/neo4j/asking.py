"""The graph's questions in Cypher: what each one needs to read, read at once.

Values go in as parameters. The bounds of a path cannot be parameters; they are numbers that this module writes.
Where an edge may be followed stands in `_FOLLOWED`: the members of an ensemble set nothing off, so that an
ensemble's edge counts from the action that was asked about only.
"""

from ..schema import EDGE_TYPES, NODE_TYPES
from .schema import end_labels, label

EMITS = """
MATCH (a:Action {catalog: $catalog, id: $action})
OPTIONAL MATCH (a)-[e:EMITS]->(b:Action)
RETURN a.id AS source, b.id AS target, properties(e) AS edge
"""

EMITTERS = """
MATCH (b:Action {catalog: $catalog, id: $action})
OPTIONAL MATCH (a:Action)-[e:EMITS]->(b)
RETURN a.id AS source, b.id AS target, properties(e) AS edge
"""

TECHNIQUES_MASKED = """
MATCH (c:Cascade {catalog: $catalog, id: $cascade})
OPTIONAL MATCH (c)-[:INCLUDES]->(a:Action)-[e:MAPS_TO {cascade: $cascade, role: 'effect'}]->(t:Technique)
WHERE e.policy <> 'never'
WITH DISTINCT a, t, e
RETURN a.id AS action, t.id AS technique, t.name AS name, properties(e) AS edge
"""

CASCADES_MASKING = """
MATCH (asked:Technique {catalog: $catalog, id: $technique})
OPTIONAL MATCH (a:Action)-[e:MAPS_TO {role: 'effect'}]->(t:Technique)-[:SUBTECHNIQUE_OF*0..1]->(asked)
WHERE e.policy <> 'never' AND ($subtechniques OR t = asked)
WITH DISTINCT a, t, e
RETURN a.id AS action, t.id AS technique, t.name AS name, properties(e) AS edge
"""

BLAST_RADIUS = """
MATCH (asked:Technique {catalog: $catalog, id: $technique})
OPTIONAL MATCH (a:Action)-[e:MAPS_TO {role: 'effect'}]->(t:Technique)-[:SUBTECHNIQUE_OF*0..1]->(asked)
WHERE e.policy <> 'never'
WITH DISTINCT asked, a, t, e.cascade AS cascade, e.policy AS policy
RETURN a.id AS action, t.id AS technique, cascade, policy,
  [(o:Action)-[x:EMITS]->(a) WHERE x.cascade = cascade | o.id] AS origins,
  [(a)-[:MAPS_TO|INDICATES]->(x:Technique) WHERE x <> asked AND NOT (x)-[:SUBTECHNIQUE_OF]->(asked) | x.id] AS also
"""

CONTROLLERS_HIDING = """
MATCH (asked:Technique {catalog: $catalog, id: $technique})
OPTIONAL MATCH (c:Controller)-[:MAY_CALL]->(a:Action)-[:MAPS_TO|INDICATES]->(t:Technique)
  -[:SUBTECHNIQUE_OF*0..1]->(asked)
WITH DISTINCT c, a, t
RETURN c.id AS controller, c.title AS title, c.attested AS attested, a.id AS action, t.id AS technique
"""

CALLERS_OF = """
MATCH (a:Action {catalog: $catalog, id: $action})
OPTIONAL MATCH (c:Controller)-[:MAY_CALL]->(a)
WHERE COUNT { (c)-[:MAY_CALL]->(:Action) } < COUNT { (:Action {catalog: $catalog}) }
RETURN properties(c) AS controller
"""

RELAYS = """
MATCH (o:Cascade {catalog: $catalog})-[:ORIGINATES]->(a:Action)
WITH a, collect(DISTINCT o.id) AS origins
MATCH (e:Cascade)-[:INCLUDES]->(a)
RETURN a.id AS action, origins, collect(DISTINCT e.id) AS effects
"""

TARGETS = """
MATCH (a:Action {catalog: $catalog})-[e:EMITS]->(b:Action)
WHERE $ensembles OR NOT e.ensemble
RETURN a.id AS source, collect(DISTINCT b.id) AS targets
"""

_FOLLOWED = "all(e IN path WHERE NOT e.ensemble OR startNode(e) = a)"


def edges_from(max_steps: int | None) -> str:
    """The edges that leave what `$action` emits in fewer than `max_steps` steps; a row without one at least."""
    return f"""
MATCH (a:Action {{catalog: $catalog, id: $action}})
MATCH (a)-[path:EMITS*{_span(0, max_steps)}]->(reached:Action)
WHERE {_FOLLOWED}
WITH DISTINCT a, reached
OPTIONAL MATCH (reached)-[e:EMITS]->(b:Action)
WHERE NOT e.ensemble OR reached = a
RETURN reached.id AS source, b.id AS target, properties(e) AS edge
"""


def edges_to(max_steps: int | None) -> str:
    """The edges that lead into what emits `$action` in fewer than `max_steps` steps; a row without one at least."""
    return f"""
MATCH (b:Action {{catalog: $catalog, id: $action}})
MATCH (reached:Action)-[path:EMITS*{_span(0, max_steps)}]->(b)
WHERE all(e IN path WHERE NOT e.ensemble)
WITH DISTINCT b, reached
OPTIONAL MATCH (a:Action)-[e:EMITS]->(reached)
WHERE a <> b
RETURN a.id AS source, reached.id AS target, properties(e) AS edge
"""


DISTANCE = f"""
MATCH (a:Action {{catalog: $catalog, id: $source}})
MATCH (b:Action {{catalog: $catalog, id: $target}})
OPTIONAL MATCH found = shortestPath((a)-[path:EMITS*]->(b))
WHERE {_FOLLOWED}
RETURN length(found) AS steps
"""

EXIST = """
MATCH (n:Action {catalog: $catalog}) WHERE n.id IN $actions RETURN n.id AS id
"""


def first_step(left: int) -> str:
    """The first action by name that `$here` emits and that is `left` steps from `$target`.

    `$start` says that `$here` is where the way begins.
    """
    return f"""
MATCH (a:Action {{catalog: $catalog, id: $here}})-[e:EMITS]->(next:Action)
WHERE NOT e.ensemble OR $start
WITH DISTINCT next
MATCH (b:Action {{catalog: $catalog, id: $target}})
MATCH found = shortestPath((next)-[path:EMITS*1..{int(left)}]->(b))
WHERE next <> b AND all(e IN path WHERE NOT e.ensemble)
RETURN next.id AS id
"""


STEPS = """
UNWIND $pairs AS pair
MATCH (a:Action {catalog: $catalog, id: pair[0]})-[e:EMITS]->(b:Action {catalog: $catalog, id: pair[1]})
RETURN a.id AS source, b.id AS target, properties(e) AS edge
"""


def _span(least: int, max_steps: int | None) -> str:
    return f"{least}.." if max_steps is None else f"{least}..{int(max_steps) - 1}"


def _counts() -> str:
    nodes = [
        f"MATCH (n:{label(kind)} {{catalog: $catalog}}) RETURN '{kind.KIND}' AS kind, count(n) AS number"
        for kind in NODE_TYPES
    ]
    edges = [
        f"MATCH (:{source} {{catalog: $catalog}})-[e:{kind.KIND}]->(:{target} {{catalog: $catalog}})"
        f" RETURN '{kind.KIND}' AS kind, count(e) AS number"
        for kind in EDGE_TYPES
        for source, target in [end_labels(kind)]
    ]
    return "\nUNION ALL\n".join((*nodes, *edges))


# How many there are of each kind. Of none, no row.
COUNTS = _counts()
