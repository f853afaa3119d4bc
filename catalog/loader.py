"""The catalogue as one value: the bundled cascades, an environment's own, and its configuration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from os import PathLike
from pathlib import Path
from types import MappingProxyType

from pydantic import TypeAdapter

from ..errors import Place
from . import compiled
from .derived import derived_cascades
from .document import (
    Document,
    Loc,
    decode_bounded,
    parse_document,
    read_bytes_bounded,
    read_document,
)
from .findings import CatalogError, Finding, UnknownName
from .models import Cascade
from .overlay import CONFIG_NAME, Config, Controller, apply_change, read_config, unknown_cascade
from .refusals import meant, spell, validate
from .structure import structure_problems


@dataclass(frozen=True, slots=True, eq=False)
class Catalog:
    """All cascades that count, sorted by id, and where they come from.

    `sources` are by cascade id. `warnings` are findings that did not keep the catalogue from loading.
    """

    cascades: tuple[Cascade, ...]
    controllers: tuple[Controller, ...] = ()
    sources: Mapping[str, Path] = field(default_factory=dict, repr=False)
    warnings: tuple[Finding, ...] = ()
    _documents: dict[str, Document] = field(default_factory=dict, repr=False)

    def get(self, cascade_id: str) -> Cascade:
        """The cascade of that id.

        Raises:
            UnknownName: there is none.
        """
        for cascade in self.cascades:
            if cascade.id == cascade_id:
                return cascade
        ids = [cascade.id for cascade in self.cascades]
        raise UnknownName(f"no cascade has the id {cascade_id!r}{meant(cascade_id, ids)}")

    def actions(self) -> frozenset[str]:
        """Every action that is an origin or an effect."""
        found = {effect.action for cascade in self.cascades for effect in cascade.effects}
        found.update(cascade.origin.action for cascade in self.cascades if cascade.origin)
        return frozenset(found)

    def place_of(self, cascade_id: str, loc: Loc = ()) -> Place:
        """Where a part of a cascade stands in its file, or else the nearest part around it.

        `loc` is a path of field names as the file spells them and indices, such as
        `("effects", 0, "where", "requestParameters.userName")`.

        Raises:
            CatalogError: the file was there and is not any more, or has been damaged since.
        """
        document = self._documents.get(cascade_id)
        if document is None:
            source = self.sources.get(cascade_id)
            if source is None or source.suffix != ".yaml":
                return Place(cascade_id)
            document = self._documents[cascade_id] = read_document(source, _shown(source))
        return document.place(loc)


@dataclass(frozen=True, slots=True)
class _Found:
    """A cascade file that was read."""

    path: Path
    cascade: Cascade
    bundled: bool
    document: Document | None  # None: recalled, not parsed


@dataclass(slots=True)
class _Gathered:
    """What has been read so far, and what was wrong with it."""

    files: list[_Found] = field(default_factory=list)
    configs: list[tuple[Config, Document]] = field(default_factory=list)
    problems: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    visited: set[Path] = field(default_factory=set)


def read_cascade(path: str | PathLike[str]) -> Cascade:
    """Read one cascade file, wherever it lies and whatever its name.

    Raises:
        CatalogError: it cannot be used; `findings` lists every reason.
    """
    cascade, _, problems = _read(Path(path))
    if cascade is None or problems:
        raise CatalogError(f"{_shown(Path(path))} cannot be used", problems)
    return cascade


def load_catalog(
    *,
    extra: Sequence[Path] = (),
    config: Path | None = None,
    bundled: bool = True,
    derived: bool = False,
) -> Catalog:
    """Read the catalogue.

    Args:
        extra: more folders of cascade files, or single files. A `cascade.toml` in such a folder
            counts, too.
        config: a `cascade.toml`.
        bundled: whether to read the cascades that come with the package.
        derived: whether to add those that are derived from CloudFormation's handlers (`derived.py`).

    Raises:
        CatalogError: some file cannot be used; `findings` lists what is wrong with all of them.
    """
    gathered = _Gathered()
    if bundled:
        root = Path(str(resources.files(__package__)))
        _take_bundled(gathered, root)
    if config is not None:
        _take_config(gathered, Path(config))
    for path in map(Path, extra):
        _take_overlay(gathered, path)
    active = _active(gathered)
    cascades = _changed(gathered, active)
    if gathered.problems:
        count = len(gathered.problems)
        words = "1 problem" if count == 1 else f"{count} problems"
        raise CatalogError(f"the catalogue cannot be used: {words}", sorted(gathered.problems))
    added = derived_cascades() if derived else ()
    table = Path(str(resources.files(__package__))) / "data" / "handlers.json"
    return Catalog(
        cascades=tuple(sorted([*cascades, *added], key=lambda cascade: cascade.id)),
        controllers=_controllers(gathered),
        sources=MappingProxyType(
            {cascade.id: table for cascade in added}
            | {id_: found.path for id_, found in active.items()}
        ),
        warnings=tuple(sorted(gathered.warnings)),
        _documents={
            id_: found.document for id_, found in active.items() if found.document is not None
        },
    )


def _read(
    path: Path, content: bytes | None = None
) -> tuple[Cascade | None, Document | None, list[Finding]]:
    shown = _shown(path)
    try:
        if content is None:
            content = read_bytes_bounded(path, shown)
        document = parse_document(decode_bounded(content, shown), shown)
    except CatalogError as refusal:
        return None, None, list(refusal.findings)
    cascade, problems = validate(Cascade, document)
    if cascade is not None:
        for loc, words in structure_problems(cascade):
            place = document.place(loc)
            name = spell(loc)
            message = f"{name}: {words}" if name else words
            problems.append(
                Finding(place.file, place.line, place.column, "error", "structure", message)
            )
    return cascade, document, problems


def _shown(path: Path) -> str:
    """The path as a person in the current folder would write it."""
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        return str(path.relative_to(Path.cwd()))
    return str(path)


def _take_bundled(gathered: _Gathered, root: Path) -> None:
    """The package's own cascades: recalled where these very files were parsed before, or else parsed and kept."""
    files: dict[str, bytes] = {}
    for path in sorted((root / "aws").rglob("*.yaml")):
        try:
            files[path.relative_to(root).as_posix()] = read_bytes_bounded(path, _shown(path))
        except CatalogError as refusal:
            gathered.problems += refusal.findings
    key = compiled.digest(files)
    recalled = compiled.recall("cascades", key, TypeAdapter(tuple[Cascade, ...]))
    if recalled is not None:
        gathered.files += (
            _Found(root.joinpath(*cascade.id.split(".")).with_suffix(".yaml"), cascade, True, None)
            for cascade in recalled
        )
        return
    for name, content in files.items():
        _take_file(gathered, root / name, root, content)
    if not gathered.problems:
        data = [found.document.data for found in gathered.files if found.document]
        compiled.keep("cascades", key, data)


def _take_file(
    gathered: _Gathered, path: Path, bundled_root: Path | None, content: bytes | None = None
) -> None:
    cascade, document, problems = _read(path, content)
    gathered.problems += problems
    if cascade is None or document is None:
        return
    wanted = cascade.id.split(".")
    if bundled_root is not None:
        agrees = list(path.relative_to(bundled_root).with_suffix("").parts) == wanted
        name = "/".join(wanted)
    else:
        agrees = path.stem == wanted[-1]
        name = wanted[-1]
    if not agrees:
        words = f"id: {cascade.id!r} belongs in a file {name}.yaml"
        gathered.problems.append(_finding(document, ("id",), "id-path", words))
    gathered.files.append(_Found(path, cascade, bundled_root is not None, document))


def _take_overlay(gathered: _Gathered, path: Path) -> None:
    if _seen(gathered, path):
        return
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
            if hidden or not file.is_file():
                continue
            if file.suffix == ".yaml":
                if not _seen(gathered, file):
                    _take_file(gathered, file, None)
            elif file.suffix == ".yml":
                words = "is not read: a cascade's file ends in .yaml"
                gathered.problems.append(Finding(_shown(file), 0, 0, "error", "file-name", words))
        if (path / CONFIG_NAME).is_file():
            _take_config(gathered, path / CONFIG_NAME)
    else:
        _take_file(gathered, path, None)


def _take_config(gathered: _Gathered, path: Path) -> None:
    if _seen(gathered, path):
        return
    try:
        config, document = read_config(path, _shown(path))
    except CatalogError as refusal:
        gathered.problems += refusal.findings
        return
    gathered.configs.append((config, document))
    for index, folder in enumerate(config.catalog):
        if not (path.parent / folder).is_dir():
            words = f"catalog: there is no folder {folder!r} next to this file"
            gathered.problems.append(_finding(document, ("catalog", index), "config", words))
            continue
        _take_overlay(gathered, path.parent / folder)


def _seen(gathered: _Gathered, path: Path) -> bool:
    real = path.resolve()
    if real in gathered.visited:
        return True
    gathered.visited.add(real)
    return False


def _active(gathered: _Gathered) -> dict[str, _Found]:
    """The file that counts for each id: an overlay's where the bundled one is disabled."""
    disabled = {
        id_
        for config, _ in gathered.configs
        for id_, change in config.cascades.items()
        if change.disabled
    }
    active = {found.cascade.id: found for found in gathered.files if found.bundled}
    replaced = {id_: active.pop(id_) for id_ in disabled & set(active)}
    for found in gathered.files:
        if found.bundled:
            continue
        id_ = found.cascade.id
        if id_ in active:
            first = active[id_]
            words = (
                f"id: {id_!r} is bundled; to replace it, disable the bundled one: "
                f'[cascades."{id_}"] disabled = true in {CONFIG_NAME}'
                if first.bundled
                else f"id: {id_!r} is also in {_shown(first.path)}"
            )
            assert found.document is not None
            gathered.problems.append(_finding(found.document, ("id",), "duplicate-id", words))
        elif id_ not in disabled or id_ in replaced:
            active[id_] = found
    return active


def _changed(gathered: _Gathered, active: Mapping[str, _Found]) -> list[Cascade]:
    known = frozenset(found.cascade.id for found in gathered.files)
    cascades = {id_: found.cascade for id_, found in active.items()}
    for config, document in gathered.configs:
        for id_, change in config.cascades.items():
            if id_ not in known:
                # While some file is broken, its id may be the one that seems to be missing.
                if not gathered.problems:
                    gathered.problems.append(unknown_cascade(id_, known, document))
            elif id_ in cascades:
                cascades[id_], findings = apply_change(cascades[id_], change, document)
                for finding in findings:
                    kind = gathered.warnings if finding.severity == "warning" else gathered.problems
                    kind.append(finding)
    return list(cascades.values())


def _controllers(gathered: _Gathered) -> tuple[Controller, ...]:
    by_arn: dict[str, Controller] = {}
    for config, _ in gathered.configs:
        for controller in config.controllers:
            by_arn.setdefault(controller.arn, controller)
    return tuple(by_arn.values())


def _finding(document: Document, loc: Loc, code: str, message: str) -> Finding:
    place = document.place(loc)
    return Finding(place.file, place.line, place.column, "error", code, message)
