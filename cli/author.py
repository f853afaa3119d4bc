"""`cascade check` and `new`: for those who add to the catalogue."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .app import app
from .options import CatalogOption, ConfigOption, JsonOption

if TYPE_CHECKING:
    from ..catalog import Finding, ServiceModels

PANEL = "Authoring"


@app.command(rich_help_panel=PANEL)
def check(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE...",
            help="Report only on these files. Default: the bundled catalogue and the overlays.",
            exists=True,
        ),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Let warnings fail, too.")] = False,
    evidence: Annotated[
        bool,
        typer.Option(
            "--evidence",
            help="Also look at the evidence again: simulate, read the service models' words.",
        ),
    ] = False,
    logs: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="With --evidence: look for observed records in these logs.",
            exists=True,
        ),
    ] = None,
    as_json: JsonOption = False,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
) -> None:
    """Hold the catalogue against the service models, the ATT&CK table and the rules of safety.

    Each finding has a file, a line and a column. Exit status 1 when there are errors. Without
    botocore (`pip install 'cloudcascade[check]'`) actions and field paths are not checked, and it says so.

    **Examples**

    `cascade check`

    `cascade check --catalog my-cascades --strict`

    `cascade check --evidence --logs datasets`
    """
    if logs is not None and not evidence:
        raise typer.BadParameter("--logs goes with --evidence")
    from ..catalog import CatalogError, check_cascades
    from .options import open_catalog

    models = _models()
    try:
        known = open_catalog(catalog, config)
    except CatalogError as error:
        if not error.findings:
            raise
        findings = list(error.findings)
        count = 0
    else:
        findings = [
            *known.warnings,
            *check_cascades(known.cascades, known.place_of, models=models),
        ]
        count = len(known.cascades)
        if evidence:
            from .evidence import print_evidence

            if not print_evidence(known.cascades, logs, as_json):
                raise typer.Exit(1)
            if as_json:
                return
    if files:
        wanted = {path.resolve() for path in files}
        findings = [
            finding
            for finding in findings
            if any(Path(finding.file).resolve().is_relative_to(path) for path in wanted)
        ]
    _print(sorted(findings), count, as_json)
    if any(strict or finding.severity == "error" for finding in findings):
        raise typer.Exit(1)


def _models() -> "ServiceModels | None":
    from ..catalog import MissingExtra, load_service_models

    try:
        return load_service_models()
    except MissingExtra as missing:
        typer.echo(f"cascade: actions and field paths are not checked: {missing}", err=True)
        return None


def _print(findings: "list[Finding]", count: int, as_json: bool) -> None:
    if as_json:
        typer.echo(
            json.dumps(
                [
                    {
                        "file": finding.file,
                        "line": finding.line,
                        "column": finding.column,
                        "severity": finding.severity,
                        "code": finding.code,
                        "message": finding.message,
                    }
                    for finding in findings
                ],
                indent=2,
            )
        )
        return
    for finding in findings:
        typer.echo(str(finding))
    errors = sum(finding.severity == "error" for finding in findings)
    warnings = len(findings) - errors
    checked = f"{count} cascades, " if count else ""
    typer.echo(f"{checked}{errors} errors, {warnings} warnings", err=True)


@app.command(rich_help_panel=PANEL)
def new(
    cascade_id: Annotated[str, typer.Argument(metavar="ID", help="Such as aws.mq.delete-broker.")],
    origin: Annotated[
        str | None,
        typer.Option(
            metavar="ACTION", help="The originating action. Default: guessed from the id."
        ),
    ] = None,
    effect: Annotated[
        list[str] | None,
        typer.Option(metavar="ACTION", help="An effect's action. May be given again."),
    ] = None,
    directory: Annotated[
        Path,
        typer.Option(
            "--dir", metavar="DIR", help="The catalogue folder to write into.", file_okay=False
        ),
    ] = Path("catalog"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
) -> None:
    """Scaffold a cascade file that loads, with a reminder at each line that wants your knowledge.

    **Example**

    `cascade new aws.mq.delete-broker --effect mq:DeleteUser`
    """
    from ..catalog import CatalogError, parse_cascade_id, scaffold

    parts = parse_cascade_id(cascade_id)
    path = directory.joinpath(*parts[:-1], f"{parts[-1]}.yaml")
    if path.exists() and not force:
        raise CatalogError(f"{path} is there already; --force overwrites it")
    text = scaffold(cascade_id, origin, effect or [])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    typer.echo(f"{path}\nNext: fill it in, then `cascade check {path}`", err=False)
