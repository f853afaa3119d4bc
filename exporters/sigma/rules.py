"""A query as Sigma rules: base rules, and the correlations that bring them together.

https://sigmahq.io/sigma-specification/specification/sigma-correlation-rules-specification.html
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from ...catalog.terms import format_duration
from ..query import Node, Pattern, Query
from ..sql.names import Names, snake_case
from ..target import Options
from .detection import ACCOUNT, ACTOR, Map, known, matching, remaining, unresolved, where_of


def rules_of(query: Query, options: Options, absence: bool, cased: bool) -> list[Map]:
    """The rules that `write_rules` writes."""
    return list(write_rules(query, options, absence, cased).rules)


@dataclass(frozen=True, slots=True)
class About:
    """Which calls a base rule finds: those at `node` that hold a value in each of `holding`; or those of its action
    that fit none of the query's nodes (`other`), or that hold no value in one of `lacking`."""

    node: str
    holding: tuple[str, ...] = ()
    other: bool = False
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """The rules of a query, and by its id what each base rule is about."""

    rules: tuple[Map, ...]
    about: Mapping[str, About]


def write_rules(query: Query, options: Options, absence: bool, cased: bool) -> Written:
    """The origin, each effect and its correlations, and the events that none of them judges.

    `absence`: with a correlation that alerts on an effect without its origin (specification 2.2).
    Otherwise the base rules alert, and a correlation labels. `cased`: conditions compare with case.
    """
    writer = _Writer(query, options, cased)
    guards = dict.fromkeys(_parent_fields(node) for node in query.subjects)
    origins = {fields: writer.origin(fields) for fields in guards}
    rules = list(origins.values())
    for node in query.subjects:
        effect, origin = writer.effect(node), origins[_parent_fields(node)]
        rules.append(effect)
        if absence:
            rules.append(writer.absence(node, effect, origin))
        # The base rules of a query that alerts go on alerting: it is `generate` that says so.
        rules.append(
            writer.presence(node, effect, origin, query.purpose == "alert" and not absence)
        )
    if query.purpose == "alert":
        rules += writer.remaining("medium" if absence else "low")
    if absence:
        rules += writer.unresolved()
    return Written(tuple(rules), writer.about)


def rule_id(query: Query, part: str) -> str:
    """The id of a rule: the same for the same part of the same cascade, for good."""
    return str(uuid5(NAMESPACE_URL, f"cloudcascade:sigma:{query.cascade}:{part}"))


def effect_id(query: Query, node: Node) -> str:
    """The id of the base rule of an effect."""
    return rule_id(query, f"effect:{node.name}")


def group_of(node: Node) -> tuple[str, ...]:
    """The fields, other than keys, in which the effect and its origin are to be equal."""
    account = (ACCOUNT,) if node.edge.same_account else ()
    return account + (ACTOR if node.edge.actor in ("same", "same-role") else ())


def own_fields(node: Node) -> tuple[str, ...]:
    """The fields of the effect's event that are compared with its origin's."""
    return tuple(dict.fromkeys((*group_of(node), *(pair.own.paths[0] for pair in node.edge.join))))


def _parent_fields(node: Node) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys((*group_of(node), *(pair.parent.paths[0] for pair in node.edge.join)))
    )


class _Writer:
    """Writes the rules of one query, each under a name of its own."""

    def __init__(self, query: Query, options: Options, cased: bool) -> None:
        self.query = query
        self.options = options
        self.cased = cased
        self.about: dict[str, About] = {}
        self._names = Names()
        self._titles: Counter[str] = Counter()

    def origin(self, fields: tuple[str, ...]) -> Map:
        query, pattern = self.query, self.query.root
        detection = matching(pattern, pattern.where, self.cased)
        return self._rule(
            f"AWS {pattern.event_name}",
            f"origin:{','.join(fields)}",
            pattern.event_name,
            f"The origin of the cascade {query.cascade}. It says who did it, and to what.",
            query.root_techniques,
            {"detection": known(detection, fields) if fields else detection},
            "informational",
            About(query.root_name, holding=fields),
        )

    def effect(self, node: Node) -> Map:
        return self._rule(
            f"AWS {node.pattern.event_name}",
            f"effect:{node.name}",
            node.pattern.event_name,
            f"An effect in the cascade {self.query.cascade}: {self.query.title}.",
            node.techniques,
            {"detection": matching(node.pattern, where_of(node), self.cased)},
            "low" if self.query.purpose == "alert" else "informational",
            About(node.name),
        )

    def presence(self, node: Node, effect: Map, origin: Map, generate: bool) -> Map:
        own, root = node.pattern.event_name, self.query.root.event_name
        correlation = _correlation(node, effect, origin)
        if generate:
            correlation["generate"] = True
        return self._rule(
            f"AWS {own} Explained by {root}",
            f"presence:{node.name}",
            f"{own} explained",
            f"A label: {self.query.title}. {self.query.residual_risk}",
            node.techniques,
            {"correlation": correlation},
            "informational",
        )

    def absence(self, node: Node, effect: Map, origin: Map) -> Map:
        own, root = node.pattern.event_name, self.query.root.event_name
        correlation = _correlation(node, effect, origin)
        correlation["condition"] = f"{effect['name']} and not {origin['name']}"
        return self._rule(
            f"AWS {own} Without {root}",
            f"absence:{node.name}",
            f"{own} unexplained",
            f"No {root} by the same caller explains it. {self.query.residual_risk}",
            node.techniques,
            {"correlation": correlation},
            "medium",
        )

    def remaining(self, level: str) -> Iterator[Map]:
        """The calls of the subjects' actions whose conditions do not hold: nothing explains them."""
        for nodes in _by(self.query.subjects, lambda node: node.pattern.action).values():
            if detection := remaining(nodes, self.cased):
                pattern = nodes[0].pattern
                yield self._rule(
                    f"AWS {pattern.event_name} of Another Kind",
                    f"remaining:{pattern.action}",
                    f"{pattern.event_name} other",
                    f"It does not fit the cascade {self.query.cascade}, so that nothing explains it.",
                    nodes[0].techniques,
                    {"detection": detection},
                    level,
                    About(nodes[0].name, other=True),
                )

    def unresolved(self) -> Iterator[Map]:
        """The effects that lack what is to be compared: engines drop them from a correlation."""
        nodes = [node for node in self.query.subjects if own_fields(node)]
        alike = _by(nodes, lambda node: (node.pattern.event_source, own_fields(node)))
        for (source, fields), group in alike.items():
            by_failure = _by(group, lambda node: node.pattern.action in self.query.may_fail)
            for may_fail, failing in by_failure.items():
                patterns: list[Pattern] = [node.pattern for node in failing]
                service = source.partition(".")[0]
                yield self._rule(
                    f"AWS {self.query.root.event_name} Cascade Without a Key or a Caller",
                    f"unresolved:{source}:{','.join(fields)}:{may_fail}",
                    f"{service} unresolved",
                    "It lacks what an origin is found by, so that nothing explains it.",
                    (),
                    {"detection": unresolved(patterns, fields, bool(may_fail))},
                    "medium",
                    About(failing[0].name, lacking=fields),
                )

    def _rule(
        self,
        title: str,
        part: str,
        name: str,
        description: str,
        techniques: Sequence[str],
        matter: Mapping[str, Map],
        level: str,
        about: About | None = None,
    ) -> Map:
        """The rule in the key order of SigmaHQ."""
        silent = level == "informational"
        rule: dict[str, Any] = {
            "title": self._title(title),
            "id": rule_id(self.query, part),
            "name": self._names.unique(f"{snake_case(name)}_{snake_case(self.query.cascade)}"),
            "status": "experimental",
            "description": description,
            "references": list(self.query.references),
            "author": self.options.owner or "cloudcascade",
            "date": self.options.created,
            "tags": [f"attack.{technique.lower()}" for technique in techniques],
        }
        if "detection" in matter:
            rule["logsource"] = {"product": "aws", "service": "cloudtrail"}
        rule |= {
            **matter,
            "falsepositives": ["None, since it is no alert." if silent else f"{self.query.title}."],
            "level": level,
        }
        if about is not None:
            self.about[rule["id"]] = about
        return {key: value for key, value in rule.items() if value != []}

    def _title(self, title: str) -> str:
        """The title with the cascade that it is about: many cascades share an action, and no two rules a title."""
        title = f"{title} in {self.query.cascade.removeprefix('aws.')}"
        self._titles[title] += 1
        count = self._titles[title]
        return title if count == 1 else f"{title} ({count})"


def _correlation(node: Node, effect: Map, origin: Map) -> Map:
    names = [effect["name"], origin["name"]]
    fields = [*group_of(node)]
    aliases: dict[str, dict[str, str]] = {}
    for pair in node.edge.join:
        own, parent = pair.own.paths[0], pair.parent.paths[0]
        if own != parent:
            aliases[pair.own.name] = dict(zip(names, (own, parent), strict=True))
        fields.append(own if own == parent else pair.own.name)
    correlation: Map = {"type": "temporal", "rules": names}
    if fields:
        correlation["group-by"] = list(dict.fromkeys(fields))
    if aliases:
        correlation["aliases"] = aliases
    # A span has no direction, and no rule may span nothing.
    correlation["timespan"] = format_duration(max(node.edge.before, node.edge.after, 1))
    return correlation


def _by(nodes: Iterable[Node], key: Any) -> dict[Any, list[Node]]:
    groups: dict[Any, list[Node]] = {}
    for node in nodes:
        groups.setdefault(key(node), []).append(node)
    return groups
