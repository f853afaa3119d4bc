"""The root of every exception this package raises on purpose, and the place in a file it points at."""

from dataclasses import dataclass

__all__ = ["CloudcascadeError", "Place"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a file that a person can open.

    `line` and `column` count from 1, as editors do; 0 means the whole file.
    """

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}"


class CloudcascadeError(Exception):
    """Something a caller can act on: bad input, a missing optional package, a refused request.

    The command line prints the text and exits with status 2. Each room has one subclass of its own.
    """
