"""Options that several commands share, and the catalogue they lead to."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
        help="The cascade.toml to use. Default: the one in the working directory, if there is one.",
        exists=True,
        dir_okay=False,
        envvar="CASCADE_CONFIG",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
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


def open_catalog(
    extra: Sequence[Path] | None, config: Path | None, *, derived: bool = False
) -> "Catalog":
    """The bundled catalogue with the user's overlays, and on request the derived cascades.

    A cascade.toml found in the working directory is used and named on stderr, since it changes verdicts.

    Raises:
        CatalogError: some document or the configuration is unsound.
    """
    from ..catalog import load_catalog

    if config is None:
        found = Path("cascade.toml")
        if found.is_file():
            typer.echo("cascade: using ./cascade.toml", err=True)
            config = found
    return load_catalog(extra=tuple(extra or ()), config=config, derived=derived)
