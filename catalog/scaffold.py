"""A first draft of a cascade file, for an author to fill in."""

import re
from collections.abc import Iterable, Iterator, Sequence

import yaml

from .check_codes import Problem
from .findings import CatalogError
from .models import Cascade, Effect, KeySource, Origin
from .terms import ACTION_PATTERN, CASCADE_ID_PATTERN

_TITLE = "What happens, in one line"
_DESCRIPTION = "Why the effects happen, in your own words."
_RESIDUAL_RISK = "What an attacker still gains when this is silenced."
_EVENT_NAME = "EventNameOfTheSideEffect"
_KEY = "requestParameters.name"
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


def known_keys(action: str, cascades: Iterable[Cascade]) -> dict[str, object]:
    """The keys that `cascades` read from an event of this action, by name, as a file has them. Of keys of one name
    the first counts."""
    found: dict[str, object] = {}
    for cascade in cascades:
        nodes: list[Origin | Effect] = [*cascade.effects]
        if cascade.origin is not None:
            nodes.insert(0, cascade.origin)
        for node in nodes:
            if node.action == action:
                for name, key in node.keys.items():
                    found.setdefault(name, _as_written(key))
    return found


def _as_written(key: KeySource) -> object:
    told = key.model_dump(by_alias=True, exclude_defaults=True, mode="json")
    return told["path"] if list(told) == ["path"] else told


def scaffold(
    cascade_id: str,
    origin: str | None,
    effects: Sequence[str],
    *,
    cascades: Iterable[Cascade] = (),
    schema: str | None = None,
) -> str:
    """The text of a new cascade file. It loads as it is; `cascade check` says what is left to do.

    `origin` and `effects` are actions. Without an origin the id's last part is read as one. The keys are those that
    `cascades` have for these actions. `schema` is where an editor finds the JSON Schema of the file: a path relative
    to it, or a URL (https://github.com/redhat-developer/yaml-language-server#using-inlined-schema).

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
    known = list(cascades)
    of_root = known_keys(root, known)
    of_members = {action: known_keys(action, known) for action in members}
    if not of_root:
        of_root = {next(iter(of_members[members[0]]), "name"): _KEY}
    document = {
        "id": cascade_id,
        "title": _TITLE,
        "provider": "aws",
        "description": _DESCRIPTION,
        "origin": {"action": root, "keys": of_root},
        "effects": [_effect(action, of_members[action], of_root) for action in members],
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
    modeline = f"# yaml-language-server: $schema={schema}\n" if schema else ""
    return f"{modeline}{_HEADER}{body}"


def _effect(action: str, keys: dict[str, object], of_root: dict[str, object]) -> dict[str, object]:
    shared = [name for name in of_root if name in keys]
    if not shared:  # something to join on, for the author to put right
        asked = [name for name, key in of_root.items() if str(key).startswith("requestParameters.")]
        shared = asked or list(of_root)
        keys = {**keys, shared[0]: _KEY}
    return {
        "action": action,
        "relation": "precondition",
        "keys": keys,
        "join": shared[:1],
        "within": {"before": "10m"},
        "actor": "same",
        "attack": [],
    }


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
