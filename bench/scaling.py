"""Measures what an event costs as the catalogue grows, and as its windows widen.

    python bench/scaling.py                       # 10, 100, 1,000 cascades; windows as they are, x4, x16
    python bench/scaling.py --events 1000000

Growth: the six cascades that the generated log holds stand in every catalogue. The rest are copies of the
bundled ones, the six included, round after round, under other ids (`aws.iam.delete-user-copy7`) and with other
actions (`iam:DeleteUserCopy7`) in origin, effects and spoilers; joins, conditions and windows stay. No event
of the log is of a copied action, so the share of listed events is the same in each.

Windows: the bundled catalogue with every `within` of effects and spoilers multiplied.

Times are CPU microseconds an event, from the files to the last verdict, the best of the rounds, in turn.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cloudcascade.bench.classify import OUT, Written, classify, everyday, seconds, trail
from cloudcascade.catalog import load_catalog
from cloudcascade.catalog.models import Cascade, Window
from cloudcascade.matcher import Plan, compile_catalog

PLAYED = (
    "aws.iam.access-key-rotation",
    "aws.iam.delete-instance-profile",
    "aws.iam.delete-role",
    "aws.iam.delete-user",
    "aws.s3.delete-bucket",
    "aws.secretsmanager.get-secret-value",
)
SIZES = (10, 100, 1_000)
FACTORS = (1, 4, 16)


@dataclass(frozen=True, slots=True)
class Measured:
    """One catalogue's result: CPU seconds, one for each round."""

    name: str
    verdicts: int
    took: tuple[float, ...]

    @property
    def best(self) -> float:
        """The best of the rounds."""
        return min(self.took)


def copied(cascade: Cascade, number: int) -> Cascade:
    """The same cascade under another id, with actions that no log holds."""

    def renamed(node: str) -> str:
        return f"{node}Copy{number}" if ":" in node else node

    effects = tuple(
        each.model_copy(
            update={
                "action": renamed(each.action),
                "parent": renamed(each.parent) if each.parent else None,
            }
        )
        for each in cascade.effects
    )
    spoilers = tuple(
        each.model_copy(update={"action": renamed(each.action)}) for each in cascade.spoilers
    )
    changes: dict[str, object] = {
        "id": f"{cascade.id}-copy{number}",
        "effects": effects,
        "spoilers": spoilers,
    }
    if cascade.origin is not None:
        origin = {"action": renamed(cascade.origin.action)}
        changes["origin"] = cascade.origin.model_copy(update=origin)
    if cascade.ensemble is not None:
        members = {"require": tuple(map(renamed, cascade.ensemble.require))}
        changes["ensemble"] = cascade.ensemble.model_copy(update=members)
    return cascade.model_copy(update=changes)


def grown(cascades: Sequence[Cascade], size: int) -> list[Cascade]:
    """A catalogue of `size` cascades: those that are played, and copies."""
    played = [each for each in cascades if each.id in PLAYED]
    copies = (copied(each, number) for number in count(1) for each in cascades)
    return [*played, *islice(copies, size - len(played))]


def widened(cascade: Cascade, factor: int) -> Cascade:
    """The same cascade with windows so many times as wide."""

    def wider(window: Window) -> Window:
        return window.model_copy(
            update={"before": window.before * factor, "after": window.after * factor}
        )

    return cascade.model_copy(
        update={
            "effects": tuple(
                each.model_copy(update={"within": wider(each.within)}) for each in cascade.effects
            ),
            "spoilers": tuple(
                each.model_copy(update={"within": each.within and wider(each.within)})
                for each in cascade.spoilers
            ),
        }
    )


def measure(folder: Path, plans: Mapping[str, Plan], rounds: int) -> list[Measured]:
    """Every plan over the log in `folder`, in turn."""
    verdicts = {name: classify(plan, folder)[1] for name, plan in plans.items()}
    took: dict[str, list[float]] = {name: [] for name in plans}
    for _ in range(rounds):
        for name, plan in plans.items():
            took[name].append(seconds(_pass(plan, folder)))
    return [Measured(name, verdicts[name], tuple(took[name])) for name in plans]


def _pass(plan: Plan, folder: Path) -> Callable[[], object]:
    return lambda: classify(plan, folder)


def shown(title: str, results: Sequence[Measured], written: Written) -> Table:
    """The results as a table, each against the first."""
    table = Table(title=title)
    for name in ("", "events", "verdicts", "us an event", "ratio"):
        table.add_column(name, justify="right")
    for each in results:
        table.add_row(
            each.name,
            f"{written.events:,}",
            f"{each.verdicts:,}",
            f"{each.best / written.events * 1e6:.2f}",
            f"{each.best / results[0].best:.2f}",
        )
    return table


def main() -> None:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--out", type=Path, default=OUT, help="where the logs are kept")
    chosen = parser.parse_args()
    folder = chosen.out / f"{chosen.events}-{chosen.share:g}"
    written = trail(folder, chosen.events, chosen.share, everyday())
    cascades = load_catalog().cascades
    sizes = {f"{size:,} cascades": compile_catalog(grown(cascades, size)) for size in SIZES}
    windows = {
        f"windows x{factor}": compile_catalog(widened(each, factor) for each in cascades)
        for factor in FACTORS
    }
    console = Console(width=100)
    for title, plans in (("number of cascades", sizes), ("length of windows", windows)):
        results = measure(folder, plans, chosen.rounds)
        console.print(shown(f"cascade classify against the {title}, one core", results, written))


if __name__ == "__main__":
    main()
