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
)
from .stores import AuthOption, StoreOption, opened_source
from .tables import console, table

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
        str | None, typer.Option(metavar="POLICY", help="Only suppress, annotate or never.")
    ] = None,
    as_json: JsonOption = False,
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
    with opened_source(
        store, store_auth, Overlays(catalog, config, strict, allow_unsafe_overlay), derived=derived
    ) as source:
        known = source.catalog()
    chosen = [
        cascade
        for cascade in known.cascades
        if (service is None or cascade.id.split(".")[1] == service.lower())
        and (policy is None or cascade.suppression.policy == policy.lower())
    ]
    _print_list(chosen, as_json)


@app.command(rich_help_panel=PANEL)
def search(
    words: Annotated[
        list[str], typer.Argument(metavar="WORD...", help="All must occur, in any case.")
    ],
    as_json: JsonOption = False,
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
    _print_list(found, as_json)
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


def _print_list(cascades: "list[Cascade]", as_json: bool) -> None:
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
    rows = table("id", "effects", "policy", "title")
    for cascade in cascades:
        rows.add_row(
            cascade.id, str(len(cascade.effects)), cascade.suppression.policy, cascade.title
        )
    if cascades:
        console().print(rows)


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
    for part in _described(chosen, place):
        console().print(part)


def _described(cascade: "Cascade", place: str) -> "list[RenderableType]":
    from rich.markup import escape
    from rich.padding import Padding

    parts: list[RenderableType] = [
        f"[bold]{cascade.id}[/]  {escape(cascade.title)}",
        # Not to the width of the console, which is endless where it is no terminal.
        Padding(escape(cascade.description.strip()), (0, 0, 0, 2), expand=False),
        "",
    ]
    if cascade.origin is not None:
        parts.append(f"origin  [bold]{cascade.origin.action}[/]")
    elif cascade.ensemble is not None:
        parts.append(f"ensemble, requires  [bold]{', '.join(cascade.ensemble.require)}[/]")
    rows = table(
        "effect", "relation", "joined by", "within", "actor", "policy", "ATT&CK", "evidence"
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
        for path, condition in effect.where.items():
            told = condition.model_dump(by_alias=True, exclude_defaults=True)
            parts.append(f"  {effect.node} only where {path} {escape(json.dumps(told))}")
    parts.extend(
        f"voided by [bold]{spoiler.action}[/] on the same {', '.join(spoiler.join)} "
        f"{spoken_window(spoiler.within)}: {escape(spoiler.reason)}"
        for spoiler in cascade.spoilers
    )
    parts.append(
        f"\n[bold]{cascade.suppression.policy}[/]  {escape(cascade.suppression.residual_risk.strip())}"
    )
    if cascade.suppression.windows:
        parts.append(f"  windows: {escape(cascade.suppression.windows.strip())}")
    parts.extend(
        f"  abuse: {escape(abuse.scenario.strip())}; countered by {escape(abuse.countered_by.strip())}"
        for abuse in cascade.suppression.abuse
    )
    parts.append("\nevidence")
    parts.extend(f"  {_told(each)}" for each in cascade.evidence)
    parts.append(f"\n[dim]{escape(place)}[/]")
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
