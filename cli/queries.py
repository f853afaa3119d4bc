"""`cascade emits`, `explains` and `path`: what brings what along."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from .app import app
from .completion import complete_action
from .lookup import spoken_window
from .options import CatalogOption, ConfigOption, DerivedOption, JsonOption, open_catalog
from .tables import console, table

if TYPE_CHECKING:
    from ..catalog import Catalog
    from ..graph import Drawing, Emits, NetworkxStore, Reach, Step

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


def _drawing(known: "Catalog", *, controllers: bool = False) -> "Drawing":
    """The graph for one question."""
    from ..catalog import known_actions, known_controllers
    from ..graph import draw_graph

    return draw_graph(
        known.cascades,
        known=known_actions(),
        controllers=known_controllers() if controllers else {},
    )


def open_graph(known: "Catalog") -> "NetworkxStore":
    """The catalogue as a graph in memory, with the literature's actions and the known controllers."""
    from ..catalog import known_actions, known_controllers
    from ..graph import NetworkxStore, build_graph

    return build_graph(
        known.cascades,
        NetworkxStore(),
        known=known_actions(),
        controllers=known_controllers(),
    )


def all_actions(known: "Catalog") -> frozenset[str]:
    """The actions of the cascades, and those that the literature names."""
    from ..catalog import known_actions

    return known.actions() | known_actions().keys()


def meant_action(text: str, known: "Catalog") -> str:
    """The action that `text` means. Of several services' events of one name the literature's own is meant,
    where there is but one: DeleteUser is IAM's, not ElastiCache's.

    Raises:
        UnknownName: there is none, or more than one.
    """
    from ..catalog import UnknownName, known_actions, resolve_action

    try:
        return resolve_action(text, all_actions(known))
    except UnknownName as unclear:
        names = {action.partition(":")[2].lower() for action in unclear.candidates}
        named = [action for action in unclear.candidates if action in known_actions()]
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
    catalog: CatalogOption = None,
    config: ConfigOption = None,
    derived: DerivedOption = False,
) -> None:
    """Which events does this action emit?

    **Examples**

    `cascade emits iam:DeleteUser`

    `cascade emits DeleteStack --deep`

    `cascade emits --all --json` · the whole map as one object
    """
    from ..graph import Originates, emits_transitively
    from ..graph import emits as direct

    known = open_catalog(catalog, config, derived=derived)
    if every == (action is not None):
        raise typer.BadParameter("give either an ACTION or --all")
    graph = open_graph(known) if every else _drawing(known)
    if action is None:
        origins = sorted({edge.target for edge in graph.edges(Originates)})
        emissions = {origin: direct(graph, origin) for origin in origins}
        if as_json:
            every_one = {
                origin: [_brief(each) for each in found] for origin, found in emissions.items()
            }
            typer.echo(json.dumps(every_one, indent=2))
            return
        _print_emissions(
            [each for found in emissions.values() for each in found], "target", origin=True
        )
        return
    name = meant_action(action, known)
    if deep:
        _print_reach(name, emits_transitively(graph, name), as_json, forward=True)
        return
    found = direct(graph, name)
    if as_json:
        told = {"action": name, **_known(name), "emits": [_full(each) for each in found]}
        typer.echo(json.dumps(told, indent=2))
        return
    if found:
        _print_emissions(found, "target")
    else:
        typer.echo(
            f"{name} emits nothing that the catalogue knows; `cascade explains {name}` turns the question round"
        )
    _print_known(name)


@app.command(rich_help_panel=PANEL)
def explains(
    action: ActionArgument,
    deep: DeepOption = False,
    as_json: JsonOption = False,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
    derived: DerivedOption = False,
) -> None:
    """Which benign actions bring this event along, and what of it may be silenced?

    **Examples**

    `cascade explains iam:DeactivateMFADevice`

    `cascade explains DetachRolePolicy --deep`
    """
    from ..graph import callers_of, emitters, emitters_transitively

    known = open_catalog(catalog, config, derived=derived)
    graph = _drawing(known, controllers=True)
    name = meant_action(action, known)
    if deep:
        _print_reach(name, emitters_transitively(graph, name), as_json, forward=False)
        return
    found = emitters(graph, name)
    risks = {
        each.cascade: known.get(each.cascade).suppression.residual_risk.strip() for each in found
    }
    if as_json:
        told = [
            {**_full(each), "action": each.source, "residual_risk": risks[each.cascade]}
            for each in found
        ]
        expected = [caller.id for caller in callers_of(graph, name)]
        told_all = {"action": name, **_known(name), "explained_by": told, "controllers": expected}
        typer.echo(json.dumps(told_all, indent=2))
        return
    if found:
        _print_emissions(found, "source")
        for cascade, risk in risks.items():
            console().print(f"[bold]{cascade}[/]  {_escaped(risk)}")
    else:
        typer.echo(f"nothing in the catalogue brings {name} along")
    _print_known(name)
    if callers := callers_of(graph, name):
        named = (
            f"{each.title}{'' if each.attested else ' (by its name only)'}" for each in callers
        )
        typer.echo(f"expected of: {', '.join(named)}")


@app.command(rich_help_panel=PANEL)
def path(
    source: ActionArgument,
    target: ActionArgument,
    as_json: JsonOption = False,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
) -> None:
    """The shortest way by which one action emits another. Exit status 1 when there is none.

    **Example**

    `cascade path DeleteStack DeleteInstanceProfile`
    """
    from ..graph import shortest_path

    known = open_catalog(catalog, config)
    begin = meant_action(source, known)
    end = meant_action(target, known)
    steps = shortest_path(_drawing(known), begin, end)
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


def _known(action: str) -> dict[str, object]:
    from ..catalog import known_actions

    known = known_actions().get(action)
    if known is None:
        return {}
    return {"log": known.log, "attack": list(known.attack), "note": known.note}


def _print_known(action: str) -> None:
    """What the literature says of the action, where it does."""
    from ..catalog import known_actions
    from .actions import spoken_log, spoken_techniques

    known = known_actions().get(action)
    if known is not None:
        typer.echo(f"{spoken_log(known.log)} · {spoken_techniques(known.attack)}")
        typer.echo(known.note)


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
    }


def _step(step: "Step") -> dict[str, object]:
    return {
        "source": step.source,
        "target": step.target,
        "emissions": [_brief(each) for each in step.emissions],
    }


def _print_emissions(edges: "list[Emits]", shown_end: str, *, origin: bool = False) -> None:
    from ..catalog import Window

    rows = table(
        *(["origin"] if origin else []),
        "action",
        "relation",
        "within",
        "joined by",
        "policy",
        "cascade",
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
            edge.cascade,
        )
    console().print(rows)


def _print_reach(name: str, reached: "list[Reach]", as_json: bool, *, forward: bool) -> None:
    if as_json:
        told = [
            {"action": each.action, "chain": [_step(step) for step in each.chain]}
            for each in reached
        ]
        typer.echo(
            json.dumps({"action": name, "emits" if forward else "explained_by": told}, indent=2)
        )
        return
    rows = table("steps", "action", "chain")
    for each in reached:
        chain = " → ".join([each.chain[0].source, *(step.target for step in each.chain)])
        rows.add_row(str(len(each.chain)), each.action, chain)
    console().print(rows)


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
