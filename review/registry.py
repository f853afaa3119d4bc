"""Finds the formats of rules: every module of `formats/`."""

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from . import formats as package
from .format import Format
from .rule import Source


@cache
def formats() -> tuple[Format, ...]:
    """All formats, sorted by name."""
    found = (
        getattr(import_module(f"{package.__name__}.{module.name}"), "FORMAT", None)
        for module in iter_modules(package.__path__)
    )
    return tuple(sorted((each for each in found if each), key=lambda each: each.name))


def format_of(source: Source, among: Sequence[Format] | None = None) -> Format | None:
    """The format that a file is of, None where none claims it."""
    for each in formats() if among is None else among:
        if source.path.lower().endswith(each.suffixes) and each.claims(source):
            return each
    return None
