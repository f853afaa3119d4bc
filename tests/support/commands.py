"""The command line in this process: what takes a second as a process of its own takes a fraction of it here."""

import io
import sys
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from cloudcascade.cli.main import run

SAMPLE = Path(__file__).parents[2] / "docs" / "sample" / "AWSLogs"


@dataclass(frozen=True)
class Done:
    """A run that has ended: its exit status and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


def cascade(*arguments: str, stdin: bytes = b"", **environment: str) -> Done:
    """Run the command to its end."""
    out, err, given = (io.TextIOWrapper(io.BytesIO(each), "utf-8") for each in (b"", b"", stdin))
    with (
        patch.object(sys, "stdout", out),
        patch.object(sys, "stderr", err),
        patch.object(sys, "stdin", given),
        patch.dict("os.environ", {"COLUMNS": "250", **environment}),
    ):
        status = run(list(arguments))
        out.flush()
        err.flush()
    written = [each.buffer.getvalue().decode() for each in (out, err)]
    return Done(status, *written)


def out(*arguments: str, stdin: bytes = b"", **environment: str) -> str:
    """What a run that succeeds writes."""
    done = cascade(*arguments, stdin=stdin, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout
