"""Words for windows, conditions and callers, short enough for a box or an arrow."""

from collections.abc import Iterator

from ...catalog.models import Condition, Where
from ...catalog.terms import format_duration

_SHOWN_VALUES = 3


def window_words(before_s: int, after_s: int) -> tuple[str, ...]:
    """How far an effect may lie from what it hangs on, in lines.

    >>> window_words(3600, 120), window_words(0, 0)
    (('≤ 1h before', '≤ 2m after'), ('same second',))
    """
    lines = []
    if before_s:
        lines.append(f"≤ {format_duration(before_s)} before")
    if after_s:
        lines.append(f"≤ {format_duration(after_s)} after")
    return tuple(lines) or ("same second",)


def actor_words(rule: str) -> str:
    """Who must have called; empty for the rule that is taken for granted, the same principal.

    >>> actor_words("service:sso.amazonaws.com"), actor_words("same")
    ('called by sso.amazonaws.com', '')
    """
    service = rule.removeprefix("service:")
    if service != rule:
        return f"called by {service}"
    return {"same": "", "same-role": "same role", "any": "any caller"}[rule]


def where_words(where: Where) -> tuple[str, ...]:
    """The conditions on an event, a line each.

    >>> from cloudcascade.catalog import Condition
    >>> where_words({"requestParameters.status": Condition(equals="Inactive")})
    ('status = Inactive',)
    """
    lines = []
    for path, condition in where.items():
        field = path.rpartition(".")[2]
        lines.append(" and ".join(f"{field} {test}" for test in _tests(condition)))
    return tuple(lines)


def _tests(condition: Condition) -> Iterator[str]:
    if condition.equals is not None:
        yield f"= {_value(condition.equals)}"
    if condition.in_ is not None:
        shown = [_value(value) for value in condition.in_[:_SHOWN_VALUES]]
        yield "= " + " or ".join(shown) + (" or …" if len(condition.in_) > _SHOWN_VALUES else "")
    if condition.startswith is not None:
        yield f"begins with {condition.startswith}"
    if condition.endswith is not None:
        yield f"ends with {condition.endswith}"
    if condition.exists:
        yield "is given"
    if condition.absent:
        yield "is not given"
    if condition.grants is not None:
        yield "grants to the own account only"
    if condition.only is not None:
        names = list(condition.only[:_SHOWN_VALUES])
        more = ["…"] if len(condition.only) > _SHOWN_VALUES else []
        yield "holds only " + ", ".join([*names, *more])
    if condition.not_ is not None:
        yield "not (" + " and ".join(_tests(condition.not_)) + ")"


def _value(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
