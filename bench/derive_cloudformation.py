"""Makes catalog/data/handlers.json anew from CloudFormation's resource schemas, as cfn-lint bundles them.

    pip install cfn-lint botocore
    python bench/derive_cloudformation.py > catalog/data/handlers.json

Taken from a schema: the permissions that its create, update and delete handlers declare. They are
unordered, and what a handler may call is no proof that it does. Kept are those that change something
and that CloudTrail records, in CloudTrail's spelling.
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

import json
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata, resources
from typing import Any

from cloudcascade.catalog import ServiceModels, load_service_models

HANDLERS = ("create", "update", "delete")
_READS = ("BatchGet", "Check", "Describe", "Get", "Head", "List", "Lookup", "Search", "Validate")


def handler_table(
    schemas: Iterable[Mapping[str, Any]], models: ServiceModels
) -> dict[str, dict[str, list[str]]]:
    """For each resource type and handler the actions that it may call, sorted.

    A permission that names no operation, such as `iam:PassRole` or one with a wildcard, is left out.
    """
    table: dict[str, dict[str, list[str]]] = {}
    for schema in schemas:
        found = {}
        for handler in HANDLERS:
            permissions = schema.get("handlers", {}).get(handler, {}).get("permissions", ())
            actions = {
                logged
                for permission in permissions
                if not permission.partition(":")[2].startswith(_READS)
                for logged in _logged(permission, models)
            }
            if actions:
                found[handler] = sorted(actions)
        if found:
            table[schema["typeName"]] = found
    return dict(sorted(table.items()))


def _logged(permission: str, models: ServiceModels) -> tuple[str, ...]:
    """A permission as CloudTrail records its call: IAM writes `lambda:CreateFunction` and leaves the date out."""
    service, _, name = permission.partition(":")
    for source in models.sources_of(service) or (service,):
        action = f"{source}:{name}"
        if models.operations(action):
            return (action,)
        if logged := models.logged_as(action):
            return tuple(logged)
    return ()


def _bundled() -> Iterable[Mapping[str, Any]]:
    folder = resources.files("cfnlint") / "data" / "schemas" / "resources"
    for file in folder.iterdir():
        if file.name.endswith(".json"):
            yield json.loads(file.read_text(encoding="utf-8"))


def main() -> None:
    """Print the table, a resource type a line, so that a change of it can be read."""
    table = handler_table(_bundled(), load_service_models())
    lines = [f"  {json.dumps(name)}: {json.dumps(handlers)}" for name, handlers in table.items()]
    source = f"cfn-lint {metadata.version('cfn-lint')}"
    sys.stdout.write(f'{{"source": {json.dumps(source)}, "types": {{\n')
    sys.stdout.write(",\n".join(lines))
    sys.stdout.write("\n}}\n")


if __name__ == "__main__":
    main()
