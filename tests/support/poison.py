"""What a hostile or broken writer may put into a log, as Hypothesis draws it."""

import json
import re
from collections.abc import Sequence

from hypothesis import strategies as st

from cloudcascade.catalog.models import Cascade

from .cloudtrail import Event, call, user

POISONER = "999999999999"
_PATH = re.compile(
    r'"((?:requestParameters|responseElements|additionalEventData|serviceEventDetails|resources|userIdentity)[^"]*)"'
)
_MEMBERS = (
    "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion", "userAgent", "errorCode", "eventID",
    "requestParameters", "responseElements", "recipientAccountId", "resources", "additionalEventData",
    "sharedEventID", "eventVersion",
)  # fmt: skip
_WRAPPERS = (
    "Records",
    "Events",
    "hits",
    "results",
    "detail",
    "_source",
    "message",
    "CloudTrailEvent",
    "x",
)

odd_times = st.sampled_from(
    [
        "", "never", "0000-00-00T00:00:00Z", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2024-02-30T00:00:00Z",
        "2024-05-14T09:00:60Z", "2024-05-14T09:00:00+14:00", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00",
        "2024-05-14T09:00:00.123456789123456789Z", "2024-05-14", "99999999999999", "\u0662024-05-14T09:00:00Z",
    ]
)  # fmt: skip
odd_values = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 2**31, 2**63, 2**64, -(2**70), 10**400, 1e308, 0.1, -0.0]),
    st.sampled_from(["", " ", "\0", "a\0b", "\ud800", "\udfff\ud800", "﻿", "*", "HIDDEN_DUE_TO_SECURITY_REASONS"]),
    st.sampled_from(["x" * 5_000, "\u0130" * 300, "arn:aws:iam::" + ":" * 400, "{" * 50, '{"Statement":[{"Effect"']),
    st.text(max_size=20),
    st.lists(st.one_of(st.none(), st.integers(), st.text(max_size=3)), max_size=4),
    st.dictionaries(st.text(max_size=3), st.one_of(st.none(), st.integers()), max_size=3),
    st.integers(2, 4).map(lambda digits: [str(number) for number in range(10**digits)]),
    odd_times,
)  # fmt: skip


def paths_of(cascades: Sequence[Cascade]) -> dict[str, list[str]]:
    """By cascade's actions, every field path that the cascade reads."""
    found: dict[str, set[str]] = {}
    for cascade in cascades:
        paths = set(_PATH.findall(cascade.model_dump_json()))
        origin = [cascade.origin.action] if cascade.origin else []
        for action in (
            *origin,
            *(effect.action for effect in cascade.effects),
            *(spoiler.action for spoiler in cascade.spoilers),
        ):
            found.setdefault(action, set()).update(paths)
    return {action: sorted(paths) for action, paths in sorted(found.items())}


@st.composite
def records(draw: st.DrawFn, paths: dict[str, list[str]]) -> Event:
    """A record of somebody else's account, of which some members are of no kind that AWS writes."""
    action = draw(st.sampled_from(sorted(paths)))
    id_ = f"poison-{draw(st.integers(0, 1 << 60))}"
    event = call(
        action, id_, draw(st.integers(0, 600)), {}, by=user("eve", account=POISONER), account=POISONER
    )  # fmt: skip
    for path in draw(st.lists(st.sampled_from(paths[action] or ["requestParameters"]), max_size=4)):
        _put(event, path.split("."), draw(odd_values), draw(st.integers(1, 3)))
    for name in draw(st.lists(st.sampled_from(_MEMBERS), max_size=2)):
        event[name] = draw(odd_times if name == "eventTime" else odd_values)
    return event


def _put(into: Event, path: Sequence[str], value: object, count: int) -> None:
    """Put a value where a path leads to, `count` times where it leads through a list."""
    first, *rest = path
    name = first.removesuffix("[]")
    if not rest:
        into[name] = [value] * count if first != name else value
        return
    inner: Event = {}
    _put(inner, rest, value, count)
    into[name] = [inner] * count if first != name else inner


def line_of(event: Event) -> bytes:
    """As JSON: lone surrogates are written as escapes, as a careless writer would."""
    return json.dumps(event).encode()


@st.composite
def lines(draw: st.DrawFn, paths: dict[str, list[str]], longest: int) -> bytes:
    """One line of anything; `longest` is how long a line may be."""
    kind = draw(
        st.sampled_from(
            ["bytes", "record", "half", "twice", "deep", "giant", "wrapped", "json", "cut"]
        )
    )
    match kind:
        case "bytes":
            found = draw(st.binary(min_size=1, max_size=200))
        case "record":
            found = line_of(draw(records(paths)))
        case "half":
            whole = line_of(draw(records(paths)))
            found = whole[: draw(st.integers(1, len(whole)))]
        case "twice":
            one, other = draw(records(paths)), draw(records(paths))
            found = line_of(one)[:-1] + b"," + line_of(other)[1:]
        case "deep":
            opening, closing = draw(
                st.sampled_from([(b'{"a":', b"}"), (b"[", b"]"), (b'{"detail":', b"}")])
            )
            depth = draw(st.sampled_from([2, 7, 50, 900, 1_100, 8_000]))
            found = opening * depth + b"1" + (closing * depth if draw(st.booleans()) else b"")
        case "giant":
            found = b'{"eventName":"' + b"x" * (longest + draw(st.integers(0, longest))) + b'"}'
        case "wrapped":
            value: object = draw(records(paths))
            for name in draw(st.lists(st.sampled_from(_WRAPPERS), max_size=8)):
                as_text = draw(st.booleans()) and name in ("message", "CloudTrailEvent")
                inner = json.dumps(value) if as_text else value
                value = {
                    name: [inner, *draw(st.lists(odd_values, max_size=2))]
                    if name[-1] == "s"
                    else inner
                }
            found = json.dumps(value).encode()
        case "json":
            found = json.dumps(draw(odd_values)).encode()
        case _:
            damaged = bytearray(line_of(draw(records(paths))))
            for place in draw(st.lists(st.integers(0, len(damaged) - 1), min_size=1, max_size=4)):
                damaged[place] = draw(st.integers(0, 255))
            found = bytes(damaged)
    return found.replace(b"\n", b" ")
