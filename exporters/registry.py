"""Finds the export targets: every module of `targets/`, and what other distributions offer.

A target is a module with a `TARGET`. Another distribution adds one by an entry point of the group
`cloudcascade.exporters` that leads to a `Target`.
"""

from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pkgutil import iter_modules

from ..catalog.refusals import meant
from . import targets as package
from .errors import ExportError
from .target import Target

ENTRY_POINTS = "cloudcascade.exporters"


@cache
def target_names() -> tuple[str, ...]:
    """The names of all targets, sorted. Loads nothing."""
    return tuple(
        sorted({_name(module.name) for module in iter_modules(package.__path__)} | set(_offered()))
    )


@cache
def find_target(name: str) -> Target:
    """The target of that name.

    Raises:
        ExportError: there is none, or what an entry point leads to is none.
    """
    for module in iter_modules(package.__path__):
        if _name(module.name) == name:
            found = import_module(f"{package.__name__}.{module.name}").TARGET
            break
    else:
        offered = _offered()
        if name not in offered:
            raise ExportError(
                f"no export target is called {name!r}{meant(name, list(target_names()))}"
            )
        found = offered[name].load()
    if not isinstance(found, Target):
        raise ExportError(f"the export target {name!r} is no Target but {type(found).__name__}")
    return found


def _name(module: str) -> str:
    return module.replace("_", "-")


def _offered() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=ENTRY_POINTS)}
