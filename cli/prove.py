"""`cascade prove`: attacks the documents that silence, and says which attack succeeds."""

import json
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from .app import app
from .completion import complete_cascade
from .options import (
    CatalogOption,
    ConfigOption,
    Overlays,
    StrictOption,
    UnsafeOption,
    open_catalog,
    warn,
)
from .tables import console, table

if TYPE_CHECKING:
    from ..adversary import Outcome, Proof
    from ..catalog import Cascade, Catalog, ServiceModels


class Form(StrEnum):
    """How the outcome is told."""

    table = "table"
    json = "json"
    md = "md"


@app.command(rich_help_panel="Authoring")
def prove(
    cascades: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CASCADE...",
            help="Cascades to attack. With none of them, give --all.",
            autocompletion=complete_cascade,
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Attack all cascades that silence something.")
    ] = False,
    form: Annotated[
        Form, typer.Option("--format", "-f", metavar="table|json|md", help="How to tell it.")
    ] = Form.table,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
    strict: StrictOption = False,
    allow_unsafe_overlay: UnsafeOption = False,
) -> None:
    """Try to have a silenced effect hide an attack, as somebody would who knows the document.

    For each effect that may be silenced nine families of sequences are made from the document itself and put before the
    matcher. One that succeeds is shown as the smallest log, with what it costs; the others are `impossible`, with
    the clause that stops them, or `harmless`, with the document's reason. Exit status 1 when one succeeds. Without
    botocore (`pip install 'cloudcascade[check]'`) some are not tried, and it says so. docs/adversary.md has more.

    **Examples**

    `cascade prove aws.iam.delete-user`

    `cascade prove --all`

    `cascade prove aws.mq.mine --catalog my-cascades -f json`
    """
    from ..adversary import prove as proved

    if bool(cascades) == everything:
        raise typer.BadParameter("name cascades, or give --all")
    known = open_catalog(Overlays(catalog, config, strict, allow_unsafe_overlay))
    models = _models()
    chosen = known.cascades if everything else _named(cascades or [], known)
    proofs = [proof for each in chosen for proof in proved(each, models)]
    if form is Form.json:
        typer.echo(json.dumps([_data(proof) for proof in proofs], indent=2))
    elif form is Form.md:
        from ..adversary import markdown

        typer.echo(markdown(proofs), nl=False)
    else:
        _print(proofs, closely=not everything)
    if any(proof.succeeds for proof in proofs):
        raise typer.Exit(1)


def _models() -> "ServiceModels | None":
    from ..catalog import MissingExtra, load_service_models

    try:
        return load_service_models()
    except MissingExtra as missing:
        warn(f"ways back and members that a call may carry are not looked for: {missing}")
        return None


def _named(names: Sequence[str], known: "Catalog") -> "list[Cascade]":
    from ..catalog import resolve_cascade

    ids = [each.id for each in known.cascades]
    return [known.get(resolve_cascade(name, ids)) for name in names]


def _print(proofs: "Sequence[Proof]", *, closely: bool) -> None:
    from ..adversary import FAMILIES

    if not proofs:
        typer.echo("nothing is silenced here")
        return
    rows = table("cascade", "effect", *FAMILIES)
    for proof in proofs:
        rows.add_row(proof.cascade, proof.effect, *(_mark(each) for each in proof.outcomes))
    console().print(rows)
    for proof in proofs:
        if proof.idle:
            typer.echo(f"{proof.cascade} {proof.effect} is never silenced: {'; '.join(proof.idle)}")
        for outcome in proof.outcomes:
            if closely and outcome.answer != "succeeds":
                told = "; ".join(outcome.reasons)
                typer.echo(f"{proof.effect} {outcome.family}: {outcome.answer}: {told}")
            elif outcome.answer == "succeeds":
                _print_attack(proof, outcome)
    for proof in proofs:
        for outcome in proof.outcomes:
            if outcome.needless and closely:
                warn(f"{proof.effect} {outcome.family} is declared harmless, and does not succeed")
    tried = sum(outcome.tried for proof in proofs for outcome in proof.outcomes)
    won = sum(len(proof.succeeds) for proof in proofs)
    typer.echo(
        f"{len(proofs)} effects, {tried} sequences tried, {won} kinds of attack succeed", err=True
    )


def _mark(outcome: "Outcome") -> str:
    return {"impossible": "-", "succeeds": "SUCCEEDS"}.get(outcome.answer, outcome.answer)


def _print_attack(proof: "Proof", outcome: "Outcome") -> None:
    attack = outcome.attack
    assert attack is not None
    typer.echo(f"\n{proof.cascade} {proof.effect} {outcome.family}: {attack.story}")
    for step in attack.steps:
        silent = "  <- silenced" if step.id == attack.target else ""
        typer.echo(f"  {step.record['eventTime']}  {step.by:8}  {step.what}{silent}")
    calls = "1 call" if attack.calls == 1 else f"{attack.calls} calls"
    more = f"; {outcome.successes} of {outcome.tried} sequences succeed"
    typer.echo(f"  costs {calls}, and {attack.loses}{more}")


def _data(proof: "Proof") -> dict[str, object]:
    return {
        "cascade": proof.cascade,
        "effect": proof.effect,
        "never_silenced": list(proof.idle),
        "outcomes": [_outcome(each) for each in proof.outcomes],
    }


def _outcome(outcome: "Outcome") -> dict[str, object]:
    attack = outcome.attack
    return {
        "family": outcome.family,
        "answer": outcome.answer,
        "needlessly_declared": outcome.needless,
        "reasons": list(outcome.reasons),
        "tried": outcome.tried,
        "successes": outcome.successes,
        "attack": None
        if attack is None
        else {
            "story": attack.story,
            "calls": attack.calls,
            "loses": attack.loses,
            "silenced": attack.target,
            "log": [{"by": step.by, "record": step.record} for step in attack.steps],
        },
    }
