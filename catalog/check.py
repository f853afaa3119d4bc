"""`cascade check`: everything of a catalogue that a machine can hold against the world.

The loader refuses what is no cascade; this says whether its actions, fields, techniques, windows
and evidence are true, and whether what it silences is safe to silence.
"""

from collections.abc import Callable, Iterable, Iterator

from ..errors import Place
from .action_checks import action_problems
from .attack_checks import attack_problems, unlike_attacks
from .check_codes import CHECK_CODES, Problem
from .claim_checks import claim_problems
from .evidence_checks import evidence_problems
from .fact_checks import fact_problems
from .findings import Finding
from .models import Cascade
from .name_checks import silenced_origin, silenced_origins
from .relation_checks import unlike_relations
from .scaffold import placeholder_problems
from .service_models import ServiceModels
from .structure import Loc, structure_problems
from .suppression_checks import suppression_problems
from .ways_back import way_back_problems
from .window_checks import window_problems


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
    known = tuple(cascades)
    problems = [(each.id, problem) for each in known for problem in _problems(each, models)]
    for cascade, index, other in silenced_origins(known):
        problems.append((cascade.id, silenced_origin(cascade.effects[index], index, other)))
    for cascade, problem in (*unlike_attacks(known), *unlike_relations(known)):
        problems.append((cascade.id, problem))
    return sorted({_finding(place_of(id_, problem.loc), problem) for id_, problem in problems})


def _finding(place: Place, problem: Problem) -> Finding:
    severity = CHECK_CODES[problem.code].severity
    return Finding(place.file, place.line, place.column, severity, problem.code, problem.message)


def _problems(cascade: Cascade, models: ServiceModels | None) -> Iterator[Problem]:
    broken = [Problem(loc, "structure", text) for loc, text in structure_problems(cascade)]
    if broken:  # the other rules take for granted that names refer to something
        yield from broken
        return
    yield from action_problems(cascade, models)
    yield from fact_problems(cascade, models)
    yield from placeholder_problems(cascade)
    yield from window_problems(cascade)
    yield from attack_problems(cascade)
    yield from claim_problems(cascade)
    yield from evidence_problems(cascade, models)
    yield from suppression_problems(cascade)
    if models is not None:
        yield from way_back_problems(cascade, models)
