"""The `cascade` command: one module per command group, joined here."""

import os
import sys

import typer

from ..errors import CloudcascadeError
from .shown import shown

app = typer.Typer(
    name="cascade",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="What one cloud action sets off: look cascades up, recognise them in CloudTrail, draw them.",
    epilog="Exit status: 0 done, 1 findings that you asked to fail on, 2 unusable input or arguments.",
)

UNUSABLE = 2
INTERRUPTED = 130


def main() -> None:
    """Run the command line; errors of ours become one message and status 2, never a traceback."""
    try:
        app()
    except CloudcascadeError as error:
        sys.exit(_fail(str(error)))
    except BrokenPipeError:
        # The reader has gone, as `| head` does. Nothing may be flushed to it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        sys.exit(_fail("interrupted", INTERRUPTED))


def _fail(message: str, status: int = UNUSABLE) -> int:
    print("cascade:", "\n".join(shown(line) for line in message.splitlines()), file=sys.stderr)
    return status
