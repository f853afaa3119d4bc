"""How much the catalogue holds and how well it is founded; how much of a list of actions it knows."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from .document import read_bounded
from .findings import CatalogError, Finding
from .known_actions import known_actions
from .models import Cascade
from .terms import EVIDENCE_ORDER, NO_CASCADE, POLICY_ORDER, EvidenceKind, Policy, Relation

_ACTION = re.compile(r"[^\s:]+:[^\s:]+")
_RELATIONS: tuple[Relation, ...] = ("precondition", "consequence", "companion")


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts of cascades and of their effects.

    `services` counts cascades by the service in their id. `relations`, `policies` and `evidence` count
    effects; of the kinds of evidence an effect has, the strongest counts. `techniques` counts, for each
    technique that an effect would leave a trace of, the cascades that suppress it and those that only
    annotate it.
    """

    cascades: int
    effects: int
    ensembles: int
    hops: int
    services: Mapping[str, int]
    relations: Mapping[Relation, int]
    policies: Mapping[Policy, int]
    evidence: Mapping[EvidenceKind | Literal["none"], int]
    techniques: Mapping[str, Mapping[Policy, int]]

    @property
    def documented_only(self) -> float:
        """The share of effects for which at most documentation speaks, from 0 to 1."""
        return self._share({*NO_CASCADE, "documentation", "none"})

    @property
    def without_cascade(self) -> float:
        """The share of effects for which nothing speaks that shows a cascade, from 0 to 1."""
        return self._share({*NO_CASCADE, "none"})

    def _share(self, kinds: Set[str]) -> float:
        weak = sum(count for kind, count in self.evidence.items() if kind in kinds)
        return weak / self.effects if self.effects else 0.0


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which actions of a list some cascade has, which are only known by themselves, which not at all."""

    in_cascades: tuple[str, ...]
    known: tuple[str, ...]
    missing: tuple[str, ...]


def statistics(cascades: Iterable[Cascade]) -> Statistics:
    """The counts over `cascades`."""
    services: Counter[str] = Counter()
    relations: Counter[Relation] = Counter()
    policies: Counter[Policy] = Counter()
    evidence: Counter[EvidenceKind | Literal["none"]] = Counter()
    masked: dict[str, dict[str, Policy]] = {}
    count = ensembles = hops = 0
    for cascade in cascades:
        count += 1
        ensembles += cascade.ensemble is not None
        services[cascade.id.split(".")[1]] += 1
        for effect in cascade.effects:
            policy = cascade.policy_of(effect)
            relations[effect.relation] += 1
            policies[policy] += 1
            kinds: tuple[EvidenceKind | Literal["none"], ...] = cascade.evidence_for(effect)
            evidence[kinds[0] if kinds else "none"] += 1
            hops += cascade.parent_node(effect) != cascade.root_node
            if policy != "never":
                for technique in effect.attack:
                    by_cascade = masked.setdefault(technique, {})
                    now = by_cascade.get(cascade.id, policy)
                    by_cascade[cascade.id] = min(now, policy, key=POLICY_ORDER.index)
    return Statistics(
        cascades=count,
        effects=relations.total(),
        ensembles=ensembles,
        hops=hops,
        services=dict(sorted(services.items())),
        relations={each: relations[each] for each in _RELATIONS},
        policies={each: policies[each] for each in POLICY_ORDER},
        evidence={
            **{each: evidence[each] for each in reversed(EVIDENCE_ORDER)},
            "none": evidence["none"],
        },
        techniques={
            technique: dict(Counter(by_cascade.values()))
            for technique, by_cascade in sorted(masked.items())
        },
    )


def coverage(cascades: Iterable[Cascade], wanted: Iterable[str]) -> Coverage:
    """Which of the `wanted` actions the cascades and the table of known actions have. Case does not matter."""
    held = {
        each.action.lower() for cascade in cascades for each in (cascade.root, *cascade.effects)
    }
    named = {action.lower() for action in known_actions()}
    actions = sorted(set(wanted))
    return Coverage(
        in_cascades=tuple(each for each in actions if each.lower() in held),
        known=tuple(each for each in actions if each.lower() not in held and each.lower() in named),
        missing=tuple(
            each for each in actions if each.lower() not in held and each.lower() not in named
        ),
    )


def read_actions(path: Path) -> list[str]:
    """The actions that a file lists: one `service:EventName` a line (`#` begins a comment), or a JSON
    array of such names or of objects with `eventSource` and `eventName`.

    Raises:
        CatalogError: it cannot be read, or holds something else.
    """
    text = read_bounded(path, str(path))
    if not text.lstrip().startswith("["):
        lines = (line.partition("#")[0].strip() for line in text.splitlines())
        return [_action(path, number, line) for number, line in enumerate(lines, start=1) if line]
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        raise _refused(path, line, "is no valid JSON") from error
    return [_action(path, 1, row) for row in rows]


def _action(path: Path, line: int, row: Any) -> str:
    if isinstance(row, dict):
        source, name = row.get("eventSource"), row.get("eventName")
        if isinstance(source, str) and isinstance(name, str) and source and name:
            return f"{source.removesuffix('.amazonaws.com')}:{name}"
    elif isinstance(row, str) and _ACTION.fullmatch(row):
        return row
    raise _refused(path, line, f"{str(row)[:60]!r} is no action such as iam:DeleteUser")


def _refused(path: Path, line: int, message: str) -> CatalogError:
    return CatalogError(
        f"{path} cannot be used", [Finding(str(path), line, 1, "error", "action-list", message)]
    )
