"""Makes catalog/data/failed_parts.json anew from the service models of the botocore that is installed.

    python bench/failed_parts.py > catalog/data/failed_parts.json

For each action that answers with a list of the parts that failed: what the list is called in CloudTrail's records.
Reads are left out: nothing of theirs can be done in part.
"""

import json
import re
import sys

from cloudcascade.catalog import ServiceModels, load_service_models

_FAILED = re.compile(
    r"^(unsuccessful|unprocessed|undeleted|failed|failures?$|errors?$|error(list|entries)$)|(errors|failures|notdeleted)$",
    re.IGNORECASE,
)
# A fleet's errors are offers that could not be had, and no parts of what was asked.
_NO_PARTS = frozenset({"ec2:CreateFleet"})
_READ = re.compile(r"^(Describe|Get|List|Search|Lookup|Select|Query|Scan)")


def failed_parts(models: ServiceModels) -> dict[str, list[str]]:
    """By action the names of the lists in its response that say what failed."""
    found: dict[str, set[str]] = {}
    for source in models.sources():
        for event_name in models.event_names(source):
            if _READ.match(event_name) or f"{source}:{event_name}" in _NO_PARTS:
                continue
            for operation in models.operations(f"{source}:{event_name}"):
                members = operation.output.members if operation.output else {}
                for name, member in members.items():
                    if member.shape.kind in ("list", "map") and _FAILED.search(name):
                        spelt = {member.wire_name} if operation.protocol == "ec2" else {name}
                        if operation.protocol == "rest-xml":
                            spelt.add(member.wire_name)
                        lists = found.setdefault(f"{source}:{event_name}", set())
                        lists.update(each[0].lower() + each[1:] for each in spelt)
    return {action: sorted(lists) for action, lists in sorted(found.items())}


def written(table: dict[str, list[str]]) -> str:
    """The table as JSON with one action a line, so that a change shows in a diff."""
    rows = ",\n".join(
        f"  {json.dumps(action)}: {json.dumps(lists)}" for action, lists in table.items()
    )
    return f"{{\n{rows}\n}}\n"


if __name__ == "__main__":
    sys.stdout.write(written(failed_parts(load_service_models())))
