"""Makes the artefacts of a target for some cascades, and refuses what must not be made."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath

from ..catalog.models import Cascade
from ..catalog.terms import format_duration
from .capabilities import Direction, Loss
from .detections import Detection
from .errors import ExportError, Refused
from .fitting import Fit, fit
from .lower import lower
from .query import Query
from .sample_cases import Sampler
from .target import Artefact, Job, Options, Style, Target


@dataclass(frozen=True, slots=True)
class Omission:
    """A cascade that an export leaves out, and why."""

    cascade: str
    reason: str


@dataclass(frozen=True, slots=True)
class Export:
    """What an export made: the files, the jobs they render, and the cascades left out."""

    artefacts: tuple[Artefact, ...]
    jobs: tuple[Job, ...]
    omitted: tuple[Omission, ...]


def export(
    cascades: Sequence[Cascade],
    catalog: Sequence[Cascade],
    target: Target,
    style: Style,
    options: Options,
    *,
    window: int | None = None,
    allow_fail_closed: bool = False,
    actions: Collection[str] | None = None,
) -> Export:
    """Render `cascades` for `target`. `window` caps every window, in seconds. With `actions` the artefacts are about
    these alone, and nothing is said of a cascade's other effects.

    `catalog` are all cascades that count, since another one may explain the same action. The order of either
    does not matter: artefacts come by id.

    Raises:
        ExportError: a value that the target's language cannot hold; two files of one name.
    """
    jobs, omitted = [], []
    catalog = sorted(catalog, key=_id)
    sampler = Sampler(catalog)
    for cascade in sorted(cascades, key=_id):
        try:
            job = plan(cascade, catalog, style, options, window, allow_fail_closed, actions)
            sampled, recorded = partial(sampler.cases, cascade), partial(sampler.records, cascade)
            jobs.append(replace(job, sampled=sampled, recorded=recorded))
        except Refused as refusal:
            omitted.append(Omission(cascade.id, str(refusal)))
    artefacts = tuple(style.render(jobs, options)) if jobs else ()
    _refuse_twins(artefacts)
    return Export(artefacts, tuple(jobs), tuple(omitted))


def _id(cascade: Cascade) -> str:
    return cascade.id


def export_detections(
    detections: Sequence[Detection], target: Target, style: Style, options: Options
) -> tuple[Artefact, ...]:
    """Render what is no cascade.

    Raises:
        ExportError: the target has no form for them, or its language cannot hold a value.
    """
    if target.detections is None:
        raise ExportError(f"{target.title} has no form for detections that are no cascades")
    artefacts = tuple(target.detections(detections, style.name, options))
    _refuse_twins(artefacts)
    return artefacts


def plan(
    cascade: Cascade,
    catalog: Iterable[Cascade],
    style: Style,
    options: Options,
    window: int | None = None,
    allow_fail_closed: bool = False,
    actions: Collection[str] | None = None,
) -> Job:
    """What `style` can say of `cascade`, and what is lost.

    Raises:
        Refused: the cascade's policy forbids it, nothing is left of it, or it would fail closed.
    """
    fitted = assess(cascade, catalog, style, options, window, actions)
    if fitted.query is None:
        reasons = "; ".join(loss.text for loss in fitted.losses)
        raise Refused(f"nothing of it can be said in this form: {reasons}")
    if fitted.fails_closed and not allow_fail_closed:
        reasons = "; ".join(
            loss.text for loss in fitted.losses if loss.direction is Direction.CLOSED
        )
        raise Refused(f"fails closed: {reasons} (--allow-fail-closed makes it all the same)")
    return Job(fitted.query, fitted.losses)


def assess(
    cascade: Cascade,
    catalog: Iterable[Cascade],
    style: Style,
    options: Options,
    window: int | None = None,
    actions: Collection[str] | None = None,
) -> Fit:
    """What `style` would lose of `cascade`, whether or not that is refused.

    Raises:
        Refused: the cascade's policy forbids any export, or the style has no form for its policy.
    """
    query = lower(cascade, catalog, window=window, lateness=options.lateness, actions=actions)
    if not query.actions and actions is not None:
        raise Refused(f"nothing may be said of {', '.join(sorted(actions))} there")
    if not query.actions:
        raise Refused(f"its policy is never: {query.residual_risk}")
    if query.purpose not in style.purposes:
        raise Refused(
            f"its policy is annotate: nothing of it may be silenced, and {style.name!r} cannot label"
            if query.purpose == "enrich"
            else f"its policy is suppress, and {style.name!r} only labels"
        )
    heeded = query if style.heeds_vetoes else replace(query, vetoes=())
    fitted = fit(heeded, style.capabilities)
    if fitted.query is None:
        return fitted
    left_alone = _left_alone(query) if actions is None else ()
    more = (*left_alone, *_early(fitted.query, style), *style.losses(fitted.query, options))
    return replace(fitted, losses=tuple(dict.fromkeys((*fitted.losses, *more))))


def _early(query: Query, style: Style) -> Iterator[Loss]:
    """Where nothing waits although the artefact could ask what came later; else the capabilities say it."""
    if style.waiting == "never" and style.capabilities.hold:
        taken = f"{format_duration(query.reach_after)} ahead, {format_duration(query.lateness)} for late events"
        yield Loss(
            Direction.OPEN,
            f"alerts before the window is over: what is explained later ({taken}) has alerted by then",
        )


def _left_alone(query: Query) -> Iterator[Loss]:
    """The cascade's effects whose policy keeps them out of the artefact."""
    by_policy: dict[str, list[str]] = {}
    placed: list[tuple[str, str]] = [(node.policy, node.pattern.action) for node in query.nodes]
    if query.root_policy is not None:
        placed.append((query.root_policy, query.root.action))
    for policy, action in placed:
        if policy != query.subject_policy and action not in query.actions:
            by_policy.setdefault(policy, []).append(action)
    for policy, actions in by_policy.items():
        text = f"{', '.join(dict.fromkeys(actions))}: the policy is {policy}, and nothing is said of it"
        yield Loss(Direction.UNCOVERED, text)


def write(artefacts: Iterable[Artefact], folder: Path) -> tuple[Path, ...]:
    """Write the files below `folder`, which is made where it is missing.

    Raises:
        ExportError: a file cannot be written.
    """
    written = []
    for artefact in artefacts:
        path = folder.joinpath(*_inside(artefact.path).parts)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(artefact.text, encoding="utf-8", newline="")
        except OSError as error:
            raise ExportError(f"{path}: {error.strerror or error}") from error
        written.append(path)
    return tuple(written)


def _inside(path: PurePosixPath) -> PurePosixPath:
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise ExportError(f"an artefact may not lie at {path}")
    return path


def _refuse_twins(artefacts: Sequence[Artefact]) -> None:
    seen = set()
    for artefact in artefacts:
        if artefact.path in seen:
            raise ExportError(f"two artefacts are called {artefact.path}")
        seen.add(artefact.path)
