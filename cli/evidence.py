"""What `cascade check --evidence` says of the evidence."""

from collections import Counter
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from ..evidence import Looked, Observed


def print_evidence(looked: "Looked") -> None:
    """Say what came of looking at the evidence again."""
    _print(looked)
    _print_observed(looked.observed)


def evidence_data(looked: "Looked") -> dict[str, object]:
    """What came of it, for other programs."""
    return {**_data(looked), **_observed_data(looked.observed)}


def _print(looked: "Looked") -> None:
    proved = sum(outcome.proved for _, outcome in looked.outcomes)
    typer.echo(
        f"simulated      {proved} of {len(looked.outcomes)} preconditions refused, then accepted"
    )
    words = Counter(wording.found for _, wording in looked.wordings)
    typer.echo(
        f"service model  {words['named']} effects named by the operation's text, {words['spoken']} "
        f"spoken of, {words['same']} are the operation itself, {words['silent']} not in its words"
    )
    for cascade, reason in looked.unproved:
        typer.echo(f"{cascade}: {reason}")
    for cascade, wording in looked.wordings:
        if wording.found == "silent":
            typer.echo(
                f"{cascade}: the text of {wording.operation} does not speak of {wording.action}"
            )


def _data(looked: "Looked") -> dict[str, object]:
    return {
        "simulated": [
            {
                "cascade": cascade,
                "origin": outcome.scenario.origin,
                "effect": outcome.scenario.effect,
                "refusal": outcome.refusal,
                "proved": outcome.proved,
            }
            for cascade, outcome in looked.outcomes
        ],
        "unproved": [{"cascade": cascade, "reason": reason} for cascade, reason in looked.unproved],
        "service_model": [
            {
                "cascade": cascade,
                "operation": wording.operation,
                "action": wording.action,
                "found": wording.found,
            }
            for cascade, wording in looked.wordings
        ],
    }


def _print_observed(observed: "Observed") -> None:
    counts = Counter(rerun.status for rerun in observed.reruns)
    typer.echo(
        f"observed       {counts['holds']} of {counts['holds'] + counts['fails']} claims explained when run again; "
        f"{counts['not-here']} not run again"
    )
    for dataset in observed.datasets:
        claims = "1 claim" if dataset.claims == 1 else f"{dataset.claims} claims"
        if dataset.path is None:
            typer.echo(f"{dataset.name}: not run again: the data set is not here, {claims}")
            continue
        left = dataset.claims - dataset.rerun
        typer.echo(
            f"{dataset.name}: {dataset.records} records in {dataset.path}, {claims}"
            + (f", {left} not run again: what they cite is not in it" if left else "")
            + (f"; {dataset.unreadable} records cannot be read" if dataset.unreadable else "")
        )
    for rerun in observed.failed:
        claim = rerun.claim
        typer.echo(f"{claim.cascade}: {claim.node} is not observed in {claim.ref}: {rerun.reason}")


def _observed_data(observed: "Observed") -> dict[str, object]:
    return {
        "datasets": [
            {
                "dataset": dataset.name,
                "path": dataset.path,
                "records": dataset.records,
                "unreadable": dataset.unreadable,
                "claims": dataset.claims,
                "rerun": dataset.rerun,
            }
            for dataset in observed.datasets
        ],
        "observed": [
            {
                "cascade": rerun.claim.cascade,
                "effect": rerun.claim.node,
                "action": rerun.claim.action,
                "ref": rerun.claim.ref,
                "dataset": rerun.claim.dataset,
                "status": rerun.status,
                "events": rerun.events,
                "explained": rerun.explained,
                "reason": rerun.reason,
            }
            for rerun in observed.reruns
        ],
    }
