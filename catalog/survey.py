"""What `cascade check` reads: the catalogue with its overlays, and files that somebody wants looked at.

Nothing that is named goes unread: a file is read as a document of the catalogue or as a configuration, whatever
else is broken, or it is refused.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .assemble import assemble
from .findings import CatalogError, Finding
from .gather import Gathered, shown, take_config, take_overlay
from .loader import Catalog, catalog_of, gather, room
from .overlay import CONFIG_NAME, Config


@dataclass(frozen=True, slots=True)
class Survey:
    """A catalogue as it is written, sound or not, and what reading it found.

    `paths` are what was asked about, resolved; none: everything.
    """

    catalog: Catalog
    findings: tuple[Finding, ...]
    paths: tuple[Path, ...]

    def covers(self, file: str) -> bool:
        """Whether a file is among what was asked about."""
        real = Path(file).resolve()
        return not self.paths or any(real.is_relative_to(path) for path in self.paths)

    @property
    def read(self) -> int:
        """How many of the cascades that could be read are among what was asked about."""
        return sum(self.covers(str(path)) for path in self.catalog.sources.values())


def survey(
    paths: Sequence[Path] = (), *, extra: Sequence[Path] = (), config: Path | None = None
) -> Survey:
    """Read the catalogue with its overlays, and each of `paths` as one more overlay.

    A file of `paths` takes the place of a bundled one of the same id. Nothing is held back for breaking a rule of
    safety: the checks speak of what is written.

    Raises:
        CatalogError: a path is nothing that can be checked.
    """
    for path in (*paths, *extra):
        _refuse_what_is_none(path)
    gathered = gather(extra, config)
    gathered.replacing = True
    for path in paths:
        _take(gathered, path)
    made = assemble(gathered, "check")
    errors = (replace(each, severity="error") for each in made.breaches)
    return Survey(
        catalog_of(made, ()),
        tuple(sorted({*gathered.problems, *gathered.warnings, *errors})),
        tuple(path.resolve() for path in paths),
    )


def _take(gathered: Gathered, path: Path) -> None:
    # What is bundled has been read. Around it lies what the package keeps besides.
    around = room() if room().is_relative_to(path.resolve()) else room() / "aws"
    gathered.visited |= {file.resolve() for file in around.rglob("*.yaml")}
    if path.suffix == ".toml" and path.is_file():
        take_config(gathered, path)
    else:
        take_overlay(gathered, path)


def _refuse_what_is_none(path: Path) -> None:
    if path.is_dir():
        inside = (file for file in path.rglob("*") if file.suffix in (".yaml", ".yml"))
        if not (path / CONFIG_NAME).is_file() and next(inside, None) is None:
            raise CatalogError(f"{shown(path)} holds no cascade file (.yaml) and no {CONFIG_NAME}")
    elif path.suffix == ".toml":
        _refuse_other_toml(path)
    elif path.suffix == ".yml":
        raise CatalogError(f"{shown(path)} is not read: a cascade's file ends in .yaml")
    elif path.suffix != ".yaml" or not path.is_file():
        raise CatalogError(
            f"{shown(path)} is nothing to check: give a cascade file (.yaml), a {CONFIG_NAME} or a folder of them"
        )


def _refuse_other_toml(path: Path) -> None:
    """A TOML file that says something, and nothing that a configuration of ours says."""
    try:
        said = set(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except (OSError, ValueError, RecursionError):
        return  # reading it as a configuration tells what is wrong, and where
    if said and not said & set(Config.model_fields):
        known = ", ".join(Config.model_fields)
        raise CatalogError(
            f"{shown(path)} is no configuration of an overlay: it has none of {known}"
        )
