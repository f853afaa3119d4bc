"""What a review comes to: its findings beside a baseline, and what there is to count. All outputs tell this."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from .baseline import Baseline, Held, gone, known
from .finding import LEVELS, Finding, Level, Reviewed
from .reading import Found

NOT_JUDGED = "not-judged"


@dataclass(frozen=True, slots=True)
class Told:
    """A finding, and whose it is.

    `new`: no baseline holds it. `number` tells findings of one fingerprint apart, from 1.
    """

    finding: Finding
    of: Reviewed
    new: bool
    number: int

    @property
    def key(self) -> str:
        """No two findings of a report have the same."""
        return f"{self.finding.fingerprint}:{self.number}"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rules there are, and of how many something is true.

    `firing` fire on a side effect; `attested_only` on those alone of which AWS writes who is behind them; `bypassable`
    have an exclusion for which a value that the caller chooses suffices. `everything` and `identity` are about so much
    that side effects are not told one by one.
    """

    rules: int
    executed: int
    not_judged: int
    firing: int
    attested_only: int
    bypassable: int
    everything: int
    identity: int


@dataclass(frozen=True)
class Report:
    """The rules that were reviewed, what was read, and the baseline that counts, None where there is none.

    `catalog_version` is the digest of the catalogue, `version` the program's. `bypass_tried` says whether ways past the
    rules were looked for: without that nothing is known of them.
    """

    reviewed: Sequence[Reviewed]
    found: Found
    baseline: Baseline | None
    catalog_version: str
    version: str
    bypass_tried: bool = False

    @cached_property
    def told(self) -> tuple[Told, ...]:
        """All findings, by rule in the order given, the gravest of a rule first. Without a baseline all are new."""
        pairs = [(finding, of) for of in self.reviewed for finding in gravest_first(of.findings)]
        held = (
            [False] * len(pairs)
            if self.baseline is None
            else known([finding for finding, _ in pairs], self.baseline)
        )
        seen: Counter[str] = Counter()
        told = []
        for (finding, of), old in zip(pairs, held, strict=True):
            seen[finding.fingerprint] += 1
            told.append(Told(finding, of, not old, seen[finding.fingerprint]))
        return tuple(told)

    @cached_property
    def by_rule(self) -> tuple[tuple[Reviewed, tuple[Told, ...]], ...]:
        """Each rule with its findings."""
        told: dict[int, list[Told]] = {id(of): [] for of in self.reviewed}
        for each in self.told:
            told[id(each.of)].append(each)
        return tuple((of, tuple(told[id(of)])) for of in self.reviewed)

    def failing(self, level: Level) -> tuple[Told, ...]:
        """The new findings that are at least of that level."""
        return tuple(each for each in self.told if each.new and at_least(each.finding.level, level))

    @cached_property
    def levels(self) -> Mapping[Level, int]:
        """How many findings there are of each level."""
        counted = Counter(each.finding.level for each in self.told)
        return {level: counted[level] for level in LEVELS}

    @cached_property
    def new(self) -> Mapping[Level, int]:
        """How many new findings there are of each level."""
        counted = Counter(each.finding.level for each in self.told if each.new)
        return {level: counted[level] for level in LEVELS}

    @cached_property
    def fixed(self) -> tuple[Held, ...]:
        """What the baseline holds of rules that were executed now, and that they no longer have."""
        executed = {of.rule.id for of in self.reviewed if of.not_judged is None}
        return tuple(each for each in self._gone if each.rule in executed)

    @cached_property
    def not_seen(self) -> tuple[Held, ...]:
        """What the baseline holds of rules that were not executed now: of these nothing can be said."""
        fixed = set(self.fixed)
        return tuple(each for each in self._gone if each not in fixed)

    @cached_property
    def _gone(self) -> Sequence[Held]:
        if self.baseline is None:
            return ()
        return gone([each.finding for each in self.told], self.baseline)

    @cached_property
    def reasons(self) -> Mapping[str, int]:
        """Why rules were not judged, the most frequent reason first."""
        counted = Counter(of.not_judged for of in self.reviewed if of.not_judged is not None)
        return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))

    @cached_property
    def counts(self) -> Counts:
        """The counts of all rules."""
        return _counts(self.reviewed)

    @cached_property
    def by_format(self) -> Mapping[str, Counts]:
        """The counts of the rules of each format, by its name, sorted."""
        names = sorted({of.rule.format for of in self.reviewed})
        return {
            name: _counts([of for of in self.reviewed if of.rule.format == name]) for name in names
        }


def at_least(level: Level, threshold: Level) -> bool:
    """Whether a level is as grave as another, or graver.

    >>> at_least("error", "warning"), at_least("note", "warning")
    (True, False)
    """
    return LEVELS.index(level) <= LEVELS.index(threshold)


def gravest_first(findings: Iterable[Finding]) -> list[Finding]:
    """By level; those of one level stay in order."""
    return sorted(findings, key=lambda each: LEVELS.index(each.level))


def fires_on_side_effects(of: Reviewed) -> bool:
    """Whether a rule is about actions, and fires on a side effect."""
    return of.aim == "action" and bool(of.side_effects)


def _counts(reviewed: Sequence[Reviewed]) -> Counts:
    firing = [of for of in reviewed if fires_on_side_effects(of)]
    executed = [of for of in reviewed if of.not_judged is None]
    return Counts(
        rules=len(reviewed),
        executed=len(executed),
        not_judged=len(reviewed) - len(executed),
        firing=len(firing),
        attested_only=sum(all(each.attested for each in of.side_effects) for of in firing),
        bypassable=sum(any(each.kind == "bypassable" for each in of.findings) for of in reviewed),
        everything=sum(of.aim == "everything" for of in reviewed),
        identity=sum(of.aim == "identity" for of in reviewed),
    )
