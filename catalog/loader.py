"""The catalogue as one value: the bundled cascades, an environment's own, and its configuration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from os import PathLike
from pathlib import Path
from types import MappingProxyType

from ..errors import Place
from .assemble import Assembled, assemble
from .derived import derived_cascades
from .document import Document, Loc, read_document
from .findings import CatalogError, Finding, UnknownName
from .gather import Gathered, read, shown, take_bundled, take_config, take_overlay
from .in_force import InForce, Unsafe
from .models import Cascade
from .overlay import Controller
from .refusals import meant


def room() -> Path:
    """The folder of the package's own files."""
    return Path(str(resources.files(__package__)))


@dataclass(frozen=True, slots=True, eq=False)
class Catalog:
    """All cascades that count, sorted by id, and where they come from.

    `sources` are by cascade id. `warnings` are findings that did not keep the catalogue from loading,
    `overlay` says what it was opened with besides the bundled files.
    """

    cascades: tuple[Cascade, ...]
    controllers: tuple[Controller, ...] = ()
    sources: Mapping[str, Path] = field(default_factory=dict, repr=False)
    warnings: tuple[Finding, ...] = ()
    overlay: InForce = field(default_factory=InForce)
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
            document = self._documents[cascade_id] = read_document(source, shown(source))
        return document.place(loc)


def read_cascade(path: str | PathLike[str]) -> Cascade:
    """Read one cascade file, wherever it lies and whatever its name.

    Raises:
        CatalogError: it cannot be used; `findings` lists every reason.
    """
    cascade, _, problems = read(Path(path))
    if cascade is None or problems:
        raise CatalogError(f"{shown(Path(path))} cannot be used", problems)
    return cascade


def load_catalog(
    *,
    extra: Sequence[Path] = (),
    config: Path | None = None,
    bundled: bool = True,
    derived: bool = False,
    strict: bool = False,
    allow_unsafe_overlay: bool = False,
) -> Catalog:
    """Read the catalogue. Nothing is read that is not asked for, but what comes with the package.

    What an overlay (`extra` and `config`) would silence against the rules of safety is annotated, and
    `warnings` say so.

    Args:
        extra: more folders of cascade files, or single files. A `cascade.toml` in such a folder
            counts, too.
        config: a `cascade.toml`.
        bundled: whether to read the cascades that come with the package.
        derived: whether to add those that are derived from CloudFormation's handlers (`derived.py`).
        strict: refuse an overlay that breaks a rule of safety.
        allow_unsafe_overlay: take it as it is written.

    Raises:
        CatalogError: some file cannot be used; `findings` lists what is wrong with all of them.
    """
    if strict and allow_unsafe_overlay:
        raise ValueError("an overlay cannot be both held to the rules of safety and let through")
    gathered = gather(extra, config, bundled=bundled)
    made = assemble(gathered, _unsafe(strict=strict, allow=allow_unsafe_overlay))
    if gathered.problems:
        count = len(gathered.problems)
        words = "1 problem" if count == 1 else f"{count} problems"
        raise CatalogError(f"the catalogue cannot be used: {words}", sorted(gathered.problems))
    if strict and made.breaches:
        errors = [replace(each, severity="error") for each in made.breaches]
        raise CatalogError("the overlay breaks rules of safety", errors)
    return catalog_of(made, (*gathered.warnings, *made.breaches), derived=derived)


def _unsafe(*, strict: bool, allow: bool) -> Unsafe:
    if strict:
        return "refuse"
    return "allow" if allow else "annotate"


def gather(extra: Sequence[Path], config: Path | None, *, bundled: bool = True) -> Gathered:
    """What a catalogue is made of; see `load_catalog`."""
    gathered = Gathered()
    if bundled:
        take_bundled(gathered, room())
    if config is not None:
        take_config(gathered, Path(config))
    for path in map(Path, extra):
        take_overlay(gathered, path)
    return gathered


def catalog_of(made: Assembled, warnings: Sequence[Finding], *, derived: bool = False) -> Catalog:
    """The catalogue as one value."""
    added = derived_cascades() if derived else ()
    table = room() / "data" / "handlers.json"
    active = made.active
    return Catalog(
        cascades=tuple(sorted([*made.cascades.values(), *added], key=lambda cascade: cascade.id)),
        controllers=made.controllers,
        sources=MappingProxyType(
            {cascade.id: table for cascade in added}
            | {id_: found.path for id_, found in active.items()}
        ),
        warnings=tuple(sorted(warnings)),
        overlay=made.overlay,
        _documents={
            id_: found.document for id_, found in active.items() if found.document is not None
        },
    )
