"""ATT&CK techniques and tactics of the enterprise matrix, from a table in the package.

The table states version 19.0 (April 2026): ids, names, tactics, and which ids are revoked or
deprecated; no descriptions. It was put together from the techniques of 17.0 and from MITRE's
change logs up to 19.0 (https://attack.mitre.org/resources/updates/), and agrees with the numbers
given there: 15 tactics, 222 techniques, 475 sub-techniques. Version 19 split the tactic Defense
Evasion into Stealth and Defense Impairment, and moved Impair Defenses (T1562) to T1685 to T1690.

`platforms` says which techniques are about a cloud, as of 18.1 (https://github.com/mitre/cti). Of the ids that are new
since, those that took another's place have that one's (T1685 that of T1562.001, T1685.002 that of T1562.008, T1686.001
that of T1562.007), and the rest have none.

Not covered: the mobile and ICS matrices, PRE-ATT&CK, changes after 19.0, and the names of most ids
that were revoked before 17.0. `bench/attack_table.py` makes the table anew from MITRE's STIX bundle.
ATT&CK(R) is a trademark of The MITRE Corporation; NOTICE has its terms.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Literal

_SITE = "https://attack.mitre.org"

Status = Literal["current", "revoked", "deprecated"]

CLOUD_PLATFORMS = ("Containers", "IaaS", "Identity Provider", "Office Suite", "SaaS")
"""The platforms of the matrix that the table states; hosts and network devices are left out."""


@dataclass(frozen=True, slots=True)
class Tactic:
    """What an attacker is after. `shortname` is the name as tools write it: `credential-access`."""

    id: str
    shortname: str
    name: str

    @property
    def url(self) -> str:
        """MITRE's page."""
        return f"{_SITE}/tactics/{self.id}/"


@dataclass(frozen=True, slots=True)
class Technique:
    """How an attacker goes about it.

    `name` is empty for ids that were revoked long ago, and `tactics` for all that are not current.
    `parent` is the id of a sub-technique's technique. `revoked_by` is the current id that takes a
    revoked one's place. `platforms` are those of MITRE's that are a cloud or what runs in one (`CLOUD_PLATFORMS`).
    """

    id: str
    name: str
    tactics: tuple[Tactic, ...]
    parent: str | None
    status: Status = "current"
    revoked_by: str | None = None
    platforms: frozenset[str] = frozenset()

    @property
    def url(self) -> str:
        """MITRE's page."""
        return f"{_SITE}/techniques/{self.id.replace('.', '/')}/"

    @property
    def full_name(self) -> str:
        """The name behind its technique's: `Valid Accounts: Cloud Accounts`."""
        parent = technique(self.parent) if self.parent else None
        return f"{parent.name}: {self.name}" if parent and parent.name and self.name else self.name


def technique(technique_id: str) -> Technique | None:
    """The technique of that id, current or not, or None where the table has no such id."""
    return techniques().get(technique_id)


def tactics() -> tuple[Tactic, ...]:
    """All tactics in the order of the matrix."""
    return tuple(Tactic(*row) for row in _table()["tactics"])


def attack_version() -> str:
    """The release that the table states."""
    return str(_table()["version"])


@cache
def techniques() -> Mapping[str, Technique]:
    """Every technique of the table by id, current or not."""
    table = _table()
    platforms: dict[str, list[str]] = table["platforms"]
    by_shortname = {tactic.shortname: tactic for tactic in tactics()}
    found = {
        id_: Technique(
            id_,
            name,
            tuple(by_shortname[part] for part in shortnames.split()),
            _parent(id_),
            platforms=frozenset(platforms.get(id_, ())),
        )
        for id_, (name, shortnames) in table["techniques"].items()
    }
    revoked: dict[str, list[str]] = table["revoked"]
    for id_, (name, successor) in revoked.items():
        while successor in revoked:
            successor = revoked[successor][1]
        found[id_] = Technique(id_, name, (), _parent(id_), "revoked", successor)
    for id_, name in table["deprecated"].items():
        found[id_] = Technique(id_, name, (), _parent(id_), "deprecated")
    return MappingProxyType(found)


@cache
def _table() -> dict[str, Any]:
    file = resources.files(__package__) / "data" / "attack.json"
    table: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return table


def _parent(technique_id: str) -> str | None:
    parent, dot, _ = technique_id.partition(".")
    return parent if dot else None
