"""Which verdicts of a log are shown and counted. What is matched does not depend on it: all events are."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, get_args

import typer

if TYPE_CHECKING:
    from ..catalog import Catalog
    from ..matcher import Verdict

MOMENTS = ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]
_PANEL = "What is shown (may be given again; every event is matched all the same)"


def _several(flag: str, metavar: str, words: str) -> object:
    return typer.Option(flag, metavar=metavar, help=words, rich_help_panel=_PANEL)


def _moment(flag: str, words: str) -> object:
    return typer.Option(flag, metavar="TIME", formats=MOMENTS, help=words, rich_help_panel=_PANEL)


AccountOption = Annotated[
    list[str] | None, _several("--account", "ID", "Only events of this account.")
]
RegionOption = Annotated[
    list[str] | None, _several("--region", "NAME", "Only events of this Region.")
]
SinceOption = Annotated[datetime | None, _moment("--since", "Only events from then on (UTC).")]
UntilOption = Annotated[datetime | None, _moment("--until", "Only events before then (UTC).")]
ActorOption = Annotated[
    list[str] | None,
    _several("--actor", "WHO", "Only events of this principal: its id, its ARN, or the ARN's end."),
]
ActionOption = Annotated[
    list[str] | None,
    _several("--action", "ACTION", "Only this action, such as iam:DeleteUser or DeleteUser."),
]
CascadeOption = Annotated[
    list[str] | None, _several("--cascade", "ID", "Only what this cascade explains or begins.")
]
PolicyOption = Annotated[
    list[str] | None,
    _several("--policy", "suppress|annotate|never", "Only effects with this policy."),
]
VerdictOption = Annotated[
    list[str] | None,
    _several("--verdict", "effect|origin|orphan|unlisted", "Only this verdict."),
]


@dataclass(frozen=True, slots=True)
class Choice:
    """What a verdict must say to be shown: for each list that is not empty, one of its values. `since` and `until` are
    eventTimes as CloudTrail writes them."""

    account: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    actor: tuple[str, ...] = ()
    action: tuple[str, ...] = ()
    cascade: tuple[str, ...] = ()
    policy: tuple[str, ...] = ()
    verdict: tuple[str, ...] = ()

    def asked(self) -> dict[str, object]:
        """What was asked for, as plain data; empty where all verdicts are shown."""
        asked = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in asked.items() if value}

    def of(self, verdicts: "Iterable[Verdict]") -> "Iterator[Verdict]":
        """The verdicts that are shown."""
        tests = list(self._tests())
        return (each for each in verdicts if all(test(each) for test in tests))

    def _tests(self) -> "Iterator[Callable[[Verdict], bool]]":
        if self.account:
            yield lambda each: each.account in self.account
        if self.region:
            yield lambda each: each.region in self.region
        if (since := self.since) is not None:
            yield lambda each: each.event_time >= since
        if (until := self.until) is not None:
            yield lambda each: each.event_time < until
        if self.actor:
            yield lambda each: not _names(each).isdisjoint(self.actor)
        if self.action:
            wanted = frozenset(name.lower() for name in self.action)
            yield lambda each: not wanted.isdisjoint(_spellings(each.action))
        if self.cascade:
            yield (
                lambda each: (
                    each.cascade in self.cascade
                    or any(other.cascade in self.cascade for other in each.also)
                )
            )
        if self.policy:
            yield lambda each: each.policy in self.policy
        if self.verdict:
            yield lambda each: each.verdict in self.verdict


def choice_of(
    catalog: "Catalog",
    *,
    every: bool = False,
    account: list[str] | None = None,
    region: list[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    actor: list[str] | None = None,
    action: list[str] | None = None,
    cascade: list[str] | None = None,
    policy: list[str] | None = None,
    verdict: list[str] | None = None,
) -> Choice:
    """The choice that was asked for. With `every`, events of which the catalogue says nothing are shown, too.

    Raises:
        typer.BadParameter: a policy, verdict or action that does not exist, or a span that ends before it begins.
        UnknownName: no cascade has that id.
    """
    from ..catalog import Policy
    from ..matcher import VerdictName

    for name in cascade or ():
        catalog.get(name)
    if since is not None and until is not None and since >= until:
        raise typer.BadParameter("--since does not lie before --until")
    if action and not every:
        _require_listed(action, catalog)
    return Choice(
        tuple(account or ()),
        tuple(region or ()),
        _written(since),
        _written(until),
        tuple(actor or ()),
        tuple(action or ()),
        tuple(cascade or ()),
        _known("--policy", policy, get_args(Policy)),
        _known("--verdict", verdict, [name for name in get_args(VerdictName) if name != "pending"]),
    )


def _known(flag: str, given: list[str] | None, names: Sequence[str]) -> tuple[str, ...]:
    from ..catalog.refusals import meant

    for name in given or ():
        if name not in names:
            wanted = ", ".join(names)
            raise typer.BadParameter(f"{flag}: {name!r} is none of {wanted}{meant(name, names)}")
    return tuple(given or ())


def _require_listed(actions: Sequence[str], catalog: "Catalog") -> None:
    """An action that no verdict can be on is a slip of the pen."""
    from ..catalog.refusals import meant

    listed = catalog.actions()
    named = frozenset(action.partition(":")[2] for action in listed)
    spelt = {name.lower() for name in (*listed, *named)}
    for action in actions:
        if action.lower() not in spelt:
            near = meant(action, listed if ":" in action else named)
            raise typer.BadParameter(
                f"--action: the catalogue says nothing of {action!r}{near} (with --all it may be asked for)"
            )


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.replace(tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _names(verdict: "Verdict") -> set[str]:
    """All by which a caller may be asked for."""
    whole = [each for each in (verdict.actor, verdict.actor_arn, verdict.controller) if each]
    ends = [text.rpartition("/")[2].rpartition(":")[2] for text in whole]
    return {*whole, *ends}


def _spellings(action: str) -> tuple[str, str]:
    lower = action.lower()
    return lower, lower.partition(":")[2]
