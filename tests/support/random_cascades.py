"""Draws small catalogues. What is drawn is valid by construction, so nothing is filtered away."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from cloudcascade.catalog.models import Cascade

from .cascades import Document, cascade

ACTIONS = (
    "iam:DeleteUser",
    "iam:DeleteAccessKey",
    "iam:CreateUser",
    "s3:DeleteBucket",
    "s3:PutBucketPolicy",
    "kms:Decrypt",
)
KEY_NAMES = ("user", "device")
TECHNIQUES = ("T1531", "T1098", "T1556.006")

SOURCES: dict[str, list[Any]] = {
    "user": [
        "requestParameters.userName",
        "requestParameters.userName",
        "requestParameters.userName",
        {"path": "requestParameters.userName", "transform": "arn-name"},
        {"path": "requestParameters.userName", "transform": "resource-name"},
        {"path": "requestParameters.userName", "transform": "lower"},
        {"first-of": ["requestParameters.alias", "requestParameters.userName"]},
        {
            "first-of": ["requestParameters.items[].userName", "requestParameters.userName"],
            "transform": "arn-name",
        },
        "requestParameters.items[].userName",
    ],
    "device": [
        "requestParameters.serialNumber",
        "requestParameters.serialNumber",
        "requestParameters.items[].serialNumber",
        "requestParameters.items[].parts[].serialNumber",
        "requestParameters.items[].parts[].serialNumber",
        {"first-of": ["requestParameters.serialNumber", "requestParameters.userName"]},
    ],
}
SPANS = ("0s", "1s", "5s", "5s", "10s", "10s")
ACTOR_RULES = ("same", "same", "same", "same-role", "any", "any", "service:backup.amazonaws.com")

often = st.sampled_from([True, True, True, True, False])
seldom = st.sampled_from([False, False, False, False, False, True])
windows = st.fixed_dictionaries({"before": st.sampled_from(SPANS), "after": st.sampled_from(SPANS)})


def _keys() -> st.SearchStrategy[Document]:
    return st.fixed_dictionaries({name: st.sampled_from(SOURCES[name]) for name in KEY_NAMES})


def _conditions() -> st.SearchStrategy[Any]:
    plain: st.SearchStrategy[Any] = st.sampled_from(
        [
            True,
            1,
            "on",
            {"equals": "On"},
            {"in": ["on", 1, False]},
            {"startswith": "o"},
            {"endswith": "n", "startswith": "o"},
            {"exists": True},
            {"absent": True},
            {"exists": True, "not": "off"},
        ]
    )
    inner = plain.filter(lambda condition: isinstance(condition, dict))
    return plain | st.one_of(inner, inner.map(lambda it: {"not": it})).map(lambda it: {"not": it})


def _wheres() -> st.SearchStrategy[Document]:
    flags = st.dictionaries(
        st.sampled_from(
            [
                "requestParameters.flag",
                "requestParameters.items[].flag",
                "userIdentity.invokedBy",
                "userAgent",
            ]
        ),
        _conditions(),
        min_size=1,
        max_size=2,
    )
    grants = st.sampled_from(
        [
            {"requestParameters.policy": {"grants": "own-account"}},
            {"requestParameters.policy": {"not": {"grants": "own-account"}}},
        ]
    )
    only = st.sampled_from(
        [
            {
                "requestParameters": {
                    "only": ["userName", "serialNumber", "items", "flag", "policy"]
                }
            },
            {"requestParameters": {"only": ["userName", "serialNumber", "items"]}},
            {"requestParameters": {"not": {"only": ["userName", "serialNumber", "policy"]}}},
            {"requestParameters.items[]": {"only": ["userName", "serialNumber", "flag", "parts"]}},
            {"requestParameters.flag": {"only": ["on"]}},
        ]
    )
    some: st.SearchStrategy[Document] = st.one_of(flags, grants, only)
    return seldom.flatmap(lambda conditioned: some if conditioned else st.just(Document()))


@st.composite
def _edges(draw: st.DrawFn) -> Document:
    keys = draw(st.permutations(KEY_NAMES))
    return {
        "join": list(keys[: draw(st.sampled_from([0, 1, 1, 1, 1, 2]))]),
        "within": draw(windows),
        "actor": draw(st.sampled_from(ACTOR_RULES)),
        "account": "any" if draw(seldom) else "same",
        "tool": "same" if draw(seldom) else "any",
        "region": "same" if draw(seldom) else "any",
    }


@st.composite
def _effects(draw: st.DrawFn, name: str, root: str, earlier: list[str]) -> Document:
    edge = draw(_edges())
    deep = draw(often)
    parents = earlier if earlier and deep else [root]
    unjoined = [key for key in KEY_NAMES if key not in edge["join"]]
    return {
        **edge,
        "name": name,
        "distinct": unjoined[:1] if draw(seldom) else [],
        "parent": draw(st.sampled_from(parents)),
    }


@st.composite
def _members(draw: st.DrawFn, actions: Sequence[str]) -> Document:
    """What every effect has, the root of an ensemble included."""
    return {
        "action": draw(st.sampled_from(actions)),
        "relation": draw(st.sampled_from(["precondition", "consequence", "companion"])),
        "keys": draw(_keys()),
        "where": draw(_wheres()),
        "outcome": "any" if draw(seldom) else "success",
        "attack": list(TECHNIQUES[: draw(st.integers(0, 2))]),
        **({"policy": "never"} if draw(seldom) else {}),
        **({"policy": "never", "unexplained": "unlisted"} if draw(seldom) else {}),
    }


@st.composite
def _spoilers(draw: st.DrawFn) -> Document:
    return {
        "action": draw(st.sampled_from(ACTIONS)),
        "keys": draw(_keys()),
        "join": [draw(st.sampled_from(KEY_NAMES))],
        **({"between": True} if draw(st.booleans()) else {"within": draw(windows)}),
        "account": "any" if draw(seldom) else "same",
        "where": draw(_wheres()),
    }


@st.composite
def _cascades(draw: st.DrawFn, index: int) -> Cascade:
    is_ensemble = draw(st.sampled_from([False, False, True]))
    # Of few actions, events can take more than one place of a path.
    actions = ACTIONS if draw(often) else ACTIONS[: draw(st.sampled_from([1, 2]))]
    root = "root" if is_ensemble else draw(st.sampled_from(actions))
    names = [f"node{number}" for number in range(draw(st.integers(1, 3)))]
    required = names[: draw(st.integers(1, 2))] if is_ensemble else []
    effects = []
    for position, name in enumerate(names):
        earlier = [] if name in required else names[:position]
        effects.append({**draw(_members(actions)), **draw(_effects(name, root, earlier))})
    if is_ensemble:
        effects.append({**draw(_members(actions)), "name": "root"})
    return cascade(
        cascade_id=f"aws.test.c{index}",
        origin=None if is_ensemble else _origin(draw, root),
        ensemble={"require": ["root", *required]} if is_ensemble else None,
        effects=draw(st.permutations(effects)),
        spoilers=draw(st.lists(_spoilers(), max_size=2)) if draw(st.booleans()) else [],
        policy=draw(st.sampled_from(["suppress", "annotate"])),
    )


def _origin(draw: st.DrawFn, action: str) -> Document:
    return {
        "action": action,
        "keys": draw(_keys()),
        "where": draw(_wheres()),
        "attack": list(TECHNIQUES[: draw(st.integers(0, 1))]),
    }


@st.composite
def catalogues(draw: st.DrawFn) -> list[Cascade]:
    """One to four cascades over five actions of two services."""
    return [draw(_cascades(index)) for index in range(draw(st.sampled_from([1, 1, 2, 2, 3, 4])))]
