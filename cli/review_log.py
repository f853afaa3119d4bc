"""`cascade review --log`: how often rules fired in a log."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..catalog import Catalog
    from ..review import Reviewed


def with_log(
    reviewed: "Sequence[Reviewed]", known: "Catalog", paths: Sequence[str]
) -> "list[Reviewed]":
    """The rules, with how often each fired in the log at these paths, and what of that is explained."""
    from ..events import expand_sources
    from ..matcher import compile_catalog
    from ..review import fired_in
    from .problem_log import ProblemLog
    from .reading import no_cyclic_gc

    plan = compile_catalog(known.cascades, [(each.arn, each.name) for each in known.controllers])
    with ProblemLog() as problems, no_cyclic_gc():
        counts = fired_in(
            [of.rule for of in reviewed], plan, expand_sources(paths), on_problem=problems.add
        )
    problems.report()
    return [replace(of, log=count) for of, count in zip(reviewed, counts, strict=True)]
