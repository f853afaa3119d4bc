"""The examples in docstrings are true."""

import doctest
import pkgutil
from importlib import import_module

import pytest

import cloudcascade

ROOMS = (
    "adversary", "catalog", "cli", "errors", "events", "exporters", "feeds", "graph", "matcher", "review", "samples",
    "streams",
)  # fmt: skip
MODULES = [
    module.name
    for room in ROOMS
    for module in pkgutil.walk_packages(
        import_module(f"cloudcascade.{room}").__path__, f"cloudcascade.{room}."
    )
]


@pytest.mark.parametrize("name", [cloudcascade.__name__, *MODULES])
def test_examples_run_as_written(name: str) -> None:
    assert doctest.testmod(import_module(name)).failed == 0
