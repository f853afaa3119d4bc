"""Options that several commands share, and the catalogue they lead to."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .shown import shown

if TYPE_CHECKING:
    from ..catalog import Catalog

CatalogOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--catalog",
        metavar="DIR",
        help="A folder of cascades of your own, besides the bundled ones. May be given again.",
        exists=True,
        file_okay=False,
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="The cascade.toml to use. Default: the one that CASCADE_CONFIG names, else the one in your own "
        "configuration folder. One that lies in the working directory is not loaded by itself.",
        exists=True,
        dir_okay=False,
    ),
]
StrictOption = Annotated[
    bool,
    typer.Option(
        "--strict",
        help="Refuse an overlay that breaks a rule of safety. Default: annotate what it would silence.",
    ),
]
UnsafeOption = Annotated[
    bool,
    typer.Option(
        "--allow-unsafe-overlay",
        help="Let an overlay silence what the rules of safety forbid, and say so.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
WideOption = Annotated[
    bool,
    typer.Option(
        "--wide",
        help="Leave out no column, cut nothing, and let lines be as long as they need to be.",
    ),
]
DerivedOption = Annotated[
    bool,
    typer.Option(
        "--derived",
        help="Also what CloudFormation's resource handlers may call: generated, labelled only.",
    ),
]


def seconds(text: str) -> int:
    """A duration that was typed, such as 20m, in seconds."""
    from ..catalog import parse_duration

    try:
        found = parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    assert isinstance(found, int)
    return found


def positive_seconds(text: str) -> int:
    """A duration that was typed and is longer than nothing, in seconds."""
    found = seconds(text)
    if not found:
        raise typer.BadParameter("must be longer than nothing")
    return found


_FEW = 12


def one_of(what: str, typed: str | None, known: Sequence[str]) -> str | None:
    """What was typed of a closed set, in whatever case; None where nothing was.

    Raises:
        typer.BadParameter: it is none of them; the nearest is named.
    """
    from ..catalog.refusals import meant

    if typed is None:
        return None
    for each in known:
        if each.lower() == typed.strip().lower():
            return each
    listed = f" ({', '.join(known)})" if len(known) <= _FEW else ""
    raise typer.BadParameter(f"there is no {what} {typed!r}{meant(typed.lower(), known)}{listed}")


_SIZE = re.compile(r"(\d+)\s*([KMG]?)(i?)B?", re.IGNORECASE | re.ASCII)


def byte_size(text: str) -> int:
    """A size that was typed, such as 512MB or 1GiB, in bytes.

    >>> byte_size("512MB"), byte_size("1 GiB"), byte_size("4096")
    (512000000, 1073741824, 4096)
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise typer.BadParameter(f"{text!r} is no size; write 512MB or 1GiB")
    number, unit, binary = found.groups()
    power = " KMG".index(unit.upper()) if unit else 0
    factor: int = (1024 if binary else 1000) ** power
    return int(number) * factor


@dataclass(frozen=True, slots=True)
class Overlays:
    """What was asked for besides the bundled catalogue, and what becomes of it where it is unsafe."""

    catalog: Sequence[Path] | None = None
    config: Path | None = None
    strict: bool = False
    allow_unsafe: bool = False

    @property
    def asked_for(self) -> bool:
        """Whether any option says something."""
        return bool(self.catalog or self.config or self.strict or self.allow_unsafe)


def find_config(given: Path | None) -> Path | None:
    """The configuration that counts: the one given, the one of CASCADE_CONFIG, or the user's own."""
    if given is not None:
        return given
    if named := os.environ.get("CASCADE_CONFIG"):
        return Path(named)
    from platformdirs import user_config_path

    from ..catalog import CONFIG_NAME

    own = user_config_path("cloudcascade", appauthor=False) / CONFIG_NAME
    return own if own.is_file() else None


def warn(line: str) -> None:
    """Say a line on standard error, safe to print."""
    typer.echo(f"cascade: {shown(line)}", err=True)


def open_catalog(overlays: Overlays, *, derived: bool = False) -> "Catalog":
    """The bundled catalogue with the overlays that were asked for, and on request the derived cascades.

    Since an overlay changes verdicts, standard error says which is in force and what is wrong with it.

    Raises:
        CatalogError: some document or the configuration is unsound.
    """
    for line in not_loaded(overlays):
        warn(line)
    known = load_overlaid(overlays, derived=derived)
    if known.overlay:
        warn(f"overlay in force: {known.overlay}")
    for warning in known.warnings:
        warn(str(warning))
    return known


def load_overlaid(overlays: Overlays, *, derived: bool = False) -> "Catalog":
    """What `open_catalog` opens, without a word."""
    from ..catalog import load_catalog

    if overlays.strict and overlays.allow_unsafe:
        raise typer.BadParameter("give either --strict or --allow-unsafe-overlay")
    return load_catalog(
        extra=tuple(overlays.catalog or ()),
        config=find_config(overlays.config),
        derived=derived,
        strict=overlays.strict,
        allow_unsafe_overlay=overlays.allow_unsafe,
    )


def not_loaded(overlays: Overlays, besides: Sequence[Path] = ()) -> list[str]:
    """That a cascade.toml in the working directory is left alone, where one is: evidence could bring its own.

    `besides` are paths that are read, too.
    """
    from ..catalog import CONFIG_NAME

    here = Path(CONFIG_NAME)
    if not here.is_file():
        return []
    config = find_config(overlays.config)
    folders = [folder / CONFIG_NAME for folder in (*(overlays.catalog or ()), *besides)]
    read = [*([config] if config else []), *besides, *folders]
    if here.resolve() in {each.resolve() for each in read}:
        return []
    return [f"./{CONFIG_NAME} is not loaded; --config {CONFIG_NAME} loads it"]
