"""`cascade check` and `new`: for those who add to the catalogue."""

import json
import os
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .app import app
from .options import (
    CatalogOption,
    ConfigOption,
    JsonOption,
    Overlays,
    find_config,
    not_loaded,
    warn,
)

if TYPE_CHECKING:
    from ..catalog import Finding, ServiceModels
    from ..evidence import Looked

PANEL = "Authoring"
SCHEMA = "cascade.schema.json"


@app.command(rich_help_panel=PANEL)
def check(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PATH...",
            help="Check only these: cascade files wherever they lie, folders of them, a cascade.toml. "
            "Default: the bundled catalogue and the overlays.",
            exists=True,
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Let warnings fail, too; notes never do.")
    ] = False,
    evidence: Annotated[
        bool,
        typer.Option(
            "--evidence",
            help="Also look at the evidence again: simulate, read the service models' words, classify the logs.",
        ),
    ] = False,
    logs: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH",
            help="With --evidence: a folder with the data sets that observed evidence cites, or NAME=PATH of one. "
            "May be given again.",
        ),
    ] = None,
    as_json: JsonOption = False,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
) -> None:
    """Hold the catalogue against the service models, the ATT&CK table and the rules of safety, and attack it.

    Each finding has a file, a line and a column. Exit status 1 when there are errors, 2 for a PATH that is nothing to
    check. Warnings fail with --strict, notes never. A file is read as an overlay of the bundled catalogue, and takes
    the place of the bundled cascade of its id. What may be silenced is attacked as `cascade prove` does it. Without
    botocore (`pip install 'cloudcascade[check]'`) actions and field paths are not checked, and it says so. With
    --evidence what is cited as observed is classified again: a claim fails when its cascade does not explain it, and
    what is not in --logs is told.

    **Examples**

    `cascade check`

    `cascade check delete-broker.yaml cascade.toml`

    `cascade check --catalog my-cascades --strict`

    `cascade check --evidence --logs datasets`

    `cascade check --evidence --logs datasets --logs stratus=runs/stratus --json`
    """
    if logs is not None and not evidence:
        raise typer.BadParameter("--logs goes with --evidence")
    from ..adversary import attack_findings
    from ..catalog import check_cascades, survey

    models = _models()
    for line in not_loaded(Overlays(catalog, config), files or ()):
        warn(line)
    read = survey(files or (), extra=catalog or (), config=find_config(config))
    known = read.catalog
    if known.overlay:
        warn(f"checked with: {known.overlay}")
    asked = [each for each in known.cascades if read.covers(str(known.sources.get(each.id, "")))]
    found = (
        *read.findings,
        *check_cascades(known.cascades, known.place_of, models=models),
        *attack_findings(asked, known.place_of, models=models),
    )
    findings = sorted({finding for finding in found if read.covers(finding.file)})
    looked = None
    if evidence and not any(finding.severity == "error" for finding in read.findings):
        from ..evidence import look_again

        looked = look_again(asked, logs or ())
    _print(findings, read.read, as_json, looked)
    if (looked is not None and looked.failed) or any(
        finding.severity == "error" or (strict and finding.severity == "warning")
        for finding in findings
    ):
        raise typer.Exit(1)


def _models() -> "ServiceModels | None":
    from ..catalog import MissingExtra, load_service_models

    try:
        return load_service_models()
    except MissingExtra as missing:
        typer.echo(f"cascade: actions and field paths are not checked: {missing}", err=True)
        return None


def _print(
    findings: "list[Finding]", count: int, as_json: bool, looked: "Looked | None" = None
) -> None:
    from .evidence import evidence_data, print_evidence

    if as_json:
        told = [_data(finding) for finding in findings]
        whole = told if looked is None else {"findings": told, **evidence_data(looked)}
        typer.echo(json.dumps(whole, indent=2))
        return
    if looked is not None:
        print_evidence(looked)
    for finding in findings:
        typer.echo(str(finding))
    errors = sum(finding.severity == "error" for finding in findings)
    warnings = sum(finding.severity == "warning" for finding in findings)
    notes = len(findings) - errors - warnings
    cascades = "1 cascade" if count == 1 else f"{count} cascades"
    typer.echo(f"{cascades}, {errors} errors, {warnings} warnings, {notes} notes", err=True)


def _data(finding: "Finding") -> dict[str, str | int]:
    return {
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
        "severity": finding.severity,
        "code": finding.code,
        "message": finding.message,
    }


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

    The keys are those that the catalogue knows for the actions. Its first line names the JSON Schema to editors; the
    schema is written into DIR where it is not there yet.

    **Example**

    `cascade new aws.mq.delete-broker --effect mq:DeleteUser`
    """
    from ..catalog import CatalogError, load_catalog, parse_cascade_id, scaffold

    parts = parse_cascade_id(cascade_id)
    path = directory.joinpath(*parts[:-1], f"{parts[-1]}.yaml")
    if path.exists() and not force:
        raise CatalogError(f"{path} is there already; --force overwrites it")
    known = load_catalog().cascades
    schema = directory / "data" / SCHEMA  # where the catalogue's own folder has it
    if not schema.is_file():
        schema = directory / SCHEMA
    text = scaffold(
        cascade_id,
        origin,
        effect or [],
        cascades=known,
        schema=Path(os.path.relpath(schema, path.parent)).as_posix(),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    if not schema.is_file():
        content = resources.files("cloudcascade.catalog").joinpath("data", SCHEMA).read_bytes()
        schema.write_bytes(content)
    path.write_text(text, encoding="utf-8")
    typer.echo(f"{path}\nNext: fill it in, then `cascade check {path}`", err=False)
