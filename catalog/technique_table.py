"""Which techniques an action has in an attacker's hands, and which of ATT&CK's platforms AWS is: data/techniques.yaml.

One place for all documents, so that like actions have like ids.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Annotated

import yaml
from pydantic import Field, StringConstraints

from .models import Model
from .terms import Technique, Text

_Pattern = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+:[A-Za-z0-9_]+\*?$")]
_ALWAYS = "always"


class _Group(Model):
    ids: tuple[Technique, ...]
    why: Text
    actions: Annotated[tuple[_Pattern, ...], Field(min_length=1)]


class _File(Model):
    platforms: dict[str, tuple[Text, ...]]
    techniques: tuple[_Group, ...]


@dataclass(frozen=True, slots=True)
class Assigned:
    """What the table says of an action: the ids, none where ATT&CK has no name for it, and why."""

    ids: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class TechniqueTable:
    """The table: by action, by pattern (`ec2:Describe*`), and the platforms by event source."""

    named: Mapping[str, Assigned]
    patterns: Mapping[str, Assigned]
    _platforms: Mapping[str, frozenset[str]]

    def assigned(self, action: str) -> Assigned | None:
        """What is said of the action: by its name, or else by the longest pattern that fits it."""
        if action in self.named:
            return self.named[action]
        fitting = [pattern for pattern in self.patterns if fnmatchcase(action, pattern)]
        return self.patterns[max(fitting, key=len)] if fitting else None

    def platforms(self, action: str) -> frozenset[str]:
        """The platforms of ATT&CK's matrix that the control plane of the action's service is."""
        more = self._platforms.get(action.partition(":")[0], frozenset())
        return self._platforms[_ALWAYS] | more


@cache
def technique_table() -> TechniqueTable:
    """The table of the package.

    Raises:
        ValueError: an action or a pattern stands there twice.
    """
    content = (resources.files(__package__) / "data" / "techniques.yaml").read_bytes()
    read = _File.model_validate(yaml.safe_load(content))
    named: dict[str, Assigned] = {}
    patterns: dict[str, Assigned] = {}
    for group in read.techniques:
        for action in group.actions:
            into = patterns if action.endswith("*") else named
            if action in into:
                raise ValueError(f"{action} stands twice in techniques.yaml")
            into[action] = Assigned(group.ids, group.why)
    return TechniqueTable(
        MappingProxyType(named),
        MappingProxyType(patterns),
        MappingProxyType({name: frozenset(each) for name, each in read.platforms.items()}),
    )
