"""Techniques as the `threat` of a Kibana rule: one entry a tactic, techniques below it, sub-techniques below those.

https://www.elastic.co/docs/api/doc/kibana/operation/operation-createrule : `threat`.

Kibana shows whatever version of ATT&CK a rule states; the catalogue's is 19. A detection-rules repository holds
`threat` to version 18, in which Stealth and Defense Impairment were one tactic, Defense Evasion.
"""

from collections.abc import Iterable
from typing import Any

from ....catalog.attack import Tactic, Technique, technique

_FRAMEWORK = "MITRE ATT&CK"
_EVASION = Tactic("TA0005", "defense-evasion", "Defense Evasion")
_SPLIT = ("stealth", "defense-impairment")
# What version 19 made of version 18's, https://attack.mitre.org/resources/updates/ : the id and its parent.
_BEFORE = {
    "T1685": ("T1562.001", "Disable or Modify Tools"),
    "T1685.001": ("T1562.002", "Disable Windows Event Logging"),
    "T1685.002": ("T1562.008", "Disable or Modify Cloud Logs"),
    "T1685.003": ("T1562.011", "Spoof Security Alerting"),
    "T1685.004": ("T1562.012", "Disable or Modify Linux Audit System"),
    "T1686": ("T1562.004", "Disable or Modify System Firewall"),
    "T1686.001": ("T1562.007", "Disable or Modify Cloud Firewall"),
    "T1688": ("T1562.009", "Safe Mode Boot"),
    "T1689": ("T1562.010", "Downgrade Attack"),
    "T1690": ("T1562.003", "Impair Command History Logging"),
}
_IMPAIR = ("T1562", "Impair Defenses")


def threat(techniques: Iterable[str]) -> list[dict[str, Any]]:
    """The entries by the catalogue's version of ATT&CK, sorted by the tactic's id."""
    placed = [
        (tactic, known.id, known.name, _parent(known))
        for known in _known(techniques)
        for tactic in known.tactics
    ]
    return _entries(placed)


def threat_18(techniques: Iterable[str]) -> list[dict[str, Any]]:
    """The same by version 18."""
    placed = []
    for known in _known(techniques):
        id_, name = _BEFORE.get(known.id, (known.id, known.name))
        parent = _IMPAIR if known.id in _BEFORE else _parent(known)
        whole = (_EVASION if each.shortname in _SPLIT else each for each in known.tactics)
        placed += [(tactic, id_, name, parent) for tactic in whole]
    return _entries(placed)


def tactic_tags(entries: Iterable[dict[str, Any]]) -> list[str]:
    """A tag for each tactic, as Elastic's own rules have them."""
    return [f"Tactic: {entry['tactic']['name']}" for entry in entries]


def _known(techniques: Iterable[str]) -> list[Technique]:
    found = (technique(each) for each in sorted(set(techniques)))
    return [each for each in found if each is not None]


def _parent(known: Technique) -> tuple[str, str] | None:
    parent = technique(known.parent) if known.parent else None
    return (parent.id, parent.name) if parent else None


def _entries(
    placed: Iterable[tuple[Tactic, str, str, tuple[str, str] | None]],
) -> list[dict[str, Any]]:
    found: dict[str, tuple[Tactic, dict[str, dict[str, Any]]]] = {}
    for tactic, id_, name, parent in placed:
        _, below = found.setdefault(tactic.id, (tactic, {}))
        above, title = parent or (id_, name)
        entry = below.setdefault(above, _named(above, title))
        if parent is not None:
            listed = entry.setdefault("subtechnique", [])
            listed += [_named(id_, name)] if all(each["id"] != id_ for each in listed) else []
    return [
        {
            "framework": _FRAMEWORK,
            "tactic": {"id": tactic.id, "name": tactic.name, "reference": tactic.url},
            "technique": list(below.values()),
        }
        for _, (tactic, below) in sorted(found.items())
    ]


def _named(id_: str, name: str) -> dict[str, Any]:
    url = f"https://attack.mitre.org/techniques/{id_.replace('.', '/')}/"
    return {"id": id_, "name": name, "reference": url}
