"""Puts together what was read: which file counts for an id, what a configuration changes, what may silence."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .findings import Finding
from .gather import Found, Gathered, finding, shown
from .in_force import InForce, Unsafe
from .models import Cascade
from .overlay import CONFIG_NAME, CascadeChange, Controller, apply_change, unknown_cascade


@dataclass(frozen=True, slots=True)
class Assembled:
    """The cascades that count by id, the files they are from, and what an overlay does.

    `breaches` are findings on what it would silence against the rules, one for each file or entry.
    """

    cascades: Mapping[str, Cascade]
    active: Mapping[str, Found]
    controllers: tuple[Controller, ...]
    overlay: InForce
    breaches: tuple[Finding, ...]


def assemble(gathered: Gathered, unsafe: Unsafe = "annotate") -> Assembled:
    """The catalogue of what was gathered. What is wrong with it is added to its `problems` and `warnings`."""
    active = _active(gathered)
    cascades = _changed(gathered, active)
    controllers = _controllers(gathered)
    if not gathered.doors:
        return Assembled(cascades, active, controllers, InForce(), ())
    from .holding import hold  # a catalogue without an overlay has no need of it

    held, breaches = hold(gathered, active, cascades, unsafe)
    unsafe_ids = () if unsafe == "check" else tuple(held)
    overlay = _in_force(gathered, active, controllers, unsafe_ids, allowed=unsafe == "allow")
    if unsafe == "annotate":
        cascades |= held
    return Assembled(cascades, active, controllers, overlay, breaches)


def _active(gathered: Gathered) -> dict[str, Found]:
    """The file that counts for each id: an overlay's where the bundled one is disabled."""
    disabled = _disabled(gathered)
    active = {found.cascade.id: found for found in gathered.files if found.bundled}
    replaced = {id_: active.pop(id_) for id_ in disabled & set(active)}
    for found in gathered.files:
        if found.bundled:
            continue
        id_ = found.cascade.id
        first = active.get(id_)
        if first is not None and not (first.bundled and found.replaces):
            words = (
                f"id: {id_!r} is bundled; to replace it, disable the bundled one: "
                f'[cascades."{id_}"] disabled = true in {CONFIG_NAME}'
                if first.bundled
                else f"id: {id_!r} is also in {shown(first.path)}"
            )
            assert found.document is not None
            gathered.problems.append(finding(found.document, ("id",), "duplicate-id", words))
        elif id_ not in disabled or id_ in replaced:
            active[id_] = found
    return active


def _disabled(gathered: Gathered) -> set[str]:
    return {
        id_
        for config, _ in gathered.configs
        for id_, change in config.cascades.items()
        if change.disabled
    }


def _changed(gathered: Gathered, active: Mapping[str, Found]) -> dict[str, Cascade]:
    known = frozenset(found.cascade.id for found in gathered.files)
    cascades = {id_: found.cascade for id_, found in active.items()}
    for config, document in gathered.configs:
        for id_, change in config.cascades.items():
            if id_ not in known:
                # While some file is broken, its id may be the one that seems to be missing.
                if not gathered.problems:
                    gathered.problems.append(unknown_cascade(id_, known, document))
            elif id_ in cascades and _says_something(change):
                cascades[id_], findings = apply_change(cascades[id_], change, document)
                for each in findings:
                    kind = gathered.warnings if each.severity == "warning" else gathered.problems
                    kind.append(each)
    return cascades


def _says_something(change: CascadeChange) -> bool:
    return change.policy is not None or bool(change.effects)


def _controllers(gathered: Gathered) -> tuple[Controller, ...]:
    by_arn: dict[str, Controller] = {}
    for config, _ in gathered.configs:
        for controller in config.controllers:
            by_arn.setdefault(controller.arn, controller)
    return tuple(by_arn.values())


def _in_force(
    gathered: Gathered,
    active: Mapping[str, Found],
    controllers: tuple[Controller, ...],
    held: Iterable[str],
    *,
    allowed: bool,
) -> InForce:
    bundled = {found.cascade.id for found in gathered.files if found.bundled}
    own = {id_ for id_, found in active.items() if not found.bundled}
    changed = {
        id_
        for config, _ in gathered.configs
        for id_, change in config.cascades.items()
        if _says_something(change) and id_ in active
    }
    known = {found.cascade.id for found in gathered.files}
    return InForce(
        files=tuple(dict.fromkeys(gathered.doors)),
        adds=tuple(sorted(own - bundled)),
        overrides=tuple(sorted(own & bundled | changed)),
        disables=tuple(sorted(_disabled(gathered) & known - set(active))),
        controllers=len(controllers),
        unsafe=tuple(sorted(held)),
        allowed=allowed,
    )
