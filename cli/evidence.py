"""What `cascade check --evidence` says of the evidence."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from ..catalog import Cascade
    from ..evidence import Looked


def print_evidence(cascades: "Sequence[Cascade]", logs: Path | None, as_json: bool) -> bool:
    """Look at the evidence again and say what came of it. Whether all of it holds."""
    from ..evidence import look_again

    looked = look_again(cascades, logs)
    if as_json:
        typer.echo(json.dumps(_data(looked), indent=2))
    else:
        _print(looked)
    return not looked.failed


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
    seen = [sighting for sighting in looked.sightings if sighting.looked_at]
    found = sum(len(sighting.found) for sighting in seen)
    typer.echo(
        f"observed       {found} actions found again in {len(seen)} places; "
        f"{len(looked.sightings) - len(seen)} places are not in these logs"
    )
    for cascade, reason in looked.unproved:
        typer.echo(f"{cascade}: {reason}")
    for sighting in looked.sightings:
        if sighting.missing:
            typer.echo(f"{sighting.cascade}: {sighting.ref} holds no {', '.join(sighting.missing)}")
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
        "observed": [
            {
                "cascade": sighting.cascade,
                "ref": sighting.ref,
                "found": list(sighting.found),
                "missing": list(sighting.missing),
                "looked_at": sighting.looked_at,
            }
            for sighting in looked.sightings
        ],
    }
