"""The vocabulary of a cascade document, as types: what an action, a window or a field path may look like."""

import re
from difflib import get_close_matches
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

Relation = Literal["precondition", "consequence", "companion"]
Policy = Literal["suppress", "annotate", "never"]
Occurs = Literal["one", "optional", "many"]
Outcome = Literal["success", "any"]
Unexplained = Literal["orphan", "unlisted"]
Transform = Literal["lower", "arn-name", "resource-name"]
Family = Literal[
    "recreated", "decoy", "chain", "smuggled", "used", "guardrail", "edge", "hand", "copies"
]
EvidenceKind = Literal[
    "own-page",
    "permitted",
    "documentation",
    "service-model",
    "source-code",
    "observed",
    "simulated",
]

# From the word of a page to a call that was seen: the strongest last.
EVIDENCE_ORDER: tuple[EvidenceKind, ...] = (
    "own-page",
    "permitted",
    "documentation",
    "service-model",
    "source-code",
    "simulated",
    "observed",
)
# What says that a call exists, or may be made, and nothing of a cascade. None of it can carry `suppress`.
NO_CASCADE: frozenset[EvidenceKind] = frozenset({"own-page", "permitted"})
# Policies from the most permissive to the strictest; an effect may only be stricter than its cascade.
POLICY_ORDER: tuple[Policy, ...] = ("suppress", "annotate", "never")

ACTION_PATTERN = r"^[a-z0-9][a-z0-9-]*:[A-Za-z][A-Za-z0-9_]*$"
CASCADE_ID_PATTERN = r"^[a-z][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*){2}$"
KEY_NAME_PATTERN = r"^[a-z][a-z0-9_]*$"
NODE_NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9:_-]*$"
TECHNIQUE_PATTERN = r"^T[0-9]{4}(\.[0-9]{3})?$"
DURATION_PATTERN = r"^[0-9]{1,7}[smhd]$"
ACTOR_PATTERN = r"^(same|same-role|any|service:[a-z0-9.-]+)$"

Action = Annotated[
    str,
    Field(
        pattern=ACTION_PATTERN,
        description="`service:EventName`: eventSource without `.amazonaws.com`, and the event name "
        "exactly as CloudTrail spells it.",
        examples=["iam:DeleteUser", "lambda:CreateFunction20150331"],
    ),
]
CascadeId = Annotated[
    str,
    Field(
        pattern=CASCADE_ID_PATTERN,
        description="`provider.service.name`; the file is `provider/service/name.yaml`.",
        examples=["aws.iam.delete-user"],
    ),
]
KeyName = Annotated[str, Field(pattern=KEY_NAME_PATTERN)]
NodeName = Annotated[str, Field(pattern=NODE_NAME_PATTERN)]
Technique = Annotated[
    str, Field(pattern=TECHNIQUE_PATTERN, description="An ATT&CK id, such as T1556.006.")
]
Text = Annotated[str, Field(min_length=1)]
ActorRule = Annotated[
    str,
    Field(
        pattern=ACTOR_PATTERN,
        description="`same` principal as the parent, `same-role`, `any`, or `service:<principal>` "
        "for a caller that AWS itself attests.",
    ),
]

# The members of a CloudTrail record that a path may start with: those that the engine decodes.
# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
RECORD_FIELDS = frozenset(
    {
        "additionalEventData",
        "awsRegion",
        "errorCode",
        "eventID",
        "eventName",
        "eventSource",
        "eventTime",
        "eventType",
        "recipientAccountId",
        "requestParameters",
        "resources",
        "responseElements",
        "serviceEventDetails",
        "sessionCredentialFromConsole",
        "sharedEventID",
        "sourceIPAddress",
        "userAgent",
        "userIdentity",
    }
)

FIELD_PATH_PATTERN = r"^[A-Za-z][A-Za-z0-9]*(\[\])?(\.[A-Za-z0-9_:-]+(\[\])?)*$"


def _known_record_field(path: str) -> str:
    first = path.partition(".")[0].removesuffix("[]")
    if first not in RECORD_FIELDS:
        meant = get_close_matches(first, sorted(RECORD_FIELDS), n=1)
        hint = f"; did you mean {meant[0]!r}?" if meant else ""
        raise ValueError(f"{first!r} is no member of a CloudTrail record{hint}")
    return path


FieldPath = Annotated[
    str,
    Field(
        pattern=FIELD_PATH_PATTERN,
        description="A dotted path from the record's root; `[]` after a member steps into every "
        "element of a list.",
        examples=[
            "requestParameters.userName",
            "requestParameters.instancesSet.items[].instanceId",
        ],
    ),
    AfterValidator(_known_record_field),
]

_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def parse_duration(text: object) -> object:
    """Seconds of a duration such as ``90s``, ``60m``, ``24h`` or ``7d``.

    Anything that is no string passes through, for pydantic to judge.

    Raises:
        ValueError: the text is no duration.

    >>> parse_duration("60m")
    3600
    """
    if not isinstance(text, str):
        return text
    if not re.fullmatch(DURATION_PATTERN, text):
        raise ValueError("a duration is digits and one of s, m, h, d, such as 60m")
    return int(text[:-1]) * _UNIT_SECONDS[text[-1]]


def format_duration(seconds: int) -> str:
    """The shortest spelling that `parse_duration` reads back.

    >>> format_duration(3600), format_duration(90), format_duration(0)
    ('1h', '90s', '0s')
    """
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _refuse_bare_number(value: object) -> object:
    if isinstance(value, int | float):
        raise ValueError("a duration needs its unit, such as 60m")
    return parse_duration(value)


Duration = Annotated[
    int,
    BeforeValidator(_refuse_bare_number),
    Field(
        ge=0,
        le=31 * 86_400,
        description="Seconds in memory; `90s`, `60m`, `24h` or `7d` in a file.",
    ),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": DURATION_PATTERN,
            "description": "How long: digits and one of s, m, h, d. At most 31d.",
            "examples": ["60m"],
        }
    ),
]
