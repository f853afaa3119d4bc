"""`cascade review`: executes detection rules on what benign actions set off, and says which fire on side effects."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, assert_never

import typer

from .app import app
from .made_by import made_by
from .options import (
    CatalogOption,
    ConfigOption,
    Overlays,
    StrictOption,
    UnsafeOption,
    WideOption,
    one_of,
    open_catalog,
    warn,
)
from .writing import opened

if TYPE_CHECKING:
    from ..catalog import Catalog, ServiceModels
    from ..review import Cases, Found, Reviewed
    from ..review.baseline import Baseline
    from ..review.finding import Level
    from ..review.report import Report

_EXTRA = frozenset({"lark", "sigma"})  # what the extra `review` brings


class Form(StrEnum):
    """How the findings are told."""

    table = "table"
    ndjson = "ndjson"
    sarif = "sarif"
    junit = "junit"
    md = "md"
    html = "html"


class Threshold(StrEnum):
    """The levels of findings."""

    error = "error"
    warning = "warning"
    note = "note"


_BY_SUFFIX = {
    ".ndjson": Form.ndjson,
    ".jsonl": Form.ndjson,
    ".sarif": Form.sarif,
    ".xml": Form.junit,
    ".md": Form.md,
    ".html": Form.html,
    ".htm": Form.html,
    ".txt": Form.table,
}


@app.command(rich_help_panel="Detection content")
def review(
    rules: Annotated[
        list[Path],
        typer.Argument(metavar="RULES...", help="Rule files, and folders of them."),
    ],
    form: Annotated[
        Form | None,
        typer.Option(
            "--format",
            "-f",
            metavar="table|ndjson|sarif|junit|md|html",
            help="How to tell it. Default: what the name of --output ends with, else table.",
        ),
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write here instead of standard output. May be given again, for another format.",
        ),
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(metavar="FORMAT", help="Only rules of this format, such as sigma."),
    ] = None,
    rule: Annotated[
        str | None, typer.Option(metavar="ID", help="Tell of this rule alone, and closely.")
    ] = None,
    bypass: Annotated[
        bool,
        typer.Option(
            "--bypass",
            help="Also try whether values that a caller chooses suffice to be excluded: user agent, names, tags.",
        ),
    ] = False,
    fix: Annotated[
        bool,
        typer.Option(
            "--fix",
            help="Print, as a diff, the change of each rule that silences or labels side effects, with its proof; the "
            "findings go to --output alone.",
        ),
    ] = False,
    write: Annotated[
        bool, typer.Option("--write", help="With --fix: change the files. Only what is proved.")
    ] = False,
    log: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LOG",
            help="Also say how often each rule fired in this log, and what of that is explained. May be given again.",
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The findings that are known: --write-baseline writes them. Others are new.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    write_baseline: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the findings of this run to a baseline."),
    ] = None,
    fail_on: Annotated[
        Threshold | None,
        typer.Option(
            metavar="error|warning|note",
            help="Exit with status 1 when there are new findings of this level or a graver one. Default: warning with "
            "--baseline; without one nothing fails.",
        ),
    ] = None,
    profile: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Only events that begin with this caller: console, cli, pipeline, service or cross-account. "
            "May be given again. Default: all.",
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, metavar="N", help="How many rules the table shows.")
    ] = 40,
    wide: WideOption = False,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
    strict: StrictOption = False,
    allow_unsafe_overlay: UnsafeOption = False,
) -> None:
    """Execute detection rules on what benign actions set off, and say which fire on side effects.

    A rule that cannot be executed is *not judged*, with the reason, and never passes as clean. Rules of other logs than
    CloudTrail are left out. No code of a rule runs in this process. docs/review.md has more.

    **Examples**

    `cascade review rules/`

    `cascade review rules/ --rule "MFA device removed"` · one rule closely, by its title or id

    `cascade review rules/ --write-baseline cascade-baseline.json`

    `cascade review rules/ --baseline cascade-baseline.json -o review.sarif` · fails on new findings

    `cascade review rules/ -o review.html`

    `cascade review rules/ --bypass --log AWSLogs`

    `cascade review rules/mfa.yml --fix`
    """
    from ..review.report import Report

    if rule is not None and write_baseline is not None:
        raise typer.BadParameter("a baseline is written of all rules: leave --rule out")
    if write and not fix:
        raise typer.BadParameter("--write goes with --fix")
    targets = [] if fix and not output else _targets(form, output or [])
    known_baseline = _baseline(baseline)
    profiles = _profiles(profile)
    known = open_catalog(Overlays(catalog, config, strict, allow_unsafe_overlay))
    with _extra():
        found = _read(rules, only)
        cases = _cases(known, profiles)
        reviewed = _of_rule(_review(found, known, cases, bypass=bypass), rule)
        if log:
            from .review_log import with_log

            reviewed = with_log(reviewed, known, log)
        if fix:
            from .review_fix import offer

            offer(reviewed, cases, found, write=write)
    maker = made_by(known)
    report = Report(reviewed, found, known_baseline, maker.digest, maker.version, bypass)
    for path, chosen in targets:
        _write(report, chosen, path, fail_on, limit=limit, wide=wide, closely=rule is not None)
    if write_baseline is not None:
        _write_baseline(report, write_baseline)
    level = _failing_level(fail_on, known_baseline)
    # A rule that could not be read is no rule that passes.
    if level is not None and (report.failing(level) or found.problems):
        raise typer.Exit(1)


def _targets(form: Form | None, outputs: Sequence[Path]) -> list[tuple[Path | None, Form]]:
    """Where to write, None for standard output, and in which form."""
    if not outputs:
        return [(None, form or Form.table)]
    if form is not None and len(outputs) > 1:
        raise typer.BadParameter(
            "with several --output their names say the format: leave --format out"
        )
    return [(path, form or _form_of(path)) for path in outputs]


def _form_of(output: Path) -> Form:
    found = _BY_SUFFIX.get(output.suffix.lower())
    if found is None:
        known = ", ".join(_BY_SUFFIX)
        raise typer.BadParameter(
            f"the name {output.name} does not say the format ({known}): give --format"
        )
    return found


def _profiles(typed: Sequence[str] | None) -> tuple[str, ...]:
    from ..samples import PROFILES

    known = tuple(PROFILES)
    if not typed:
        return known
    asked = {one_of("profile", each, known) for each in typed}
    return tuple(each for each in known if each in asked)


def _baseline(path: Path | None) -> "Baseline | None":
    from ..review.baseline import read_baseline

    return None if path is None else read_baseline(path)


@contextmanager
def _extra() -> Iterator[None]:
    """What a missing package of the extra is told as.

    Raises:
        MissingExtra: a parser of rules is not installed.
    """
    from ..catalog import MissingExtra

    try:
        yield
    except ModuleNotFoundError as missing:
        name = (missing.name or "").partition(".")[0]
        if name not in _EXTRA:
            raise
        raise MissingExtra(
            f"reading these rules needs {name}: pip install 'cloudcascade[review]'"
        ) from None


def _read(paths: Sequence[Path], only: str | None) -> "Found":
    """The rules, and on standard error what was not read.

    Raises:
        ReviewError: there is nothing to review where folders were named, or nothing could be read.
    """
    from ..review import ReviewError, formats, read_rules

    found = read_rules(paths, only=only)
    for problem in found.problems:
        warn(f"not read: {problem.place}: {problem.reason}")
    if found.problems and not (found.rules or found.others):
        raise ReviewError("no rule could be read")
    if not found.files:
        # A hook names the files that were changed, and none of them need be a rule.
        known = only or ", ".join(each.name for each in formats())
        words = f"no file there is of a known format of rules ({known})"
        if any(path.is_dir() for path in paths):
            raise ReviewError(words)
        warn(words)
    return found


def _cases(known: "Catalog", profiles: Sequence[str]) -> "Cases":
    from ..review import Cases

    return Cases(known.cascades, profiles=profiles, models=_models())


def _review(found: "Found", known: "Catalog", cases: "Cases", *, bypass: bool) -> "list[Reviewed]":
    from ..review import EventNames
    from ..review import review as reviewed

    if not found.rules:
        return []
    names = EventNames(known.cascades, cases.models)
    return reviewed(found.rules, cases, names, bypass=bypass)


def _models() -> "ServiceModels | None":
    from ..catalog import MissingExtra, load_service_models

    try:
        return load_service_models()
    except MissingExtra as missing:
        warn(f"names of events that do not exist are not looked for: {missing}")
        return None


def _of_rule(reviewed: "list[Reviewed]", wanted: str | None) -> "list[Reviewed]":
    """Those of one rule, by its id or its title.

    Raises:
        ReviewError: there is no such rule.
    """
    from ..catalog.refusals import meant
    from ..review import ReviewError

    if wanted is None:
        return reviewed
    found = [of for of in reviewed if wanted in (of.rule.id, of.rule.title)]
    if not found:
        ids = [of.rule.id for of in reviewed]
        raise ReviewError(
            f"no rule about CloudTrail there has the id {wanted!r}{meant(wanted, ids)}"
        )
    return found


def _write(
    report: "Report",
    form: Form,
    output: Path | None,
    fail_on: Threshold | None,
    *,
    limit: int,
    wide: bool,
    closely: bool,
) -> None:
    if form is Form.table:
        from .review_table import write_table

        with opened(output) as out:
            write_table(out, report, limit=limit, wide=wide, closely=closely)
        return
    with opened(output) as out:
        for text in _texts(report, form, fail_on):
            out.write(text.encode("utf-8", "backslashreplace"))


def _texts(report: "Report", form: Form, fail_on: Threshold | None) -> Iterator[str]:
    from ..review import outputs

    match form:
        case Form.ndjson:
            yield from outputs.ndjson(report)
        case Form.sarif:
            yield outputs.sarif(report, _root())
        case Form.junit:
            yield outputs.junit(report, (fail_on or Threshold.warning).value)
        case Form.md:
            yield outputs.markdown(report)
        case Form.html:
            from .review_html import page

            yield page(report)
        case Form.table:
            raise AssertionError("a table is written to where its width is known")
        case _:
            assert_never(form)


def _root() -> Path:
    """The root of the repository that the working directory is in, or that directory."""
    here = Path.cwd()
    return next((each for each in (here, *here.parents) if (each / ".git").exists()), here)


def _write_baseline(report: "Report", path: Path) -> None:
    from ..review.baseline import baseline_text

    with opened(path) as out:
        out.write(baseline_text(each.finding for each in report.told).encode())


def _failing_level(fail_on: Threshold | None, baseline: "Baseline | None") -> "Level | None":
    if fail_on is not None:
        return fail_on.value
    return None if baseline is None else "warning"
