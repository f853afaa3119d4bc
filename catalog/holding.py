"""Holds an overlay to the rules of safety: which cascades may not silence as they stand, and what is said of each."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from ..errors import Place
from .chains import silenced
from .document import Document
from .findings import Finding
from .gather import Found, Gathered
from .in_force import Unsafe
from .models import Cascade
from .safety import (
    Breach,
    annotating,
    document_breaches,
    origin_breaches,
    rival_breaches,
    window_breaches,
)

_BECOMES: dict[Unsafe, str] = {
    "annotate": "so annotated, not silenced",
    "refuse": "so refused, as --strict asks",
    "allow": "silenced all the same, as --allow-unsafe-overlay asks",
}


def hold(
    gathered: Gathered,
    active: Mapping[str, Found],
    cascades: Mapping[str, Cascade],
    unsafe: Unsafe,
) -> tuple[dict[str, Cascade], tuple[Finding, ...]]:
    """The cascades that break a rule, as they annotate, and a warning for each file or entry that makes them."""
    before: dict[str, Cascade] = {}
    for found in gathered.files:
        before.setdefault(found.cascade.id, found.cascade)
    own = {id_ for id_, found in active.items() if not found.bundled and unsafe != "check"}
    documents = [breach for id_ in own for breach in document_breaches(cascades[id_])]
    origins = list(origin_breaches(cascades, own))
    windows = [
        breach
        for id_, found in active.items()
        for breach in window_breaches(found.cascade, cascades[id_])
    ]
    rivals = list(rival_breaches(before, cascades))
    findings = (
        *(
            _document(breaches, active[id_], cascades[id_], unsafe)
            for id_, breaches in _by_where(documents)
        ),
        *(_origin(breach, active[breach.where], unsafe) for breach in origins),
        *(_window(breach, gathered, unsafe) for breach in windows),
        *(
            _rival(id_, breaches, gathered, active.get(id_), unsafe)
            for id_, breaches in _by_where(rivals)
        ),
    )
    concerned: dict[str, list[Breach]] = defaultdict(list)
    for breach in (*documents, *origins, *windows, *rivals):
        concerned[breach.cascade].append(breach)
    held = {id_: annotating(cascades[id_], breaches) for id_, breaches in concerned.items()}
    return held, tuple(sorted(findings))


def _by_where(breaches: Iterable[Breach]) -> Iterator[tuple[str, list[Breach]]]:
    found: dict[str, list[Breach]] = defaultdict(list)
    for breach in breaches:
        found[breach.where].append(breach)
    yield from found.items()


def _document(breaches: list[Breach], found: Found, cascade: Cascade, unsafe: Unsafe) -> Finding:
    assert found.document is not None
    places = (found.document.place(breach.problem.loc) for breach in breaches)
    place = min(places, key=lambda each: (each.line, each.column))
    codes = ", ".join(sorted({breach.problem.code for breach in breaches}))
    nodes = {node for breach in breaches for node in breach.nodes or ()}
    some = all(breach.nodes is not None for breach in breaches)
    only = f"{', '.join(sorted(nodes))} of " if some and len(nodes) < len(silenced(cascade)) else ""
    message = f"to silence {only}{cascade.id} breaks rules of safety: {codes}"
    return _said(place, "unsafe-overlay", message, unsafe)


def _origin(breach: Breach, found: Found, unsafe: Unsafe) -> Finding:
    assert found.document is not None
    message = f"{breach.cascade}: {breach.problem.message}"
    return _said(found.document.place(breach.problem.loc), "unsafe-overlay", message, unsafe)


def _window(breach: Breach, gathered: Gathered, unsafe: Unsafe) -> Finding:
    place = _entry(gathered, breach.cascade, None).place(
        ("cascades", breach.cascade, *breach.problem.loc)
    )
    # It says what the warning of any wider window says, and more.
    gathered.warnings = [each for each in gathered.warnings if each.place != place]
    message = f"{breach.cascade}: {breach.problem.message}"
    return _said(place, breach.problem.code, message, unsafe)


def _rival(
    id_: str, breaches: list[Breach], gathered: Gathered, found: Found | None, unsafe: Unsafe
) -> Finding:
    place = _entry(gathered, id_, found).place(("cascades", id_))
    kept = ", ".join(breach.problem.message for breach in breaches)
    message = f"{id_} explains less than it did, which kept from being silenced: {kept}"
    return _said(place, "config-rival", message, unsafe)


def _entry(gathered: Gathered, id_: str, found: Found | None) -> Document:
    """The configuration that changes or disables a cascade, or else the file that takes its place."""
    for config, document in reversed(gathered.configs):
        if id_ in config.cascades:
            return document
    assert found is not None
    assert found.document is not None
    return found.document


def _said(place: Place, code: str, message: str, unsafe: Unsafe) -> Finding:
    if unsafe in _BECOMES:
        message = f"{message}; {_BECOMES[unsafe]} (see `cascade check {place.file}`)"
    return Finding(place.file, place.line, place.column, "warning", code, message)
