"""`cascade actions` and `controllers`: the events that the literature names, and who calls what."""

import json
from collections.abc import Iterable
from typing import Annotated

import typer

from .app import app
from .options import (
    CatalogOption,
    ConfigOption,
    JsonOption,
    Overlays,
    StrictOption,
    UnsafeOption,
    WideOption,
    one_of,
    open_catalog,
)
from .tables import Column, console, table

PANEL = "Catalogue"

_LOGS = {
    "write": "management event, write",
    "read": "management event, read",
    "data": "data event",
    "service": "service event",
    "sign-in": "sign-in event",
}


@app.command(rich_help_panel=PANEL)
def actions(
    technique: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="Only of this technique or tactic, such as T1098 or TA0003."
        ),
    ] = None,
    service: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only of this service, such as iam.")
    ] = None,
    log: Annotated[
        str | None,
        typer.Option(metavar="KIND", help="Only write, read, data, service or sign-in events."),
    ] = None,
    as_json: JsonOption = False,
    wide: WideOption = False,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
    strict: StrictOption = False,
    allow_unsafe_overlay: UnsafeOption = False,
) -> None:
    """List the events that the literature on attacks names, and the cascades that bring them along.

    **Examples**

    `cascade actions --technique T1098`

    `cascade actions --service ec2 --log read --json`
    """
    from ..catalog import known_actions, tactics, techniques

    log = one_of("kind of log", log, tuple(_LOGS))
    table_of = known_actions()
    service = one_of("service", service, sorted({each.partition(":")[0] for each in table_of}))
    technique = one_of(
        "technique or tactic", technique, [*techniques(), *(each.id for each in tactics())]
    )
    explaining: dict[str, list[str]] = {}
    for cascade in open_catalog(Overlays(catalog, config, strict, allow_unsafe_overlay)).cascades:
        for action in {effect.action for effect in cascade.effects}:
            explaining.setdefault(action, []).append(cascade.id)
    chosen = {
        action: known
        for action, known in sorted(table_of.items())
        if (service is None or action.partition(":")[0] == service)
        and (log is None or known.log == log)
        and (technique is None or any(_is_under(id_, technique) for id_ in known.attack))
    }
    if as_json:
        told = [
            {
                "action": action,
                "log": known.log,
                "attack": list(known.attack),
                "note": known.note,
                "explained_by": explaining.get(action, []),
            }
            for action, known in chosen.items()
        ]
        typer.echo(json.dumps(told, indent=2))
        return
    rows = table(
        "action",
        Column("log", priority=1),
        Column("ATT&CK", least=9),
        Column("cascades", priority=2, justify="right"),
        Column("note", least=24),
    )
    for action, known in chosen.items():
        count = len(explaining.get(action, []))
        rows.add_row(action, known.log, " ".join(known.attack), str(count or "-"), known.note)
    if chosen:
        console(wide=wide).print(rows)
    else:
        typer.echo("cascade: nothing found", err=True)


@app.command(rich_help_panel=PANEL)
def controllers(as_json: JsonOption = False) -> None:
    """List the noisy principals that every account has, and how each is told.

    What is attested AWS vouches for; a name anybody may choose. Roles of your own go into cascade.toml.

    **Example**

    `cascade controllers`
    """
    from ..catalog import known_controllers

    known = known_controllers()
    if as_json:
        told = {
            name: each.model_dump(by_alias=True, exclude_defaults=True)
            for name, each in known.items()
        }
        typer.echo(json.dumps(told, indent=2))
        return
    rows = table("controller", "told by", "where", "note")
    for name, each in known.items():
        conditions = (
            f"{path} {json.dumps(condition.model_dump(by_alias=True, exclude_defaults=True))}"
            for path, condition in each.where.items()
        )
        rows.add_row(name, "AWS" if each.attested else "its name", "\n".join(conditions), each.note)
    console().print(rows)


def spoken_log(log: str) -> str:
    """Where CloudTrail records an action, in words."""
    return _LOGS[log]


def spoken_techniques(ids: Iterable[str]) -> str:
    """The techniques with their names: `T1531 Account Access Removal`."""
    from ..catalog import technique

    named = ((id_, technique(id_)) for id_ in ids)
    return ", ".join(f"{id_} {known.name}" if known else id_ for id_, known in named)


def _is_under(id_: str, wanted: str) -> bool:
    from ..catalog import technique

    if id_ == wanted or id_.startswith(f"{wanted}."):
        return True
    known = technique(id_)
    return known is not None and any(tactic.id == wanted for tactic in known.tactics)
