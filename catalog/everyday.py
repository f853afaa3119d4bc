"""Calls that are made all day, in every account: data/everyday.yaml, read once."""

import re
from functools import cache
from importlib import resources

import yaml
from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from .terms import Action, Text


@dataclass(frozen=True, slots=True)
class _Everyday:
    reads: tuple[Text, ...]
    hand_out: frozenset[Action]
    data_keys: frozenset[Action]


@cache
def is_everyday(action: str) -> bool:
    """Whether a call of this action, which nothing explains, is no reason to look: it reads what is no secret, or
    asks KMS for a data key.

    >>> is_everyday("kms:Decrypt"), is_everyday("iam:ListUsers"), is_everyday("secretsmanager:GetSecretValue")
    (True, True, False)
    >>> is_everyday("waf:GetawayCar")
    False
    """
    table, reads = _table()
    if action in table.hand_out:
        return False
    return action in table.data_keys or reads.match(action.partition(":")[2]) is not None


@cache
def _table() -> tuple[_Everyday, re.Pattern[str]]:
    file = resources.files(__package__) / "data" / "everyday.yaml"
    table = TypeAdapter(_Everyday).validate_python(
        yaml.load(
            file.read_text(encoding="utf-8"),
            Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader),  # noqa: S506 - both are safe loaders
        )
    )
    return table, re.compile(rf"(?:{'|'.join(map(re.escape, table.reads))})(?=[A-Z])")
