"""Makes catalog/data/attack.json anew from MITRE's STIX bundle of the enterprise matrix.

    python bench/attack_table.py enterprise-attack.json > catalog/data/attack.json

The bundle is https://github.com/mitre-attack/attack-stix-data. Taken from it: ids, names, tactics,
platforms that are a cloud, revocations and deprecations; nothing else.
"""

import json
import sys
from pathlib import Path
from typing import Any

Row = list[str]

# As in cloudcascade.catalog.attack, which this script does without.
_CLOUD_PLATFORMS = {"Containers", "IaaS", "Identity Provider", "Office Suite", "SaaS"}


def attack_table(bundle: dict[str, Any]) -> dict[str, Any]:
    """The table that `cloudcascade.catalog.attack` reads.

    Raises:
        KeyError: the bundle has no collection, matrix or tactic where one is needed.
    """
    objects: list[dict[str, Any]] = bundle["objects"]
    by_stix = {thing["id"]: thing for thing in objects}
    version = next(
        thing["x_mitre_version"] for thing in objects if thing["type"] == "x-mitre-collection"
    )
    matrix = next(thing for thing in objects if thing["type"] == "x-mitre-matrix")
    tactics = [
        [_id(by_stix[ref]), by_stix[ref]["x_mitre_shortname"], by_stix[ref]["name"]]
        for ref in matrix["tactic_refs"]
    ]
    order = {row[1]: place for place, row in enumerate(tactics)}
    successors = {
        thing["source_ref"]: thing["target_ref"]
        for thing in objects
        if thing["type"] == "relationship" and thing["relationship_type"] == "revoked-by"
    }
    current: dict[str, Row] = {}
    revoked: dict[str, Row] = {}
    deprecated: dict[str, str] = {}
    platforms: dict[str, Row] = {}
    for thing in objects:
        if thing["type"] != "attack-pattern":
            continue
        if thing.get("revoked"):
            if thing["id"] in successors:
                revoked[_id(thing)] = [thing["name"], _id(by_stix[successors[thing["id"]]])]
        elif thing.get("x_mitre_deprecated"):
            deprecated[_id(thing)] = thing["name"]
        else:
            phases = {phase["phase_name"] for phase in thing["kill_chain_phases"]}
            current[_id(thing)] = [thing["name"], " ".join(sorted(phases, key=order.__getitem__))]
            clouds = _CLOUD_PLATFORMS & set(thing.get("x_mitre_platforms", ()))
            if clouds:
                platforms[_id(thing)] = sorted(clouds)
    # Ids have been used again: a revoked object may carry the id of a current one.
    revoked = {id_: row for id_, row in revoked.items() if id_ not in current}
    deprecated = {id_: name for id_, name in deprecated.items() if id_ not in current}
    return {
        "version": version,
        "tactics": tactics,
        "techniques": dict(sorted(current.items())),
        "platforms": dict(sorted(platforms.items())),
        "revoked": dict(sorted(revoked.items())),
        "deprecated": dict(sorted(deprecated.items())),
    }


def written(table: dict[str, Any]) -> str:
    """The table as JSON with one id a line, so that a change shows in a diff."""
    parts = [f'  "version": {json.dumps(table["version"])}']
    rows = ",\n".join(f"    {json.dumps(row)}" for row in table["tactics"])
    parts.append(f'  "tactics": [\n{rows}\n  ]')
    for name in ("techniques", "platforms", "revoked", "deprecated"):
        rows = ",\n".join(
            f"    {json.dumps(id_)}: {json.dumps(row, ensure_ascii=False)}"
            for id_, row in table[name].items()
        )
        parts.append(f'  "{name}": {{\n{rows}\n  }}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _id(thing: dict[str, Any]) -> str:
    return next(
        str(reference["external_id"])
        for reference in thing["external_references"]
        if reference.get("source_name") == "mitre-attack"
    )


if __name__ == "__main__":
    sys.stdout.write(written(attack_table(json.loads(Path(sys.argv[1]).read_bytes()))))
