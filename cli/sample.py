"""`cascade sample`: the events of a cascade, made up, and twins of them that nothing explains."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from .app import app
from .completion import complete_name
from .named import cascade_or_action
from .options import (
    CatalogOption,
    ConfigOption,
    DerivedOption,
    Overlays,
    StrictOption,
    UnsafeOption,
    open_catalog,
)

if TYPE_CHECKING:
    from ..catalog import Cascade, Catalog
    from ..samples import Sample


class Container(StrEnum):
    """What the records are written in."""

    json = "json"
    ndjson = "ndjson"


@app.command(rich_help_panel="Logs")
def sample(
    name: Annotated[
        str,
        typer.Argument(
            metavar="CASCADE|ACTION",
            help="A cascade, or an action: then the first cascade that it begins, or else belongs to.",
            autocompletion=complete_name,
        ),
    ],
    twin: Annotated[
        str | None,
        typer.Option(
            metavar="KIND",
            help="With one difference for which the effect is no longer explained: alone, origin-failed, other-actor, "
            "other-account, other-region, outside-window or other-tool.",
        ),
    ] = None,
    effect: Annotated[
        str | None,
        typer.Option(
            metavar="NODE", help="Only this effect and what it hangs on. Default: all effects."
        ),
    ] = None,
    profile: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Who begins it: console, cli, pipeline, service (CloudFormation in somebody's name) or cross-account.",
        ),
    ] = "console",
    seed: Annotated[int, typer.Option(metavar="N", help="Another seed gives other names.")] = 0,
    start: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="When the root is called, such as 2026-03-17T10:00:00Z."),
    ] = None,
    form: Annotated[
        Container,
        typer.Option(
            "--format", "-f", metavar="json|ndjson", help="One CloudTrail log file, or a line each."
        ),
    ] = Container.json,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
    strict: StrictOption = False,
    allow_unsafe_overlay: UnsafeOption = False,
    derived: DerivedOption = False,
) -> None:
    """Print synthetic CloudTrail records of one instance of a cascade, or of a twin that it does not explain.

    The same arguments give the same records. With botocore (the extra `check`) calls have all the members that
    their service requires.

    **Examples**

    `cascade sample aws.iam.delete-user | cascade classify -`

    `cascade sample iam:DeactivateMFADevice --twin other-actor | cascade classify - -f table`
    """
    from ..samples import START, instance
    from ..samples import twin as twin_of

    known = open_catalog(Overlays(catalog, config, strict, allow_unsafe_overlay), derived=derived)
    chosen, effect = _chosen(name, effect, known)
    if twin is not None and effect is None:
        effect = _first(chosen, twin)
    begun = START if start is None else _seconds(start)
    made = instance(
        chosen, profile, seed=seed, start=begun, effects=None if effect is None else [effect]
    )
    if twin is not None and effect is not None:
        made = twin_of(made, twin, effect)
        _tell(made, effect)
    _write(made, form)


def _chosen(name: str, effect: str | None, known: "Catalog") -> "tuple[Cascade, str | None]":
    """The cascade, and the effect that was meant, if one was."""
    chosen = cascade_or_action(name, known)
    if not isinstance(chosen, str):
        return chosen, effect
    begun = [each for each in known.cascades if each.origin and each.origin.action == chosen]
    holding = [
        (each, node.node)
        for each in known.cascades
        for node in each.effects
        if node.action == chosen
    ]
    cascade, node = (begun[0], None) if begun else holding[0]
    typer.echo(f"cascade: {chosen} as in {cascade.id}", err=True)
    return cascade, effect or node


def _first(cascade: "Cascade", twin: str) -> str:
    """The first effect that has such a twin; the first of all where none has, which then says why."""
    from ..samples import inapplicable

    names = [each.node for each in cascade.effects]
    return next((each for each in names if inapplicable(cascade, twin, each) is None), names[0])


def _seconds(text: str) -> int:
    from ..events import event_time

    try:
        return event_time(text)
    except ValueError:
        raise typer.BadParameter(
            f"--start is a time in UTC such as 2026-03-17T10:00:00Z, not {text!r}"
        ) from None


def _tell(made: "Sample", effect: str) -> None:
    from ..samples import KINDS

    what = KINDS[made.twin or ""].what
    typer.echo(f"cascade: {effect} ({made.id_of(effect)}) is not explained: {what}", err=True)


def _write(made: "Sample", form: Container) -> None:
    if form is Container.json:
        document = msgspec.json.encode({"Records": made.records})
        typer.echo(msgspec.json.format(document, indent=2).decode())
        return
    for record in made.records:
        typer.echo(msgspec.json.encode(record).decode())
