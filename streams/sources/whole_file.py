"""A whole file, given in portions, from any record on."""

from collections.abc import Generator
from typing import cast

from ...events import Limits, OnProblem, Problem, Record, Source, read_batches


class WholeFile:
    """One file whose records are given portion by portion.

    The first `skip` records were given before. With `quiet` what was wrong among them was told before, too, as it was
    unless the file has changed since. The same file gives the same records in the same order each time.
    """

    def __init__(
        self,
        source: Source,
        limits: Limits,
        on_problem: OnProblem,
        *,
        skip: int = 0,
        quiet: bool = True,
    ) -> None:
        self.given = skip
        """How many of its records have been given so far, the skipped ones included."""
        self.faulty = False
        """Whether something of it could not be read."""
        self._skip = skip
        self._quiet = quiet
        self._on_problem = on_problem
        self._seen = 0
        self._batches = cast(
            Generator[list[Record], None, None],
            read_batches([source], limits=limits, on_problem=self._tell),
        )

    def portion(self) -> list[Record] | None:
        """The next records, none where those it came to are skipped, None behind the last."""
        batch = next(self._batches, None)
        if batch is None:
            return None
        before, self._seen = self._seen, self._seen + len(batch)
        self.given = max(self.given, self._seen)
        return batch[max(0, self._skip - before) :]

    def close(self) -> None:
        """Let go of the file."""
        self._batches.close()

    def _tell(self, problem: Problem) -> None:
        self.faulty = self.faulty or not (problem.ignored or problem.note)
        if not (self._quiet and self._seen < self._skip):
            self._on_problem(problem)
