"""Questions by name, with parameters as text: what `cascade graph query` asks of any store."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from .answers import Chain, Reach
from .errors import GraphError
from .queries import (
    blast_radius,
    callers_of,
    cascades_masking,
    controllers_hiding,
    cycles,
    emits,
    emits_transitively,
    emitters,
    emitters_transitively,
    relays,
    shortest_path,
    techniques_masked,
)
from .schema import Emits
from .store import GraphReader

Row: TypeAlias = dict[str, Any]
Values: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NamedQuery:
    """A question: what it tells, its parameters, and those that may be left out."""

    name: str
    summary: str
    parameters: tuple[str, ...]
    ask: Callable[[GraphReader, Values], Iterable[Row]]
    optional: tuple[str, ...] = ()


def ask_named(graph: GraphReader, name: str, values: Values) -> list[Row]:
    """The answer as rows of equal columns.

    Raises:
        GraphError: there is no such query, a parameter is missing, unknown or no number, or the graph does not
            have what is asked about.
    """
    query = NAMED.get(name)
    if query is None:
        raise GraphError(f"there is no query {name!r}; there are {', '.join(NAMED)}")
    missing = [each for each in query.parameters if each not in values]
    unknown = [each for each in values if each not in (*query.parameters, *query.optional)]
    if missing or unknown:
        told = " and ".join((*query.parameters, *(f"perhaps {each}" for each in query.optional)))
        raise GraphError(f"the query {name} takes {told or 'no parameters'}")
    return list(query.ask(graph, values))


def _number(values: Values, name: str) -> int | None:
    text = values.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise GraphError(f"{name} is a number, not {text!r}")
    return int(text)


def _emission(edge: Emits) -> Row:
    return {
        "source": edge.source,
        "target": edge.target,
        "relation": edge.relation,
        "policy": edge.policy,
        "before_s": edge.before_s,
        "after_s": edge.after_s,
        "cascade": edge.cascade,
    }


def _reach(each: Reach) -> Row:
    return {"action": each.action, "steps": len(each.chain), "chain": _told(each.chain)}


def _told(chain: Chain) -> list[str]:
    return [chain[0].source, *(step.target for step in chain)] if chain else []


def _path(graph: GraphReader, values: Values) -> list[Row]:
    found = shortest_path(graph, values["source"], values["target"])
    return [] if found is None else [{"steps": len(found), "chain": _told(found)}]


_QUERIES = (
    NamedQuery(
        "emits",
        "what an action brings along itself",
        ("action",),
        lambda graph, values: map(_emission, emits(graph, values["action"])),
    ),
    NamedQuery(
        "emitters",
        "what brings an action along itself",
        ("action",),
        lambda graph, values: map(_emission, emitters(graph, values["action"])),
    ),
    NamedQuery(
        "reach",
        "what an action brings along, also through effects that are origins themselves",
        ("action",),
        lambda graph, values: map(
            _reach,
            emits_transitively(graph, values["action"], max_steps=_number(values, "max_steps")),
        ),
        ("max_steps",),
    ),
    NamedQuery(
        "reached-by",
        "what brings an action along, also through others",
        ("action",),
        lambda graph, values: map(
            _reach,
            emitters_transitively(graph, values["action"], max_steps=_number(values, "max_steps")),
        ),
        ("max_steps",),
    ),
    NamedQuery("path", "the shortest way from one action to another", ("source", "target"), _path),
    NamedQuery(
        "masks",
        "the techniques that a cascade masks",
        ("cascade",),
        lambda graph, values: map(asdict, techniques_masked(graph, values["cascade"])),
    ),
    NamedQuery(
        "masked-by",
        "the cascades that mask a technique",
        ("technique",),
        lambda graph, values: map(asdict, cascades_masking(graph, values["technique"])),
    ),
    NamedQuery(
        "blast-radius",
        "what goes out of sight with a technique whose cascades are let have their way",
        ("technique",),
        lambda graph, values: map(asdict, blast_radius(graph, values["technique"])),
    ),
    NamedQuery(
        "hiding-controllers",
        "the controllers among whose calls a technique does not stand out",
        ("technique",),
        lambda graph, values: map(asdict, controllers_hiding(graph, values["technique"])),
    ),
    NamedQuery(
        "callers",
        "the controllers that are expected to call an action",
        ("action",),
        lambda graph, values: (
            {"controller": each.id, "title": each.title, "attested": each.attested}
            for each in callers_of(graph, values["action"])
        ),
    ),
    NamedQuery(
        "relays",
        "the actions that are an origin of one cascade and an effect of one",
        (),
        lambda graph, values: map(asdict, relays(graph)),
    ),
    NamedQuery(
        "cycles",
        "rings of actions that bring each other along",
        (),
        lambda graph, values: ({"ring": list(ring)} for ring in cycles(graph).found),
    ),
)
NAMED: dict[str, NamedQuery] = {query.name: query for query in _QUERIES}
