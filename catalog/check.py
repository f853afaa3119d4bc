"""`cascade check`: everything of a catalogue that a machine can hold against the world.

The loader refuses what is no cascade; this says whether its actions, fields, techniques, windows
and evidence are true, and whether what it silences is safe to silence.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import urlsplit

from ..errors import Place
from .action_checks import action_problems
from .attack import technique
from .check_codes import CHECK_CODES, Problem
from .derived import handler_ref
from .findings import Finding
from .models import Cascade, Evidence
from .recorded import recorded
from .scaffold import placeholder_problems
from .service_models import ServiceModels
from .structure import Loc, structure_problems
from .suppression_checks import suppression_problems
from .window_checks import window_problems

_OPERATION_REF = re.compile(r"(?:botocore|moto):([a-z0-9-]+):([A-Za-z0-9_]+)")
_REPOSITORY_REF = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+(@[A-Za-z0-9_.-]+)?([:/\s].*)?")


def check_cascades(
    cascades: Iterable[Cascade],
    place_of: Callable[[str, Loc], Place],
    *,
    models: ServiceModels | None,
) -> list[Finding]:
    """All findings on the cascades, by file and line.

    `place_of` says where a part of a cascade stands, by its id and the keys and indices that lead
    there. Without `models` (see `load_service_models`) actions and fields of API calls go unchecked.
    """
    found: set[Finding] = set()
    for cascade in cascades:
        for problem in _problems(cascade, models):
            place = place_of(cascade.id, problem.loc)
            severity = CHECK_CODES[problem.code].severity
            found.add(
                Finding(
                    place.file, place.line, place.column, severity, problem.code, problem.message
                )
            )
    return sorted(found)


def _problems(cascade: Cascade, models: ServiceModels | None) -> Iterator[Problem]:
    broken = [Problem(loc, "structure", text) for loc, text in structure_problems(cascade)]
    if broken:  # the other rules take for granted that names refer to something
        yield from broken
        return
    yield from action_problems(cascade, models)
    yield from placeholder_problems(cascade)
    yield from window_problems(cascade)
    yield from _attack_problems(cascade)
    yield from _evidence_problems(cascade, models)
    yield from suppression_problems(cascade)


def _attack_problems(cascade: Cascade) -> Iterator[Problem]:
    attacks: list[tuple[Loc, tuple[str, ...]]] = [
        (("effects", index, "attack"), effect.attack)
        for index, effect in enumerate(cascade.effects)
    ]
    if cascade.origin is not None:
        attacks.append((("origin", "attack"), cascade.origin.attack))
    for loc, ids in attacks:
        for index, id_ in enumerate(ids):
            known = technique(id_)
            if known is None:
                message = f"ATT&CK has no technique {id_}"
                yield Problem((*loc, index), "attack-unknown", message)
            elif known.status == "revoked":
                message = f"{id_} {known.name} is revoked; use {known.revoked_by}"
                yield Problem((*loc, index), "attack-revoked", message)
            elif known.status == "deprecated":
                message = f"{id_} {known.name} is deprecated"
                yield Problem((*loc, index), "attack-deprecated", message)


def _evidence_problems(cascade: Cascade, models: ServiceModels | None) -> Iterator[Problem]:
    supported = {node for evidence in cascade.evidence for node in evidence.supports}
    for index, effect in enumerate(cascade.effects):
        if effect.node not in supported:
            message = f"no evidence names {effect.node} in `supports`"
            yield Problem(("effects", index), "evidence-missing", message)
    for index, evidence in enumerate(cascade.evidence):
        yield from _reference_problems(("evidence", index, "ref"), evidence, models)


def _reference_problems(
    loc: Loc, evidence: Evidence, models: ServiceModels | None
) -> Iterator[Problem]:
    operation = _OPERATION_REF.fullmatch(evidence.ref)
    if operation is not None:
        if models is not None and not models.has_operation(*operation.groups()):
            message = f"botocore's {operation[1]} has no operation {operation[2]}"
            yield Problem(loc, "evidence-operation", message)
    elif evidence.ref.startswith("cfn:"):
        yield from _handler_problems(loc, evidence)
    elif evidence.kind == "service-model":
        message = f"{evidence.ref!r} names no operation; write botocore:<service>:<Operation> or cfn:<Type>:<handler>"
        yield Problem(loc, "evidence-operation", message)
    elif not _is_followable(evidence.ref):
        message = f"{evidence.ref!r} is no URL, repository, data set or operation"
        yield Problem(loc, "evidence-ref", message)


def _handler_problems(loc: Loc, evidence: Evidence) -> Iterator[Problem]:
    called = handler_ref(evidence.ref)
    if called is None:
        yield Problem(
            loc, "evidence-operation", f"CloudFormation's schemas have no handler {evidence.ref}"
        )
        return
    for node in evidence.supports:
        if node not in called:
            message = f"{evidence.ref} declares no permission for {node}"
            yield Problem(loc, "evidence-operation", message)


def _is_followable(ref: str) -> bool:
    if "://" in ref:
        try:
            url = urlsplit(ref)
        except ValueError:
            return False
        return url.scheme in ("http", "https") and "." in url.netloc
    if any(re.match(re.escape(name) + r"([:/\s]|$)", ref) for name in recorded().datasets):
        return True
    return _REPOSITORY_REF.fullmatch(ref) is not None
