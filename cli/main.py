"""The entry point of the `cascade` command: joins the command modules, and turns errors into statuses."""

import gc
import signal
import sys

import typer

from ..errors import CloudcascadeError
from . import (
    actions,
    author,
    classify,
    demo,
    diagram,
    documents,
    export,
    feed,
    graph,
    graph_store,
    lookup,
    made_by,
    prove,
    queries,
    review,
    sample,
    schemas,
    stats,
    watch,
    why,
)
from .app import app
from .shown import shown

__all__ = [
    "actions",
    "author",
    "classify",
    "demo",
    "diagram",
    "documents",
    "export",
    "feed",
    "graph",
    "graph_store",
    "lookup",
    "made_by",
    "main",
    "prove",
    "queries",
    "review",
    "sample",
    "schemas",
    "stats",
    "watch",
    "why",
]

# Click's root of usage errors, which typer does not export: BadParameter < UsageError < this.
_UsageProblem: type[Exception] = typer.BadParameter.__mro__[2]

UNUSABLE = 2
INTERRUPTED = 130


def main() -> None:
    """Run the command line; errors of ours become one message and status 2, never a traceback."""
    # A run builds much that lives to its end, and looks at it again with every thousandth object otherwise.
    gc.set_threshold(50_000, 20, 20)
    if hasattr(signal, "SIGPIPE"):
        # As `cat` does: when the reader has gone, as `| head` does, end without a word.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.pthread_sigmask(
            signal.SIG_UNBLOCK, {signal.SIGPIPE}
        )  # whoever started it may block it
    sys.exit(run())


def run(arguments: list[str] | None = None) -> int:
    """The exit status of one run with these arguments, by default those of the process."""
    try:
        status = app(arguments, standalone_mode=False)
        sys.stdout.flush()
    except typer.Exit as exit_:
        return int(exit_.exit_code)
    except _UsageProblem as error:
        error.show()  # type: ignore[attr-defined]
        return UNUSABLE
    except CloudcascadeError as error:
        return _fail(str(error))
    except (KeyboardInterrupt, typer.Abort):
        return _fail("interrupted", INTERRUPTED)
    except OSError as error:
        return _fail(f"{error.filename or 'output'}: {error.strerror}")
    return status if isinstance(status, int) else 0


def _fail(message: str, status: int = UNUSABLE) -> int:
    print("cascade:", "\n".join(shown(line) for line in message.splitlines()), file=sys.stderr)
    return status
