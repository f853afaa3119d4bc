"""What every document names: the version of the program, and which catalogue it judged by."""

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import typer

from .app import app

if TYPE_CHECKING:
    from ..catalog import Catalog


@dataclass(frozen=True, slots=True)
class MadeBy:
    """`digest` is that of the catalogue with its overlay: 32 hexadecimal digits, equal for two that say the same of
    every event. `cascades` is how many there are."""

    version: str = "0"
    digest: str = ""
    cascades: int = 0

    def members(self) -> dict[str, object]:
        """As the first members of a JSON document."""
        return {
            "tool": {"name": "cloudcascade", "version": self.version},
            "catalog": {"digest": self.digest, "cascades": self.cascades},
        }

    def __str__(self) -> str:
        return f"cloudcascade {self.version}, catalogue {self.digest} ({self.cascades:,} cascades)"


def made_by(catalog: "Catalog") -> MadeBy:
    """This program, with that catalogue."""
    from ..catalog import fingerprint

    return MadeBy(tool_version(), fingerprint(catalog.cascades).hex(), len(catalog.cascades))


def tool_version() -> str:
    """The version that was installed; 0 where it runs from a bare tree."""
    try:
        return version("cloudcascade")
    except PackageNotFoundError:
        return "0"


def _print_version(wanted: bool) -> None:
    if wanted:
        from .options import Overlays, load_overlaid

        typer.echo(str(made_by(load_overlaid(Overlays()))))
        raise typer.Exit


@app.callback()
def _root(
    version_: bool = typer.Option(
        False,
        "--version",
        callback=_print_version,
        is_eager=True,
        help="Print the version and the digest of the catalogue, with the overlay that is in force.",
    ),
) -> None:
    pass
