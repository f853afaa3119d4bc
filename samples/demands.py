"""What the conditions of a document demand of a field, and a value that meets it.

OPERATORS has one entry for each operator of a condition: how it narrows a demand, and whether it holds
for a value that was made here. Only what stands there is known of an operator.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from ..catalog import Condition
from ..errors import CloudcascadeError
from .callers import Json

_TRIES = 200


class Unsatisfiable(CloudcascadeError):
    """No value meets what is demanded; the text says of what."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What a value has to be.

    `choices`: one of these, None for any. `own_account`: a resource policy that lets nobody else in.
    `members`: an object without any others, None for any. `refused`: conditions that must fail.
    """

    choices: tuple[object, ...] | None = None
    prefix: str = ""
    suffix: str = ""
    present: bool = False
    absent: bool = False
    own_account: bool = False
    members: tuple[str, ...] | None = None
    refused: tuple[Condition, ...] = ()


FREE = Demand()


def _one_of(demand: Demand, values: Iterable[object]) -> Demand:
    known = demand.choices
    return replace(
        demand,
        choices=tuple(
            each for each in values if known is None or any(_same(each, one) for one in known)
        ),
    )


def _same(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other


def _refusing(demand: Demand, inner: Condition) -> Demand:
    named = list(operators_of(inner))
    if [name for name, _ in named] == ["not"]:
        return demand_of(named[0][1], demand)  # twice refused is asked for
    return replace(demand, refused=(*demand.refused, inner))


def _something(value: object) -> bool:
    return value is not None and value not in ("", [], {})


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator: `narrow(demand, argument)`, and `holds(value, argument, account)`."""

    narrow: Callable[[Demand, Any], Demand]
    holds: Callable[[Any, Any, str], bool]


OPERATORS: dict[str, Operator] = {
    "equals": Operator(
        lambda demand, value: _one_of(demand, (value,)),
        lambda value, wanted, _: _same(value, wanted),
    ),
    "in": Operator(
        _one_of,
        lambda value, wanted, _: any(_same(value, each) for each in wanted),
    ),
    "startswith": Operator(
        lambda demand, text: replace(demand, prefix=max(demand.prefix, text, key=len)),
        lambda value, text, _: isinstance(value, str) and value.startswith(text),
    ),
    "endswith": Operator(
        lambda demand, text: replace(demand, suffix=max(demand.suffix, text, key=len)),
        lambda value, text, _: isinstance(value, str) and value.endswith(text),
    ),
    "exists": Operator(
        lambda demand, _: replace(demand, present=True),
        lambda value, _, __: _something(value),
    ),
    "absent": Operator(
        lambda demand, _: replace(demand, absent=True),
        lambda value, _, __: not _something(value),
    ),
    "grants": Operator(
        lambda demand, _: replace(demand, own_account=True, present=True),
        lambda value, _, account: value in (own_policy(account), json.dumps(own_policy(account))),
    ),
    "only": Operator(
        lambda demand, names: replace(demand, members=tuple(names), present=True),
        lambda value, names, _: (
            isinstance(value, dict)
            and all(name in names for name, member in value.items() if member is not None)
        ),
    ),
    "not": Operator(
        lambda demand, inner: _refusing(replace(demand, present=True), inner),
        lambda value, inner, account: _something(value) and not holds(inner, value, account),
    ),
}


def operators_of(condition: Condition) -> Iterator[tuple[str, Any]]:
    """The operators that a condition names, each with its argument."""
    for name, declared in type(condition).model_fields.items():
        argument = getattr(condition, name)
        if argument is not None:
            yield declared.alias or name, argument


def demand_of(condition: Condition, also: Demand = FREE) -> Demand:
    """What `condition` demands, besides `also`."""
    for name, argument in operators_of(condition):
        also = OPERATORS[name].narrow(also, argument)
    return also


def holds(condition: Condition, value: object, account: str) -> bool:
    """Whether `condition` holds for a single `value` in a record of `account`."""
    named = list(operators_of(condition))
    if value is None and any(name != "absent" for name, _ in named):
        return False
    return all(OPERATORS[name].holds(value, argument, account) for name, argument in named)


def met(demand: Demand, value: object, account: str) -> bool:
    """Whether `value` is what is demanded."""
    if demand.absent:
        return not _something(value) and not demand.present and demand.choices is None
    if demand == FREE:
        return True
    text = value if isinstance(value, str) else None
    return (
        value is not None
        and (demand.choices is None or any(_same(value, each) for each in demand.choices))
        and (not demand.prefix or (text is not None and text.startswith(demand.prefix)))
        and (not demand.suffix or (text is not None and text.endswith(demand.suffix)))
        and (not demand.present or _something(value))
        and (not demand.own_account or OPERATORS["grants"].holds(value, None, account))
        and (demand.members is None or OPERATORS["only"].holds(value, demand.members, account))
        and not any(holds(each, value, account) for each in demand.refused)
    )


def pick(demand: Demand, account: str, draw: Callable[[], object], what: str) -> object:
    """A value that meets `demand`: one of its choices, or else one that `draw` makes, fitted to it.

    Raises:
        Unsatisfiable: there is none; `what` names the field.
    """
    if demand.choices is not None:
        fitting = [each for each in demand.choices if met(demand, each, account)]
        if fitting:
            return fitting[0]
    elif not demand.absent:
        for _ in range(_TRIES):
            value = _fitted(demand, draw())
            if met(demand, value, account):
                return value
    raise Unsatisfiable(f"no value of {what} meets its conditions")


def _fitted(demand: Demand, value: object) -> object:
    if not (demand.prefix or demand.suffix):
        return value
    text = str(value)
    if demand.prefix and not text.startswith(demand.prefix):
        text = demand.prefix + text.replace(":", "/").rpartition("/")[2]
    return text if text.endswith(demand.suffix) else text + demand.suffix


def own_policy(account: str) -> Json:
    """A resource policy that lets in the account alone."""
    return _policy({"AWS": f"arn:aws:iam::{account}:root"})


def open_policy() -> Json:
    """A resource policy that lets everybody in."""
    return _policy("*")


def _policy(principal: object) -> Json:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "*", "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}
