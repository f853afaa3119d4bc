"""All evidence of a catalogue looked at again, and what came of it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module

from ..catalog import Cascade, MissingExtra
from .observation import Observed, rerun
from .simulation import SCENARIOS, Outcome, simulate
from .wording import Wording, wording_of

_OPERATION = re.compile(r"botocore:([a-z0-9-]+):([A-Za-z0-9_]+)")
_SIMULATED = re.compile(r"moto:([a-z0-9-]+:[A-Za-z0-9_]+)")


@dataclass(frozen=True, slots=True)
class Looked:
    """What was looked at: simulations by cascade, the models' words, claims of observed evidence run again.

    `unproved` are claims of `simulated` evidence that no simulation bears out, each with the reason.
    """

    outcomes: tuple[tuple[str, Outcome], ...]
    unproved: tuple[tuple[str, str], ...]
    wordings: tuple[tuple[str, Wording], ...]
    observed: Observed

    @property
    def failed(self) -> bool:
        """Whether some evidence does not hold."""
        return bool(self.unproved) or bool(self.observed.failed)


def look_again(cascades: Sequence[Cascade], logs: Sequence[str] = ()) -> Looked:
    """Simulate what is said to be simulated, read the service models' words, classify the logs.

    Raises:
        MissingExtra: moto, boto3 or botocore is not installed.
        LogsError: logs are given for a data set that no evidence refers to.
        EventsError: the logs cannot be read.
    """
    outcomes, unproved = [], []
    for cascade, claim in _claims(cascades):
        scenario = SCENARIOS.get(claim)
        if scenario is None:
            unproved.append((cascade, f"there is no simulation of {claim[1]} before {claim[0]}"))
            continue
        outcome = simulate(scenario)
        outcomes.append((cascade, outcome))
        if not outcome.proved:
            unproved.append((cascade, f"{claim[0]} is accepted without {claim[1]}"))
    return Looked(
        tuple(outcomes),
        tuple(unproved),
        tuple(_wordings(cascades)),
        rerun(cascades, logs),
    )


def _claims(cascades: Sequence[Cascade]) -> Iterator[tuple[str, tuple[str, str]]]:
    for cascade in cascades:
        for evidence in cascade.evidence:
            named = _SIMULATED.fullmatch(evidence.ref)
            if evidence.kind == "simulated" and named:
                for node in evidence.supports:
                    yield cascade.id, (named[1], cascade.effect(node).action)


def _wordings(cascades: Sequence[Cascade]) -> Iterator[tuple[str, Wording]]:
    try:
        loader = import_module("botocore.loaders").Loader()
    except ImportError as error:
        raise MissingExtra("the models take botocore: pip install 'cloudcascade[check]'") from error
    for cascade in cascades:
        for evidence in cascade.evidence:
            named = _OPERATION.fullmatch(evidence.ref)
            if evidence.kind == "service-model" and named:
                actions = {effect.node: effect.action for effect in cascade.effects}
                for node in evidence.supports:
                    if node in actions:
                        yield cascade.id, wording_of(loader, named[1], named[2], actions[node])
