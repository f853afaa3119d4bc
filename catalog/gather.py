"""Reads what a catalogue is made of: the bundled files, an environment's own, and their configurations."""

from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from . import compiled
from .document import Document, Loc, decode_bounded, parse_document, read_bytes_bounded
from .findings import CatalogError, Finding
from .models import Cascade
from .overlay import CONFIG_NAME, Config, read_config
from .refusals import spell, validate
from .structure import structure_problems


@dataclass(frozen=True, slots=True)
class Found:
    """A cascade file that was read. One that `replaces` takes the place of a bundled one of its id."""

    path: Path
    cascade: Cascade
    bundled: bool
    document: Document | None  # None: recalled, not parsed
    replaces: bool = False


@dataclass(slots=True)
class Gathered:
    """What has been read so far, and what was wrong with it.

    `doors` are the files and folders of the overlay. While `replacing`, files take the place of bundled ones.
    """

    files: list[Found] = field(default_factory=list)
    configs: list[tuple[Config, Document]] = field(default_factory=list)
    problems: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    doors: list[str] = field(default_factory=list)
    replacing: bool = False
    visited: set[Path] = field(default_factory=set)


def read(
    path: Path, content: bytes | None = None
) -> tuple[Cascade | None, Document | None, list[Finding]]:
    """The cascade of a file, its document, and what is wrong with it; what cannot be had is None."""
    file = shown(path)
    try:
        if content is None:
            content = read_bytes_bounded(path, file)
        document = parse_document(decode_bounded(content, file), file)
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


def shown(path: Path) -> str:
    """The path as a person in the current folder would write it."""
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        return str(path.relative_to(Path.cwd()))
    return str(path)


def take_bundled(gathered: Gathered, root: Path) -> None:
    """The package's own cascades: recalled where these very files were parsed before, or else parsed and kept."""
    files: dict[str, bytes] = {}
    for path in sorted((root / "aws").rglob("*.yaml")):
        try:
            files[path.relative_to(root).as_posix()] = read_bytes_bounded(path, shown(path))
        except CatalogError as refusal:
            gathered.problems += refusal.findings
    key = compiled.digest(files)
    recalled = compiled.recall("cascades", key, TypeAdapter(tuple[Cascade, ...]))
    if recalled is not None:
        gathered.files += (
            Found(root.joinpath(*cascade.id.split(".")).with_suffix(".yaml"), cascade, True, None)
            for cascade in recalled
        )
        return
    for name, content in files.items():
        _take_file(gathered, root / name, root, content)
    if not gathered.problems:
        data = [found.document.data for found in gathered.files if found.document]
        compiled.keep("cascades", key, data)


def _take_file(
    gathered: Gathered, path: Path, bundled_root: Path | None, content: bytes | None = None
) -> None:
    cascade, document, problems = read(path, content)
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
        gathered.problems.append(finding(document, ("id",), "id-path", words))
    bundled = bundled_root is not None
    gathered.files.append(Found(path, cascade, bundled, document, gathered.replacing))


def take_overlay(gathered: Gathered, path: Path) -> None:
    """A folder of cascade files with the configuration in it, or one cascade file."""
    if _seen(gathered, path):
        return
    gathered.doors.append(shown(path))
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
                gathered.problems.append(Finding(shown(file), 0, 0, "error", "file-name", words))
        if (path / CONFIG_NAME).is_file():
            take_config(gathered, path / CONFIG_NAME)
    else:
        _take_file(gathered, path, None)


def take_config(gathered: Gathered, path: Path) -> None:
    """A `cascade.toml`, and the folders that it names."""
    if _seen(gathered, path):
        return
    gathered.doors.append(shown(path))
    try:
        config, document = read_config(path, shown(path))
    except CatalogError as refusal:
        gathered.problems += refusal.findings
        return
    gathered.configs.append((config, document))
    for index, folder in enumerate(config.catalog):
        if not (path.parent / folder).is_dir():
            words = f"catalog: there is no folder {folder!r} next to this file"
            gathered.problems.append(finding(document, ("catalog", index), "config", words))
            continue
        take_overlay(gathered, path.parent / folder)


def _seen(gathered: Gathered, path: Path) -> bool:
    real = path.resolve()
    if real in gathered.visited:
        return True
    gathered.visited.add(real)
    return False


def finding(document: Document, loc: Loc, code: str, message: str) -> Finding:
    """An error at a part of the document."""
    place = document.place(loc)
    return Finding(place.file, place.line, place.column, "error", code, message)
