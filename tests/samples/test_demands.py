"""What conditions demand, and values that meet it."""

import pytest

from cloudcascade.catalog import Condition
from cloudcascade.samples import OPERATORS, Demand, Unsatisfiable
from cloudcascade.samples.demands import demand_of, holds, met, pick

ACCOUNT = "111122223333"


def condition(**operators: object) -> Condition:
    return Condition.model_validate(operators)


def test_every_operator_of_the_document_has_an_entry() -> None:
    named = {declared.alias or name for name, declared in Condition.model_fields.items()}
    assert named <= set(OPERATORS)


@pytest.mark.parametrize(
    "operators",
    [
        {"equals": 3},
        {"in": ["a", "b"]},
        {"in": ["a", "b"], "not": "a"},
        {"startswith": "a-", "endswith": "-z"},
        {"exists": True},
        {"grants": "own-account"},
        {"not": {"startswith": "x"}},
    ],
)
def test_what_is_picked_holds(operators: dict[str, object]) -> None:
    asked = condition(**operators)
    own = OPERATORS["grants"]
    demand = demand_of(asked)
    value = pick(demand, ACCOUNT, lambda: own_policy() if demand.own_account else "m", "it")
    assert holds(asked, value, ACCOUNT)
    assert own.holds(value, None, ACCOUNT) == demand.own_account


def own_policy() -> object:
    from cloudcascade.samples.demands import own_policy as made

    return made(ACCOUNT)


def test_types_tell_values_apart() -> None:
    assert not holds(condition(equals="3"), 3, ACCOUNT)
    assert not holds(condition(equals=1), True, ACCOUNT)


@pytest.mark.parametrize(
    "operators",
    [{"equals": "a", "in": ["b"]}, {"equals": "a", "not": "a"}, {"equals": "a", "startswith": "b"}],
)
def test_what_no_value_meets_is_refused(operators: dict[str, object]) -> None:
    with pytest.raises(Unsatisfiable, match="no value of it"):
        pick(demand_of(condition(**operators)), ACCOUNT, lambda: "a", "it")


def test_an_object_without_other_members() -> None:
    demand = OPERATORS["only"].narrow(Demand(), ("remove",))
    assert met(demand, {"remove": "x"}, ACCOUNT)
    assert met(demand, {"remove": "x", "add": None}, ACCOUNT)
    assert not met(demand, {"remove": "x", "add": "y"}, ACCOUNT)
