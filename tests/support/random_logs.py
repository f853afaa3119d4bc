"""Draws small logs: few principals, few names, few seconds, so that much of it almost fits."""

from typing import Any

from hypothesis import strategies as st

from cloudcascade.catalog.models import Cascade

from .cloudtrail import ALICE, MALLORY, OTHER_ACCOUNT, ROOT_USER, Event, assume_role, call, session
from .random_cascades import often

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
KEYS = ("ASIA1", "ASIA2", "ASIA3")

NAMES = ("bob", "bob", "Bob", "Bob", "eve")
ODD_NAMES: tuple[Any, ...] = (
    7,
    1.5,
    True,
    None,
    "",
    HIDDEN,
    ["bob"],
    {"name": "bob"},
    "arn:aws:iam::111111111111:user/team/bob",
    "arn:aws:iam::111111111111:user/",
    "arn:aws:iam",
    "arn:aws:lambda:us-east-1:111111111111:function:bob",
    "arn:aws:secretsmanager:us-east-1:111111111111:secret:bob-a1B2c3",
    "\u212aob",
    "7",
)
FLAGS: tuple[Any, ...] = ("on", "on", "On", "off", True, False, 1, 0, None, "", [], ["on"], {})
POLICIES: tuple[Any, ...] = (
    {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "111111111111"}}]},
    '{"Statement": {"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::111111111111:root"]}}}',
    {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::222222222222:root"}}]},
    {"Statement": [{"Effect": "Allow", "Principal": "*"}]},
    {"Statement": [{"Effect": "Deny", "Principal": "*"}]},
    '{"Statement": ',
    "",
)
BACKUP = "backup.amazonaws.com"
SERVICE: Event = {"type": "AWSService", "invokedBy": BACKUP}
NOBODY: Event = {**ALICE, "principalId": None}
ABROAD: Event = {
    "type": "AWSAccount",
    "principalId": "AROADEPLOY:run",
    "accountId": OTHER_ACCOUNT,
}
RUNS = tuple(session("deploy", "run", key) for key in KEYS)
# Who takes part in a log; the first takes part most.
CASTS: tuple[tuple[Event | None, ...], ...] = (
    (ALICE, MALLORY, {**ALICE, "accountId": None}),
    (ALICE, MALLORY, RUNS[0], ROOT_USER, None, NOBODY),
    (*RUNS, ALICE),
    (RUNS[0], session("deploy", "other", "ASIA2"), session("audit", "run", "ASIA3")),
    (RUNS[0], RUNS[1], ALICE, ABROAD, SERVICE),
    (
        session("backup", "job", "ASIA9", path=f"aws-service-role/{BACKUP}/"),
        session("backup", "job", "ASIA9", path=f"evil/aws-service-role/{BACKUP}/"),
        {**ALICE, "invokedBy": BACKUP},
        SERVICE,
    ),
    (NOBODY, SERVICE, None),
)
AGENTS: tuple[Any, ...] = (
    "aws-cli/2.15.30",
    "aws-cli/1.32.1",
    "Boto3/1.34.0 Botocore/1.34.0",
    "APN/1.0 HashiCorp/1.0 Terraform/1.5.7",
    "stratus-red-team_83c9a458",
    None,
)

seconds = st.sampled_from([5, 5, 5, 5, 4, 6, 0, 1, 10, 11])
names = st.sampled_from(NAMES) | st.sampled_from(NAMES) | st.sampled_from(ODD_NAMES)
flags = st.sampled_from(FLAGS)
policies = st.sampled_from(POLICIES)
agents = st.sampled_from(AGENTS)
accounts = st.sampled_from(
    ["111111111111", "111111111111", "111111111111", OTHER_ACCOUNT, "", None]
)
errors = st.sampled_from([None, None, None, None, "", "AccessDenied"])
messages = st.sampled_from([None, None, None, None, "", "not allowed"])
regions = st.sampled_from(["us-east-1", "us-east-1", "eu-west-1", "", None])
addresses = st.sampled_from(["192.0.2.1", "192.0.2.1", "198.51.100.7", "", None])

ITEM = {"userName": "bob", "serialNumber": "bob", "flag": "on", "parts": [{"serialNumber": "bob"}]}
FITTING = {
    "userName": "bob",
    "serialNumber": "bob",
    "items": [ITEM],
    "flag": "on",
    "policy": POLICIES[0],
}
PARTS = st.lists(st.sampled_from([{"serialNumber": "bob"}, {"serialNumber": "eve"}, {}, None]))
ONE_ITEM: st.SearchStrategy[Any] = st.one_of(
    st.just(ITEM),
    st.fixed_dictionaries({"userName": names}),
    st.fixed_dictionaries({"serialNumber": names}),
    st.fixed_dictionaries({"flag": flags}),
    st.fixed_dictionaries({"parts": PARTS}),
    st.fixed_dictionaries({"parts": st.sampled_from([[], None, "bob"])}),
).map(lambda change: {**ITEM, **change}) | st.sampled_from([{}, None, "bob"])
ITEMS = st.lists(ONE_ITEM, max_size=2)
ONE_CHANGE = st.one_of(
    st.fixed_dictionaries({"userName": names}),
    st.fixed_dictionaries({"serialNumber": names}),
    st.fixed_dictionaries({"alias": names}),
    st.fixed_dictionaries({"items": ITEMS}),
    st.fixed_dictionaries({"flag": flags}),
    st.fixed_dictionaries({"policy": policies}),
    st.fixed_dictionaries(
        {"policy": st.none(), "flag": st.sampled_from([None, {"on": 1, "off": None}])}
    ),
)
FEW_PARAMETERS: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {}, optional={"userName": names, "serialNumber": names, "items": ITEMS, "flag": flags}
) | st.sampled_from([None, [], "odd", {"omitted": True}])


@st.composite
def _parameters(draw: st.DrawFn) -> Any:
    kind = draw(st.sampled_from(["fitting", "fitting", "changed", "changed", "few"]))
    if kind == "few":
        return draw(FEW_PARAMETERS)
    return {**FITTING, **(draw(ONE_CHANGE) if kind == "changed" else {})}


@st.composite
def _calls(draw: st.DrawFn, event_id: str, action: str, cast: tuple[Event | None, ...]) -> Event:
    """Mostly an event that fits; else one that may differ in anything."""
    fitting = draw(often)
    return call(
        action,
        event_id,
        draw(seconds),
        FITTING if fitting and draw(often) else draw(_parameters()),
        by=cast[0] if fitting and draw(often) else draw(st.sampled_from(cast)),
        account="111111111111" if fitting else draw(accounts),
        errorCode=None if fitting else draw(errors),
        errorMessage=None if fitting else draw(messages),
        awsRegion="us-east-1" if fitting else draw(regions),
        sourceIPAddress="192.0.2.1" if fitting else draw(addresses),
        userAgent=draw(agents),
    )


@st.composite
def _credential_calls(draw: st.DrawFn, event_id: str, cast: tuple[Event | None, ...]) -> Event:
    actions = ["sts:AssumeRole", "sts:AssumeRole", "sts:GetSessionToken", "sts:GetCallerIdentity"]
    return assume_role(
        event_id,
        draw(st.sampled_from(KEYS)),
        by=draw(st.sampled_from(cast)),
        seconds=draw(seconds),
        action=draw(st.sampled_from(actions)),
        errorCode=draw(st.sampled_from([None, None, None, "AccessDenied"])),
    )


@st.composite
def logs(draw: st.DrawFn, cascades: list[Cascade]) -> list[Event]:
    """Up to twelve events of distinct ids, in no order, mostly of one cascade's actions."""
    one = draw(st.sampled_from(cascades))
    instance = [one.root.action, *(effect.action for effect in one.effects)]
    instance += [spoiler.action for spoiler in one.spoilers]
    listed = [effect.action for cascade in cascades for effect in cascade.effects]
    listed += [cascade.root.action for cascade in cascades]
    more = draw(st.lists(st.sampled_from(listed), max_size=8 - len(instance)))
    actions = [*(instance if draw(often) else []), *more]
    cast = draw(st.sampled_from(CASTS))
    credentials = draw(st.sampled_from([0, 0, 1, 2, 3, 4]))
    names = [f"event-{number:02}" for number in draw(st.permutations(range(12)))]
    return [
        *(draw(_calls(names.pop(), action, cast)) for action in actions),
        *(draw(_credential_calls(names.pop(), cast)) for _ in range(credentials)),
    ]


@st.composite
def arrivals(draw: st.DrawFn, log: list[Event]) -> list[list[Event]]:
    """The log in some order, some events several times, in batches of any size."""
    again = draw(st.lists(st.sampled_from(log), max_size=3)) if log else []
    order = draw(st.permutations([*log, *again]))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), max_size=3)))
    return [order[start:end] for start, end in zip([0, *cuts], [*cuts, len(order)], strict=True)]
