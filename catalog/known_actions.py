"""Actions that the literature on attacks in AWS names, also where no cascade is known: data/actions.yaml, read once."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal, get_args

import yaml
from pydantic import TypeAdapter

from .action_checks import action_named
from .attack import technique
from .compiled import digest, keep, recall
from .models import Model
from .service_models import ServiceModels
from .technique_table import technique_table
from .terms import Action, Technique, Text

Log = Literal["write", "read", "data", "service", "sign-in"]
LOGS: tuple[Log, ...] = get_args(Log)


class KnownAction(Model):
    """An action in an attacker's hands: where it is recorded, what it is for, what to look at.

    `log` is CloudTrail's kind of record: `write` and `read` are management events, `data` needs event
    selectors, `service` is what AWS emits by itself, `sign-in` comes from the sign-in endpoints.
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html
    """

    log: Log
    attack: tuple[Technique, ...]
    note: Text


@cache
def known_actions() -> Mapping[str, KnownAction]:
    """The table of the package, by action."""
    content = (resources.files(__package__) / "data" / "actions.yaml").read_bytes()
    key = digest({"actions.yaml": content})
    adapter = TypeAdapter(dict[Action, KnownAction])
    table = recall("actions", key, adapter)
    if table is None:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        data = yaml.load(content, Loader=loader)["actions"]  # noqa: S506 - both are safe loaders
        table = adapter.validate_python(data)
        keep("actions", key, data)
    return MappingProxyType(table)


def known_action_problems(
    table: Mapping[str, KnownAction], models: ServiceModels
) -> Iterator[tuple[str, str]]:
    """Actions of the table that CloudTrail does not record, and techniques that are not current."""
    for action, known in table.items():
        for problem in action_named((), action, models):
            yield action, problem.message
        for id_ in known.attack:
            found = technique(id_)
            if found is None or found.status != "current":
                yield action, f"{id_} is no current technique"
        given = technique_table().assigned(action)
        if given is not None and set(given.ids) != set(known.attack):
            yield (
                action,
                f"techniques.yaml has {', '.join(given.ids) or 'no technique'}: {given.why}",
            )
