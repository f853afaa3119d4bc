"""The change that silences a rule on side effects and nothing else, in its own file, proved before it is shown."""

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from .cases import Case, Cases
from .errors import NoFix, NotJudged
from .format import Format
from .judge import Records, verdicts
from .reading import Found
from .registry import formats
from .rule import EXPLAINED, Exclusion, Json, Patch, Rule, Term
from .severity import is_lower

# Rules whose filter is the union of steps: a sequence, a correlation in time.
_TOGETHER = re.compile(r"\b(sequence|sample of|temporal)", re.IGNORECASE)

Kind = Literal["attested", "explained", "label"]


@dataclass(frozen=True, slots=True)
class Proof:
    """What executing the changed rule has shown.

    `silent` of `meant` side effects that the change is meant for are silent (of a label: still fire), and `seen` of
    `others` records still fire on which the rule fired before: attacks, origins, side effects that may not be silenced.
    `against` are sentences on what speaks against it; a fix with one of them is not shown as proved.
    """

    meant: int
    silent: int
    others: int
    seen: int
    against: Sequence[str] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against the change."""
        return not self.against


@dataclass(frozen=True, slots=True)
class Fix:
    """A change of a rule. `actions` are the side effects that it is for; `limits` sentences on what it does not see."""

    rule: Rule
    kind: Kind
    actions: Sequence[str]
    exclusions: Sequence[Exclusion]
    patch: Patch
    proof: Proof
    limits: Sequence[str]

    @property
    def diff(self) -> str:
        """The change as a unified diff, new files included."""
        path = self.rule.source.path
        parts = [_diff(path, self.rule.source.text, self.patch.text)]
        parts += [
            _diff(str(Path(path).parent / name), "", text)
            for name, text in sorted(self.patch.beside.items())
        ]
        return "".join(parts)


@dataclass(frozen=True, slots=True)
class Unfixed:
    """Side effects of a rule for which no change is offered, and why."""

    rule: Rule
    actions: Sequence[str]
    reason: str


def fixes(rule: Rule, fired: Sequence[Case], cases: Cases, found: Found) -> Iterator[Fix | Unfixed]:
    """The changes for a rule that fires on the side effects in `fired`, or why there is none.

    First an exclusion of what AWS attests, where that is every benign cause; else the lookup of explained events; a
    lower severity for what may only be labelled.
    """
    effects: dict[str, list[Case]] = defaultdict(list)
    for case in fired:
        if case.side_effect:
            effects[case.action].append(case)
    silenced = {
        action: [case for case in found_cases if case.policy == "suppress"]
        for action, found_cases in effects.items()
    }
    silenced = {action: found_cases for action, found_cases in silenced.items() if found_cases}
    labelled = {
        action: [case for case in found_cases if case.policy == "annotate"]
        for action, found_cases in effects.items()
        if action not in silenced
    }
    labelled = {action: found_cases for action, found_cases in labelled.items() if found_cases}
    if rule.counts is not None and _TOGETHER.search(rule.counts):
        reason = "it judges several events together, and a proof asks each alone: change it by hand"
        yield Unfixed(rule, sorted(effects), reason)
        return
    trial = _Trial(rule, fired, cases, found, _format(rule))
    if silenced and trial.fires_when_explained(silenced):
        yield trial.silencing(silenced)
    if labelled:
        yield trial.labelling(labelled)
    never = sorted(set(effects) - set(silenced) - set(labelled))
    if never:
        yield Unfixed(rule, never, "the catalogue says that it must never be silenced or labelled")


def _format(rule: Rule) -> Format:
    for each in formats():
        if rule.format == each.name or rule.format.startswith(f"{each.name}-"):
            return each
    raise NotJudged(f"there is no format {rule.format!r}")


@dataclass(frozen=True, slots=True)
class _Trial:
    rule: Rule
    fired: Sequence[Case]
    cases: Cases
    found: Found
    format: Format

    def fires_when_explained(self, effects: Mapping[str, Sequence[Case]]) -> bool:
        """Whether the rule does not ask the lookup of explained events yet."""
        records = [{**case.record, EXPLAINED: True} for found in effects.values() for case in found]
        return any(verdicts(self.rule, Records(records)))

    def silencing(self, effects: Mapping[str, Sequence[Case]]) -> Fix | Unfixed:
        attested = _attested_exclusions(effects)
        if attested is not None:
            made = self._tried("attested", attested, effects)
            if isinstance(made, Fix) and made.proof.holds:
                return made
        return self._tried("explained", (_explained(self.rule),), effects)

    def labelling(self, effects: Mapping[str, Sequence[Case]]) -> Fix | Unfixed:
        if self.format.label is None:
            reason = f"it may only be labelled, and {self.format.title} has no label that review can write"
            return Unfixed(self.rule, sorted(effects), reason)
        attested = _attested_exclusions(effects)
        if attested is not None:
            made = self._tried("label", attested, effects)
            if _holds(made):
                return made
            other = self._by_lookup(effects)
            return made if isinstance(made, Fix) and not _holds(other) else other
        part = self._attested_part(effects)
        return part if part is not None else self._by_lookup(effects)

    def _by_lookup(self, effects: Mapping[str, Sequence[Case]]) -> Fix | Unfixed:
        return self._tried("label", (_explained(self.rule),), effects)

    def _attested_part(self, effects: Mapping[str, Sequence[Case]]) -> Fix | None:
        """The label for those cases alone that AWS attests: it needs no lookup to be filled."""
        some = _attested_alone(effects)
        exclusions = _attested_exclusions(some)
        made = self._tried("label", exclusions, some) if exclusions else None
        if not isinstance(made, Fix) or not made.proof.holds:
            return None
        named, all_of_them = (sum(map(len, each.values())) for each in (some, effects))
        limit = (
            f"of {all_of_them} cases of these side effects only the {named} that AWS attests are labelled: "
            f"what {', '.join(_services(exclusions or ()))} does"
        )
        return replace(made, limits=(limit, *made.limits))

    def _there(self, exclusions: Sequence[Exclusion]) -> bool:
        """Whether the file says already, in the words of a change, what is excluded or labelled."""
        return all(each.why in self.rule.source.text for each in exclusions)

    def _tried(
        self, kind: Kind, exclusions: Sequence[Exclusion], effects: Mapping[str, Sequence[Case]]
    ) -> Fix | Unfixed:
        actions = sorted(effects)
        write = self.format.label if kind == "label" else self.format.exclude
        assert write is not None
        if kind == "label" and self._there(exclusions):
            return Unfixed(self.rule, actions, "the file has such a label already")
        try:
            patch = write(self.rule, exclusions)
            proof = self._proof(kind, exclusions, effects, patch)
        except NoFix as reason:
            return Unfixed(self.rule, actions, str(reason))
        except NotJudged as reason:
            return Unfixed(self.rule, actions, f"the change could not be proved: {reason}")
        return Fix(
            self.rule, kind, actions, exclusions, patch, proof, tuple(_limits(kind, exclusions))
        )

    def _proof(
        self,
        kind: Kind,
        exclusions: Sequence[Exclusion],
        effects: Mapping[str, Sequence[Case]],
        patch: Patch,
    ) -> Proof:
        changed, *more = self.found.again(self.rule, patch.text, patch.beside)
        by_lookup = any(each.explained for each in exclusions)
        meant = [case for found in effects.values() for case in found]
        chosen = {id(case) for case in meant}
        others = [case for case in self.fired if id(case) not in chosen]
        others += self._attacks(meant, all_of_them=by_lookup)
        before = verdicts(self.rule, Records([case.record for case in others]))
        others = [case for case, fires in zip(others, before, strict=True) if fires]
        records = [{**case.record, EXPLAINED: True} if by_lookup else case.record for case in meant]
        after = verdicts(changed, Records([*records, *(case.record for case in others)]))
        fires_meant, fires_others = after[: len(meant)], after[len(meant) :]
        wanted = kind == "label"
        against: list[str] = []
        if wanted and more:
            # Where a platform has one severity for a rule, a second rule of lower severity takes what is labelled.
            against += self._against(more, fires_meant, [case.record for case in others])
            for other in more:
                told = verdicts(other, Records(records))
                fires_meant = [
                    one is True or two is True for one, two in zip(fires_meant, told, strict=True)
                ]
        # A rule that fails on a record is not silent on it: what the platform then does is not known.
        silent = sum(1 for fires in fires_meant if fires is wanted)
        seen = sum(1 for fires in fires_others if fires is True)
        if silent < len(meant):
            what = "no longer fire" if wanted else "still fire"
            against.append(f"{len(meant) - silent} of {len(meant)} side effects {what}")
        if seen < len(others):
            lost = next(
                case for case, fires in zip(others, fires_others, strict=True) if fires is not True
            )
            against.append(
                f"{len(others) - seen} of {len(others)} other records are lost, such as {lost.action} "
                f"({lost.attack or 'benign'}, {lost.cascade})"
            )
        if not others:
            against.append(
                "there is nothing else on which it fired, and so nothing that proves what it still sees"
            )
        return Proof(len(meant), silent, len(others), seen, tuple(against))

    def _against(
        self, more: Sequence[Rule], fires_meant: Sequence[bool | None], others: Sequence[Json]
    ) -> Iterator[str]:
        """What speaks against a second rule: it is not lower, it finds other records, or the old one finds its own."""
        still = sum(1 for fires in fires_meant if fires is True)
        if still:
            yield f"{still} of {len(fires_meant)} side effects keep the severity that they had"
        for other in more:
            if not is_lower(other.severity, self.rule.severity):
                yield (
                    f"the severity of the new rule is not known to be lower: {other.severity} "
                    f"instead of {self.rule.severity}"
                )
            found = sum(1 for fires in verdicts(other, Records(others)) if fires is True)
            if found:
                yield f"the new rule fires on {found} of {len(others)} other records, too"

    def _attacks(self, meant: Iterable[Case], *, all_of_them: bool) -> Iterator[Case]:
        """The attacks that look like what is meant. What AWS attests looks the same whoever set the service going:
        an exclusion by it alone does not see that, and says so."""
        one_each = {(case.cascade, case.node): case for case in meant}
        for case in one_each.values():
            yield from (
                attack for attack in self.cases.attacks(case) if all_of_them or not attack.attested
            )


def _attested_alone(effects: Mapping[str, Sequence[Case]]) -> dict[str, list[Case]]:
    """Of the side effects those cases in which AWS names a service."""
    named = {
        action: [case for case in found if case.record.get("userIdentity", {}).get("invokedBy")]
        for action, found in effects.items()
    }
    return {action: found for action, found in named.items() if found}


def _holds(made: Fix | Unfixed) -> bool:
    return isinstance(made, Fix) and made.proof.holds


def _attested_exclusions(effects: Mapping[str, Sequence[Case]]) -> tuple[Exclusion, ...] | None:
    """Exclusions by `invokedBy`, where AWS names the service in every case that somebody did not make himself; None
    where a benign cause is not attested."""
    made = []
    for action, found in sorted(effects.items()):
        services = set()
        for case in found:
            service = case.record.get("userIdentity", {}).get("invokedBy")
            if not service:
                return None
            services.add(str(service))
        source, _, name = action.partition(":")
        terms = (
            Term("eventSource", (f"{source}.amazonaws.com",)),
            Term("eventName", (name,)),
            Term("userIdentity.invokedBy", tuple(sorted(services))),
            Term("errorCode"),
        )
        why = f"{name} by {', '.join(sorted(services))}, which AWS attests"
        made.append(Exclusion(f"cascade_{source.replace('-', '_')}_{name.lower()}", why, terms))
    return tuple(made)


def _explained(rule: Rule) -> Exclusion:
    return Exclusion(
        "cascade_explained",
        "side effects that cloudcascade explains, by their eventID",
        explained=True,
    )


def _services(exclusions: Sequence[Exclusion]) -> list[str]:
    terms = (term for each in exclusions for term in each.terms)
    named = {
        value for term in terms if term.path == "userIdentity.invokedBy" for value in term.values
    }
    return sorted(named)


def _limits(kind: Kind, exclusions: Sequence[Exclusion]) -> Iterator[str]:
    if any(each.explained for each in exclusions):
        yield (
            "the lookup must be filled: cascade watch with cascade feed, or cascade classify"
            if kind != "label"
            else "the lookup must hold what may only be labelled, which cascade feed leaves out: add the ids, "
            "and mind that a rule which is silent by the lookup is then silent on them"
        )
        return
    services = ", ".join(_services(exclusions))
    yield (
        f"what somebody does through {services} is not seen by this rule any more"
        if kind != "label"
        else f"what somebody does through {services} is labelled, too"
    )


def _diff(path: str, before: str, after: str) -> str:
    # A path of a rule's file is somebody's text: no line break of it may end the header.
    name = "".join(each if each.isprintable() else "?" for each in path)
    lines = difflib.unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        f"a/{name.lstrip('/')}" if before else "/dev/null",
        f"b/{name.lstrip('/')}",
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )
