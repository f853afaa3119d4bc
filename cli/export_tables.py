"""What `cascade export` says of its targets: the capability table, and one target explained."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from .shown import shown
from .tables import Table, table

if TYPE_CHECKING:
    from ..catalog import Cascade
    from ..exporters import Loss, MatrixRow, Omission, Options, Style, Survey, Target

LEGEND = """\
origin: found before its effect, after it, or both
hop: through a third event
hold: what waits for late events (yes: the query, no: alerts early)
void: sees what voids an explanation
--explain TARGET says the rest, and how many cascades the target can say"""

# How many different losses are told one by one before the rest is only counted.
_TOLD = 8


def capability_table(rows: "Iterable[MatrixRow]") -> Table:
    """A line a style, narrow enough for 80 columns."""
    made = table("target", "style", "origin", "hop", "hold", "void", "checked")
    last = ""
    for row in rows:
        name = row.target.name
        made.add_row(
            "" if name == last else name,
            row.style.name,
            *(row.mark(field) for field in ("sides", "hop", "hold", "spoilers")),
            "" if name == last else row.target.verification,
        )
        last = name
    return made


def explained(rows: "Sequence[MatrixRow]") -> Iterator[str]:
    """The lines on one target and its styles; the first of the rows is the default's."""
    target = rows[0].target
    yield f"{target.name}  {target.title}"
    yield f"checked: {target.verification} ({target.verified_by})"
    if target.layouts:
        yield f"layouts: {', '.join(target.layouts)}"
    for row in rows:
        yield ""
        default = ", the default" if row.style is target.styles[0] else ""
        yield f"style {row.style.name}{default}: {row.style.summary}"
        yield f"  makes: {row.style.kind}, to {' and to '.join(sorted(row.style.purposes))}"
        for each in row.statements:
            if each.kept:
                yield f"  + {each.words}"
            else:
                yield f"  - {each.words}{f' ({each.costs})' if each.costs else ''}"


def assessed(
    cascade: "Cascade",
    catalog: "Sequence[Cascade]",
    target: "Target",
    styles: "Sequence[Style]",
    options: "Options",
    window: int | None,
) -> Iterator[str]:
    """The lines on what each style makes of one cascade."""
    from ..exporters import Refused, assess, loss_lines

    for style in styles:
        place = f"{cascade.id} as {target.name} {style.name}"
        try:
            fitted = assess(cascade, catalog, style, options, window)
        except Refused as refusal:
            yield f"{place}: refused, {shown(str(refusal))}"
            continue
        if fitted.query is None:
            yield f"{place}: refused, nothing of it can be said in this form"
        elif fitted.fails_closed:
            yield f"{place}: refused unless --allow-fail-closed"
        else:
            yield f"{place}: made{'' if fitted.losses else ', nothing is lost'}"
        yield from (f"  {line}" for line in loss_lines(fitted.losses))
        if fitted.query is not None:
            steps = [shown(line) for line in style.outline(fitted.query, options)]
            yield from (["  steps:"] if steps else [])
            yield from (f"    {line}" for line in steps)


def surveyed(found: "Survey", target: "Target", style: "Style") -> Iterator[str]:
    """The lines on what a style makes of all suppressible cascades."""
    yield (
        f"the {found.asked} suppressible cascades as {target.name} {style.name}: {found.made} made"
        f"{f', {found.closed} only with --allow-fail-closed' if found.closed else ''}"
    )
    yield from (f"  refused: {shown(reason)} ({count})" for reason, count in found.refusals)
    yield from _counted(found.losses, found.asked, "  ")


def loss_summary(losses: "Iterable[Sequence[Loss]]") -> Iterator[str]:
    """The lines on what an export loses; `losses` are those of each cascade made."""
    from ..exporters.capabilities import Direction

    of_each = list(losses)
    counts = Counter(loss for one in of_each for loss in dict.fromkeys(one))
    # What may hide an attack is told first.
    ranked = sorted(
        counts.items(), key=lambda each: (each[0].direction is not Direction.CLOSED, -each[1])
    )
    yield from _counted(ranked[:_TOLD], len(of_each), "cascade: loss, ")
    if len(ranked) > _TOLD:
        yield f"cascade: and {len(ranked) - _TOLD} more losses, which the artefacts list"


def omission_summary(omitted: "Sequence[Omission]") -> str:
    """One line that counts the cascades left out by the kind of reason."""
    from ..exporters.matrix import short_reason

    counts = Counter(short_reason(each.reason) for each in omitted)
    told = "; ".join(f"{count} because {reason}" for reason, count in counts.most_common())
    return f"cascade: {len(omitted)} left out: {shown(told)}"


def _counted(ranked: "Iterable[tuple[Loss, int]]", total: int, lead: str) -> Iterator[str]:
    from ..exporters import loss_lines

    for loss, count in ranked:
        of_all = f" ({count} of {total})" if total > 1 else ""
        yield f"{lead}{loss_lines([loss])[0]}{of_all}"
