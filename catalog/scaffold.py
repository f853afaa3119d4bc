"""A first draft of a cascade file, for an author to fill in."""

import re
from collections.abc import Iterator, Sequence

import yaml

from .check_codes import Problem
from .findings import CatalogError
from .models import Cascade
from .terms import ACTION_PATTERN, CASCADE_ID_PATTERN

_TITLE = "What happens, in one line"
_DESCRIPTION = "Why the effects happen, in your own words."
_RESIDUAL_RISK = "What an attacker still gains when this is silenced."
_EVENT_NAME = "EventNameOfTheSideEffect"
_REF = "https://docs.aws.amazon.com/"


def parse_cascade_id(cascade_id: str) -> tuple[str, ...]:
    """The parts of an id: provider, service, name.

    Raises:
        CatalogError: it has another form.

    >>> parse_cascade_id("aws.mq.delete-broker")
    ('aws', 'mq', 'delete-broker')
    """
    if not re.fullmatch(CASCADE_ID_PATTERN, cascade_id):
        raise CatalogError(
            f"{cascade_id!r} is no cascade id: provider.service.name in lower case, such as aws.mq.delete-broker"
        )
    return tuple(cascade_id.split("."))


def scaffold(cascade_id: str, origin: str | None, effects: Sequence[str]) -> str:
    """The text of a new cascade file. It loads as it is; `cascade check` says what is left to do.

    `origin` and `effects` are actions. Without an origin the id's last part is read as one.

    Raises:
        CatalogError: the id or an action has the wrong form.
    """
    _, service, name = parse_cascade_id(cascade_id)
    root = origin or f"{service}:{''.join(word.capitalize() for word in name.split('-'))}"
    members = list(effects) or [f"{service}:{_EVENT_NAME}"]
    for action in (root, *members):
        if not re.fullmatch(ACTION_PATTERN, action):
            raise CatalogError(
                f"{action!r} is no action: service:EventName, such as iam:DeleteUser"
            )
    document = {
        "id": cascade_id,
        "title": _TITLE,
        "provider": "aws",
        "description": _DESCRIPTION,
        "origin": {"action": root, "keys": {"name": "requestParameters.name"}},
        "effects": [
            {
                "action": action,
                "relation": "precondition",
                "keys": {"name": "requestParameters.name"},
                "join": ["name"],
                "within": {"before": "10m"},
                "actor": "same",
                "attack": [],
            }
            for action in members
        ],
        "suppression": {
            "policy": "annotate",
            "residual_risk": _RESIDUAL_RISK,
        },
        "evidence": [
            {
                "kind": "documentation",
                "ref": _REF,
                "supports": members,
            }
        ],
    }
    body = yaml.dump(document, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=110)
    return f"{_HEADER}{body}"


def placeholder_problems(cascade: Cascade) -> Iterator[Problem]:
    """What the scaffold left for an author to write, and nobody wrote."""
    texts: list[tuple[tuple[str | int, ...], str, str]] = [
        (("title",), cascade.title, _TITLE),
        (("description",), cascade.description, _DESCRIPTION),
        (("suppression", "residual_risk"), cascade.suppression.residual_risk, _RESIDUAL_RISK),
        *(
            (("evidence", index, "ref"), evidence.ref, _REF)
            for index, evidence in enumerate(cascade.evidence)
        ),
        *(
            (("effects", index, "action"), effect.action.partition(":")[2], _EVENT_NAME)
            for index, effect in enumerate(cascade.effects)
        ),
    ]
    for loc, text, placeholder in texts:
        if text.strip() == placeholder:
            yield Problem(loc, "placeholder", f"{text.strip()!r} is the scaffold's: write your own")


class _Plain(yaml.SafeDumper):
    """Block style without aliases: the loader refuses them."""

    def ignore_aliases(self, data: object) -> bool:
        return True


_HEADER = """\
# docs/cascade-file.md explains every field, docs/checks.md what `cascade check` says.
# Field paths are spelt as CloudTrail spells them: requestParameters.userName.
"""
