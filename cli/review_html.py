"""A review as a page that needs nothing else: the figures, the findings by rule, and a filter where there is script.

Like the report of a log it asks nothing of the network, and allows only the style and the script that it carries.
Texts of rules go into it through Jinja's autoescaping, and the script only reads them.
"""

from collections import defaultdict
from collections.abc import Sequence

from markupsafe import Markup

from ..review import Reviewed
from ..review.finding import LEVELS
from ..review.report import NOT_JUDGED, Report, Told
from .page import environment, part, policy, script_of

MAX_RULES = 2_000
"""How many rules with findings the page lists."""
MAX_EFFECTS = 200
MAX_NAMES = 12


def page(report: Report) -> str:
    """The page. What it has no room for it counts."""
    style = part("report/report.css") + part("review/review.css")
    script = script_of(["review/review.js"])
    told = _told(report)
    pages = environment()
    pages.filters["many"] = _many
    text: str = pages.from_string(
        part("review.html.j2")
    ).render(
        policy=policy(style, script),
        style=Markup(style),  # noqa: S704 -- files of the package
        script=Markup(script),  # noqa: S704 -- a file of the package
        report=report,
        title=_title(report),
        new=sum(report.new.values()),
        shown=told[:MAX_RULES],
        left_out=max(len(told) - MAX_RULES, 0),
        most=MAX_EFFECTS,
        levels=LEVELS,
        kinds=sorted({each.finding.kind for _, some in told for each in some}),
        actions=sorted({each.finding.about for _, some in told for each in some} - {""}),
        reasons=_reasons(report),
    )
    return text


def _title(report: Report) -> str:
    firing = report.counts.firing
    if not firing:
        return "No rule fires on a side effect"
    return (
        f"{firing:,} rules fire on side effects" if firing > 1 else "1 rule fires on side effects"
    )


def _told(report: Report) -> list[tuple[Reviewed, Sequence[Told]]]:
    """The rules with something to say, those with the gravest findings first."""
    some = [
        (of, [each for each in told if each.finding.kind != NOT_JUDGED])
        for of, told in report.by_rule
    ]
    return sorted(
        (pair for pair in some if pair[1]),
        key=lambda pair: (LEVELS.index(pair[1][0].finding.level), -len(pair[1])),
    )


def _reasons(report: Report) -> list[tuple[str, Sequence[str], int]]:
    """Each reason with the rules that were not judged for it, and how many more there are."""
    titles: dict[str, list[str]] = defaultdict(list)
    for of in report.reviewed:
        if of.not_judged is not None:
            titles[of.not_judged].append(of.rule.title)
    return [
        (reason, titles[reason][:MAX_NAMES], max(len(titles[reason]) - MAX_NAMES, 0))
        for reason in report.reasons
    ]


def _many(count: int, one: str) -> str:
    """So many of something.

    >>> _many(1, "rule"), _many(1_200, "rule")
    ('1 rule', '1,200 rules')
    """
    return f"{count:,} {one}{'s' * (count != 1)}"
