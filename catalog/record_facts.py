"""What was counted in public collections of CloudTrail records: data/record_facts.json, read once.

`bench/record_facts.py` makes the table; each fact has the eventID of a record that shows it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from types import MappingProxyType

from .spellings import spellings

# So many records without an exception are taken for the rule.
ENOUGH = 3
# A service's ways with the mark of console sessions change over the years; so many data sets must agree.
SEVERAL = 2
FLAG = "sessionCredentialFromConsole"


@dataclass(frozen=True, slots=True)
class ActionFacts:
    """What records of one action have shown.

    `calls` succeeded; of these `requests` had request parameters and `responses` had response elements that were not
    null. `fields` are the kinds of values seen at a path: arn, id, uuid, url, number, boolean, text. `invoked_by`
    counts the services that called for somebody. `of_console` were made in console sessions, `flagged` of these have
    the mark of one. `refs` name a data set and an eventID.
    """

    calls: int
    requests: int
    responses: int
    fields: Mapping[str, frozenset[str]]
    invoked_by: Mapping[str, int]
    refs: tuple[str, ...]
    of_console: int = 0
    flagged: int = 0


@dataclass(frozen=True, slots=True)
class ConsoleFacts:
    """How many records of a service in console sessions there were, and how many had the flag."""

    records: int
    flagged: int
    refs: tuple[str, ...]

    @property
    def datasets(self) -> frozenset[str]:
        """The data sets in which there were any."""
        return frozenset(ref.rpartition(":")[0] for ref in self.refs)


@dataclass(frozen=True)
class RecordFacts:
    """The table: what was seen, by action, and by service in console sessions."""

    actions: Mapping[str, ActionFacts]
    console: Mapping[str, ConsoleFacts]

    def fields_of(self, action: str) -> frozenset[str]:
        """The paths that records of the action have shown."""
        facts = self.actions.get(action)
        return frozenset(facts.fields) if facts is not None else frozenset()

    @cached_property
    def capitals(self) -> frozenset[str]:
        """The services in whose records every member of a request begins with a capital."""
        small: dict[str, bool] = {}
        for action, facts in self.actions.items():
            for path in facts.fields:
                side, _, member = path.partition(".")
                if side == "requestParameters":
                    service = action.partition(":")[0]
                    small[service] = small.get(service, False) or not member[:1].isupper()
        return frozenset(service for service, any_small in small.items() if not any_small)

    def null_because(self, action: str, member: str) -> str | None:
        """A record or data set that shows that `requestParameters` or `responseElements` of the action are null."""
        if ref := spellings().null.get(member, {}).get(action):
            return ref
        facts = self.actions.get(action)
        if facts is None or facts.calls < ENOUGH:
            return None
        seen = {"requestParameters": facts.requests, "responseElements": facts.responses}
        return f"{facts.calls} records, such as {facts.refs[0]}" if seen.get(member) == 0 else None

    def unflagged_because(self, service: str) -> str | None:
        """What shows that the service's records of console sessions lack `sessionCredentialFromConsole`."""
        facts = self.console.get(service)
        if facts is None or facts.flagged or len(facts.datasets) < SEVERAL:
            return None
        return (
            f"none of {facts.records} records of console sessions has it, such as {facts.refs[0]}"
        )

    def never_flagged_because(self, action: str) -> str | None:
        """What shows that console records of the action lack the mark, where none of its service has it."""
        facts = self.actions.get(action)
        service = self.console.get(action.partition(":")[0])
        if facts is None or not facts.of_console or (service is not None and service.flagged):
            return None
        return f"{facts.of_console} from a console session lack it, such as {facts.refs[0]}"


def written_member(service: str, name: str) -> str | None:
    """How records write a member of the model's of botocore's `service`, where not with a small first letter.

    >>> written_member("codeartifact", "domain"), written_member("iam", "UserName")
    ('domainName', None)
    """
    if renamed := spellings().renamed.get(service, {}).get(name):
        return renamed
    return name if service in spellings().capitals | record_facts().capitals else None


@cache
def record_facts() -> RecordFacts:
    """The table of the package."""
    file = resources.files(__package__) / "data" / "record_facts.json"
    table = json.loads(file.read_bytes())
    actions = {
        action: ActionFacts(
            calls=row["calls"][0],
            requests=row["calls"][1],
            responses=row["calls"][2],
            fields=MappingProxyType(
                {path: frozenset(kinds.split()) for path, kinds in row.get("fields", {}).items()}
            ),
            invoked_by=MappingProxyType(row.get("invoked_by", {})),
            refs=tuple(row["refs"]),
            of_console=row.get("console", (0, 0))[0],
            flagged=row.get("console", (0, 0))[1],
        )
        for action, row in table["actions"].items()
    }
    console = {
        service: ConsoleFacts(row["records"], row["flagged"], tuple(row["refs"]))
        for service, row in table["console"].items()
    }
    return RecordFacts(MappingProxyType(actions), MappingProxyType(console))
