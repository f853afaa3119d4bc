"""`cascade list`, `show` and `search`: what the catalogue holds."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from .app import app
from .completion import complete_cascade
from .options import (
    CatalogOption,
    ConfigOption,
    DerivedOption,
    JsonOption,
    Overlays,
    StrictOption,
    UnsafeOption,
    WideOption,
    one_of,
)
from .stores import AuthOption, StoreOption, opened_source
from .tables import Column, console, paragraph, table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ..catalog import Cascade, Effect, Evidence, Window

PANEL = "Catalogue"


@app.command("list", rich_help_panel=PANEL)
def list_(
    service: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only cascades of this service, such as iam.")
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(metavar="suppress|annotate|never", help="Only cascades of this policy."),
    ] = None,
    as_json: JsonOption = False,
    wide: WideOption = False,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
    strict: StrictOption = False,
    allow_unsafe_overlay: UnsafeOption = False,
    derived: DerivedOption = False,
    store: StoreOption = None,
    store_auth: AuthOption = None,
) -> None:
    """List the cascades, one a line.

    **Examples**

    `cascade list --service iam`

    `cascade list --policy suppress --json | jq -r '.[].id'`
    """
    from ..catalog.terms import POLICY_ORDER

    only = one_of("policy", policy, POLICY_ORDER)
    with opened_source(
        store, store_auth, Overlays(catalog, config, strict, allow_unsafe_overlay), derived=derived
    ) as source:
        known = source.catalog()
    of = one_of("service", service, sorted({_service(each) for each in known.cascades}))
    chosen = [
        cascade
        for cascade in known.cascades
        if of in (None, _service(cascade)) and only in (None, cascade.suppression.policy)
    ]
    _print_list(chosen, as_json, wide)
    if not chosen and not as_json:
        typer.echo("cascade: no cascade is of that service and that policy", err=True)


def _service(cascade: "Cascade") -> str:
    return cascade.id.split(".")[1]


@app.command(rich_help_panel=PANEL)
def search(
    words: Annotated[
        list[str], typer.Argument(metavar="WORD...", help="All must occur, in any case.")
    ],
    as_json: JsonOption = False,
    wide: WideOption = False,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
    strict: StrictOption = False,
    allow_unsafe_overlay: UnsafeOption = False,
    store: StoreOption = None,
    store_auth: AuthOption = None,
) -> None:
    """Find cascades by id, title, description, action, ATT&CK id or technique name.

    **Examples**

    `cascade search mfa`

    `cascade search T1098 role`
    """
    wanted = [word.lower() for word in words]
    with opened_source(
        store, store_auth, Overlays(catalog, config, strict, allow_unsafe_overlay)
    ) as source:
        known = source.catalog()
    found = [
        cascade
        for cascade in known.cascades
        if all(word in _searchable(cascade) for word in wanted)
    ]
    _print_list(found, as_json, wide)
    if not found and not as_json:
        typer.echo("cascade: nothing found", err=True)


def _searchable(cascade: "Cascade") -> str:
    from ..catalog import technique

    techniques = {each for effect in cascade.effects for each in effect.attack}
    names = [known.name for each in techniques if (known := technique(each))]
    actions = [cascade.root.action, *(effect.action for effect in cascade.effects)]
    return "\n".join(
        [cascade.id, cascade.title, cascade.description, *actions, *techniques, *names]
    ).lower()


def _print_list(cascades: "list[Cascade]", as_json: bool, wide: bool) -> None:
    if as_json:
        typer.echo(
            json.dumps(
                [
                    {
                        "id": cascade.id,
                        "title": cascade.title,
                        "root": cascade.root.action,
                        "kind": "origin" if cascade.origin else "ensemble",
                        "effects": len(cascade.effects),
                        "policy": cascade.suppression.policy,
                    }
                    for cascade in cascades
                ],
                indent=2,
            )
        )
        return
    rows = table(
        "id", Column("effects", priority=1, justify="right"), "policy", Column("title", least=24)
    )
    for cascade in cascades:
        rows.add_row(
            cascade.id, str(len(cascade.effects)), cascade.suppression.policy, cascade.title
        )
    if cascades:
        console(wide=wide).print(rows)


@app.command(rich_help_panel=PANEL)
def show(
    cascade: Annotated[
        str,
        typer.Argument(
            metavar="CASCADE",
            help="An id, or its last part where that is clear.",
            autocompletion=complete_cascade,
        ),
    ],
    as_json: JsonOption = False,
    wide: WideOption = False,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
    strict: StrictOption = False,
    allow_unsafe_overlay: UnsafeOption = False,
    derived: DerivedOption = False,
    store: StoreOption = None,
    store_auth: AuthOption = None,
) -> None:
    """Show one cascade: its effects, how they are joined, what may be silenced, and why we believe it.

    **Examples**

    `cascade show aws.iam.delete-user`

    `cascade show delete-bucket --json`
    """
    from ..catalog import resolve_cascade

    with opened_source(
        store, store_auth, Overlays(catalog, config, strict, allow_unsafe_overlay), derived=derived
    ) as source:
        known = source.catalog()
        chosen = known.get(resolve_cascade(cascade, (each.id for each in known.cascades)))
        place = source.place(chosen.id)
    if as_json:
        typer.echo(chosen.model_dump_json(by_alias=True, exclude_defaults=True, indent=2))
        return
    printer = console(wide=wide)
    for part in _described(chosen, place):
        printer.print(part)


def _described(cascade: "Cascade", place: str) -> "list[RenderableType]":
    from rich.markup import escape

    from .what_to_do import conditions, of_cascade

    parts: list[RenderableType] = [
        paragraph(f"[bold]{cascade.id}[/]  {escape(cascade.title)}", 0, 2),
        paragraph(escape(cascade.description.strip()), 2),
        paragraph(""),
    ]
    if cascade.origin is not None:
        parts.append(paragraph(f"origin  [bold]{cascade.origin.action}[/]"))
        asked = conditions(cascade.origin.action, cascade.origin.where)
        parts.extend(paragraph(escape(line), 2, 2) for line in asked)
    elif cascade.ensemble is not None:
        required = ", ".join(cascade.ensemble.require)
        parts.append(paragraph(f"ensemble, requires  [bold]{required}[/]", 0, 2))
    rows = table(
        "effect",
        Column("relation", priority=1),
        Column("joined by", priority=2),
        Column("within", least=12),
        Column("actor", priority=3),
        "policy",
        Column("ATT&CK", priority=4),
        Column("evidence", priority=5),
    )
    for effect in cascade.effects:
        rows.add_row(
            effect.node,
            effect.relation,
            _joined(cascade, effect),
            spoken_window(effect.within),
            f"{effect.actor}, same tool" if effect.tool == "same" else effect.actor,
            cascade.policy_of(effect),
            " ".join(effect.attack),
            " ".join(cascade.evidence_for(effect)),
        )
    parts.append(rows)
    for effect in cascade.effects:
        asked = conditions(effect.node, effect.where)
        parts.extend(paragraph(escape(line), 2, 2) for line in asked)
    for spoiler in cascade.spoilers:
        when = spoken_window(spoiler.within) if spoiler.within else "in between"
        text = f"on the same {', '.join(spoiler.join)} {when}: {escape(spoiler.reason)}"
        parts.append(paragraph(f"voided by [bold]{spoiler.action}[/] {text}", 0, 2))
        asked = conditions(spoiler.action, spoiler.where)
        parts.extend(paragraph(escape(line), 2, 2) for line in asked)
    risk = escape(cascade.suppression.residual_risk.strip())
    parts.append(paragraph(f"\n[bold]{cascade.suppression.policy}[/]  {risk}", 0, 2))
    parts.extend(
        paragraph(escape(line.strip()), 4 if line.startswith(" ") else 2, 2)
        for line in of_cascade(cascade)
    )
    if cascade.suppression.windows:
        parts.append(paragraph(f"windows: {escape(cascade.suppression.windows.strip())}", 2, 2))
    for abuse in cascade.suppression.abuse:
        text = f"{abuse.scenario.strip()}; countered by {abuse.countered_by.strip()}"
        parts.append(paragraph(f"abuse: {escape(text)}", 2, 2))
    parts.append(paragraph("\nevidence"))
    parts.extend(paragraph(_told(each), 2, 2) for each in cascade.evidence)
    parts.append(paragraph(f"\n{escape(place)}", style="dim"))
    return parts


def _told(evidence: "Evidence") -> str:
    from rich.markup import escape

    return f"{evidence.kind}: {escape(evidence.ref)} [dim]({', '.join(evidence.supports)})[/]"


def _joined(cascade: "Cascade", effect: "Effect") -> str:
    told = ", ".join(effect.join)
    if effect.distinct:
        told = f"{told}; other {', '.join(effect.distinct)}".removeprefix("; ")
    if effect.parent and effect.parent != cascade.root_node:
        told = f"{told} via {effect.parent}"
    return told


def spoken_window(window: "Window") -> str:
    """A window in words.

    >>> from cloudcascade.catalog import Window
    >>> spoken_window(Window(before="60m", after="2m")), spoken_window(Window())
    ('1h before to 2m after', 'the same second')
    """
    from ..catalog import format_duration

    before = f"{format_duration(window.before)} before" if window.before else ""
    after = f"{format_duration(window.after)} after" if window.after else ""
    if before and after:
        return f"{before} to {after}"
    return before or after or "the same second"
