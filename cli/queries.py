"""`cascade emits`, `explains` and `path`: what brings what along."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from .app import app
from .completion import complete_action
from .lookup import spoken_window
from .options import (
    CatalogOption,
    ConfigOption,
    DerivedOption,
    JsonOption,
    Overlays,
    StrictOption,
    UnsafeOption,
    WideOption,
)
from .stores import AuthOption, StoreOption, opened_source
from .tables import Column, console, paragraph, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..catalog import KnownAction
    from ..graph import Emits, Reach, Step
    from .stores import Source

PANEL = "Questions"

ActionArgument = Annotated[
    str,
    typer.Argument(
        metavar="ACTION",
        help="As you would type it: DeleteUser, iam:deleteuser, iam.amazonaws.com:DeleteUser.",
        autocompletion=complete_action,
    ),
]
DeepOption = Annotated[
    bool,
    typer.Option("--deep", help="Also through effects that are origins of cascades themselves."),
]


def meant_action(text: str, source: "Source") -> str:
    """The action that `text` means. Of several services' events of one name the literature's own is meant,
    where there is but one: DeleteUser is IAM's, not ElastiCache's.

    Raises:
        UnknownName: there is none, or more than one.
    """
    from ..catalog import UnknownName, resolve_action

    try:
        return resolve_action(text, source.actions())
    except UnknownName as unclear:
        names = {action.partition(":")[2].lower() for action in unclear.candidates}
        named = [action for action in unclear.candidates if action in source.literature()]
        # Several services have that very event; what is merely near is no answer.
        if names == {text.strip().lower()} and len(named) == 1:
            return named[0]
        raise


@app.command(rich_help_panel=PANEL)
def emits(
    action: Annotated[
        str | None,
        typer.Argument(
            metavar="ACTION",
            help="As you would type it: DeleteUser, iam:deleteuser, iam.amazonaws.com:DeleteUser.",
            autocompletion=complete_action,
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Of every originating action.")] = False,
    deep: DeepOption = False,
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
    """Which events does this action emit?

    **Examples**

    `cascade emits iam:DeleteUser`

    `cascade emits DeleteStack --deep`

    `cascade emits --all --json` · the whole map as one object
    """
    if every == (action is not None):
        raise typer.BadParameter("give either an ACTION or --all")
    with opened_source(
        store, store_auth, Overlays(catalog, config, strict, allow_unsafe_overlay), derived=derived
    ) as source:
        if action is None:
            _emits_all(source, as_json, wide)
        else:
            _emits_one(source, action, deep, as_json, wide)


def _emits_all(source: "Source", as_json: bool, wide: bool) -> None:
    from ..graph import Emits, Originates

    graph = source.whole()
    emissions: dict[str, list[Emits]] = {edge.target: [] for edge in graph.edges(Originates)}
    for edge in graph.edges(Emits):
        if edge.source in emissions:
            emissions[edge.source].append(edge)
    ordered = {origin: emissions[origin] for origin in sorted(emissions)}
    if as_json:
        told = {origin: [_brief(each) for each in found] for origin, found in ordered.items()}
        typer.echo(json.dumps(told, indent=2))
        return
    _print_emissions(
        [each for found in ordered.values() for each in found], "target", origin=True, wide=wide
    )


def _emits_one(source: "Source", action: str, deep: bool, as_json: bool, wide: bool) -> None:
    from ..graph import emits as direct
    from ..graph import emits_transitively

    name = meant_action(action, source)
    graph = source.graph()
    if deep:
        _print_reach(name, emits_transitively(graph, name), as_json, wide, forward=True)
        return
    found = direct(graph, name)
    known = source.known(name)
    if as_json:
        told = {"action": name, **_told(known), "emits": [_full(each) for each in found]}
        typer.echo(json.dumps(told, indent=2))
        return
    if found:
        _print_emissions(found, "target", wide=wide)
    else:
        typer.echo(
            f"{name} emits nothing that the catalogue knows; `cascade explains {name}` turns the question round"
        )
    _print_known(known)


@app.command(rich_help_panel=PANEL)
def explains(
    action: ActionArgument,
    deep: DeepOption = False,
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
    """Which benign actions bring this event along, and what of it may be silenced?

    **Examples**

    `cascade explains iam:DeactivateMFADevice`

    `cascade explains DetachRolePolicy --deep`
    """
    with opened_source(
        store, store_auth, Overlays(catalog, config, strict, allow_unsafe_overlay), derived=derived
    ) as source:
        _explains(source, action, deep, as_json, wide)


def _explains(source: "Source", action: str, deep: bool, as_json: bool, wide: bool) -> None:
    from ..graph import callers_of, emitters, emitters_transitively

    name = meant_action(action, source)
    graph = source.graph(controllers=True)
    if deep:
        _print_reach(name, emitters_transitively(graph, name), as_json, wide, forward=False)
        return
    found = emitters(graph, name)
    risks = source.risks(each.cascade for each in found)
    known = source.known(name)
    callers = callers_of(graph, name)
    if as_json:
        told = [
            {**_full(each), "action": each.source, "residual_risk": risks[each.cascade]}
            for each in found
        ]
        expected = [caller.id for caller in callers]
        told_all = {"action": name, **_told(known), "explained_by": told, "controllers": expected}
        typer.echo(json.dumps(told_all, indent=2))
        return
    printer = console(wide=wide)
    if found:
        _print_emissions(found, "source", wide=wide)
        for cascade, risk in risks.items():
            printer.print(paragraph(f"[bold]{cascade}[/]  {_escaped(risk)}", 0, 2))
    else:
        typer.echo(f"nothing in the catalogue brings {name} along")
    for line in _what_to_do(source, name, [each.cascade for each in found]):
        printer.print(paragraph(_escaped(line.strip()), 2 if line.startswith(" ") else 0, 2))
    _print_known(known)
    if callers:
        named = (
            f"{each.title}{'' if each.attested else ' (by its name only)'}" for each in callers
        )
        typer.echo(f"expected of: {', '.join(named)}")


def _what_to_do(source: "Source", action: str, cascades: "list[str]") -> "Iterator[str]":
    """What the origins are asked, and what of the action may be silenced by which command."""
    from .what_to_do import conditions, of_action

    known = source.catalog()
    named = [known.get(each) for each in dict.fromkeys(cascades)]
    for cascade in named:
        if cascade.origin is not None:
            told = conditions(f"{cascade.id}: {cascade.origin.action}", cascade.origin.where)
            yield from (f"origin of {line}" for line in told)
    members = [
        (cascade, effect)
        for cascade in named
        for effect in cascade.effects
        if effect.action == action
    ]
    yield from of_action(action, members)


@app.command(rich_help_panel=PANEL)
def path(
    source: ActionArgument,
    target: ActionArgument,
    as_json: JsonOption = False,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
    strict: StrictOption = False,
    allow_unsafe_overlay: UnsafeOption = False,
    store: StoreOption = None,
    store_auth: AuthOption = None,
) -> None:
    """The shortest way by which one action emits another. Exit status 1 when there is none.

    **Example**

    `cascade path DeleteStack DeleteInstanceProfile`
    """
    from ..graph import shortest_path

    with opened_source(
        store, store_auth, Overlays(catalog, config, strict, allow_unsafe_overlay)
    ) as asked:
        begin = meant_action(source, asked)
        end = meant_action(target, asked)
        steps = shortest_path(asked.graph(), begin, end)
    if as_json:
        told = None if steps is None else [_step(step) for step in steps]
        typer.echo(json.dumps({"source": begin, "target": end, "path": told}, indent=2))
    elif steps is None:
        typer.echo(f"no way leads from {begin} to {end}")
    else:
        typer.echo(begin)
        for step in steps:
            reasons = ", ".join(f"{each.relation} in {each.cascade}" for each in step.emissions)
            typer.echo(f"  └─ {step.target}  ({reasons})")
    if steps is None:
        raise typer.Exit(1)


def _told(known: "KnownAction | None") -> dict[str, object]:
    if known is None:
        return {}
    return {"log": known.log, "attack": sorted(known.attack), "note": known.note}


def _print_known(known: "KnownAction | None") -> None:
    """What the literature says of the action, where it does."""
    from .actions import spoken_log, spoken_techniques

    if known is not None:
        told = f"{spoken_log(known.log)} · {spoken_techniques(sorted(known.attack))}"
        console().print(paragraph(_escaped(told), 0, 2))
        console().print(paragraph(_escaped(known.note), 0, 2))


def _brief(edge: "Emits") -> dict[str, str]:
    return {
        "action": edge.target,
        "relation": edge.relation,
        "cascade": edge.cascade,
        "policy": edge.policy,
    }


def _full(edge: "Emits") -> dict[str, object]:
    return {
        **_brief(edge),
        "within": {"before": edge.before_s, "after": edge.after_s},
        "join": list(edge.join),
        "actor": edge.actor,
        "via": edge.via,
        "occurs": edge.occurs,
        "evidence": list(edge.evidence),
    }


def _step(step: "Step") -> dict[str, object]:
    return {
        "source": step.source,
        "target": step.target,
        "emissions": [_brief(each) for each in step.emissions],
    }


def _print_emissions(
    edges: "list[Emits]", shown_end: str, *, wide: bool, origin: bool = False
) -> None:
    from ..catalog import Window

    rows = table(
        *(["origin"] if origin else []),
        Column("action", least=24),
        Column("relation", priority=2),
        Column("within", priority=1, least=12),
        Column("joined by", priority=3),
        "policy",
        Column("evidence", priority=4),
        Column("cascade", least=24),
    )
    for edge in edges:
        window = spoken_window(Window.model_construct(before=edge.before_s, after=edge.after_s))
        joined = ", ".join(edge.join) or "time and actor"
        rows.add_row(
            *([edge.source] if origin else []),
            str(getattr(edge, shown_end)),
            edge.relation,
            window,
            f"{joined} via {edge.via}" if edge.via else joined,
            edge.policy,
            edge.evidence[0] if edge.evidence else "none",
            edge.cascade,
        )
    console(wide=wide).print(rows)


def _print_reach(
    name: str, reached: "list[Reach]", as_json: bool, wide: bool, *, forward: bool
) -> None:
    if as_json:
        told = [
            {"action": each.action, "chain": [_step(step) for step in each.chain]}
            for each in reached
        ]
        typer.echo(
            json.dumps({"action": name, "emits" if forward else "explained_by": told}, indent=2)
        )
        return
    if not reached:
        what = "emits nothing" if forward else "is brought along by nothing"
        typer.echo(f"{name} {what} that the catalogue knows")
        return
    rows = table("steps", "action", "chain")
    for each in reached:
        chain = " → ".join([each.chain[0].source, *(step.target for step in each.chain)])
        rows.add_row(str(len(each.chain)), each.action, chain)
    console(wide=wide).print(rows)


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
