"""Which actions list in their response what of the call failed: data/failed_parts.json.

Such a call succeeds, and says of each thing that it was asked for whether it was done. The table is made from the
service models' outputs (`bench/failed_parts.py`). EC2 writes the list into a member that is named for the action
(`DeleteFlowLogsResponse.unsuccessful`), and an empty text where nothing failed.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType


@cache
def failed_parts() -> Mapping[str, tuple[str, ...]]:
    """By action what the lists of failed parts are called in CloudTrail's records."""
    file = resources.files(__package__) / "data" / "failed_parts.json"
    table: dict[str, list[str]] = json.loads(file.read_text(encoding="utf-8"))
    return MappingProxyType({action: tuple(lists) for action, lists in table.items()})
