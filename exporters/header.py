"""The lines that every artefact begins with: what it is, what it loses, who answers for it."""

from collections.abc import Sequence

from .capabilities import Loss
from .legible import legible
from .query import Query
from .target import Job, Options, Style, Target
from .waiting import waiting_line

_WIDE = 600


def header(job: Job, target: Target, style: Style, options: Options) -> tuple[str, ...]:
    """The lines, without a comment mark. Each is one line of visible characters."""
    query = job.query
    purpose = "alerts on" if query.purpose == "alert" else "labels"
    lines = [
        f"{query.cascade}: {query.title}",
        f"{target.title}, {style.summary}",
        f"cloudcascade catalogue {options.catalog_version}, made {options.created.isoformat()}",
        *overlay_lines(options),
        f"owner: {options.owner or 'nobody yet (--owner)'}; expires {options.expires.isoformat()}",
        f"{purpose}: {', '.join(query.actions)}",
        f"explained by: {_explainer(query)}",
        *_vetoes(query),
        waiting_line(query, style),
        f"residual risk: {query.residual_risk}",
        f"checked: {target.verification} ({target.verified_by})",
    ]
    if not job.losses:
        lines.append("losses: none")
    lines += [f"loss, {loss}" for loss in loss_lines(job.losses)]
    return tuple(legible(line, _WIDE) for line in lines)


def overlay_lines(options: Options) -> tuple[str, ...]:
    """The line that says which overlay was in force; none where none was."""
    return (legible(f"overlay in force: {options.overlay}", _WIDE),) if options.overlay else ()


def loss_lines(losses: Sequence[Loss]) -> tuple[str, ...]:
    """One line a loss: its direction, then what is lost."""
    return tuple(legible(f"{loss.direction}: {loss.text}", _WIDE) for loss in losses)


def _vetoes(query: Query) -> list[str]:
    if not query.vetoes:
        return []
    return [f"still alerts where explained by: {', '.join(veto.cascade for veto in query.vetoes)}"]


def _explainer(query: Query) -> str:
    if query.ensemble:
        return f"{', '.join((query.root_name, *query.required))} together"
    others = "".join(f", or by {rival.cascade}" for rival in query.rivals)
    return query.root.action + others
