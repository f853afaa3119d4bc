"""What an account logs all day long: reads, role sessions, keys, log streams, and little else.

The weights follow what public trails show: nine reads for every change, AssumeRole one event in eight.
"""

from dataclasses import dataclass
from itertools import accumulate

from cloudcascade.samples.callers import Caller, Json
from cloudcascade.samples.records import Call, record

from . import parameters as of
from .household import Household
from .parameters import Build
from .sessions import hand_out


@dataclass(frozen=True, slots=True)
class Everyday:
    """An action that happens all day: how often, who makes it, and what is in it."""

    weight: int
    action: str
    by: tuple[str, ...]
    request: Build
    read_only: bool = True
    response: Build | None = None
    extra: Build | None = None


_STATUS = of.fixed(maxResults=1000, includeAllInstances=True)
_TEMPLATE = of.fixed(
    DescribeLaunchTemplateVersionsRequest={
        "LaunchTemplateVersion": {"tag": 1, "content": "$Default"}
    }
)
_LOG_GROUPS = of.fixed(limit=50, logGroupNamePrefix="/aws/lambda")
_SERVICES = of.fixed(cluster="prod", services=["orders", "search"])
_HEALTH = of.fixed(
    aggregateField="eventTypeCategory", filter={"eventStatusCodes": ["open", "upcoming"]}
)
_BLOCK = of.bucket("publicAccessBlock")
_AGENT = of.fixed(cluster="prod", containerInstance="prod/7f0c")

_READS: tuple[Everyday, ...] = (
    Everyday(58, "ec2:DescribeInstances", ("linked", "workload", "person", "node"), of.of_instance),
    Everyday(22, "ec2:DescribeVolumes", ("linked", "node", "person"), of.fixed(volumeSet={}, filterSet={})),
    Everyday(24, "ec2:DescribeSecurityGroups", ("linked", "person", "pipeline"), of.filtered("group-id", "sg-")),
    Everyday(26, "ec2:DescribeNetworkInterfaces", ("linked", "node", "workload"), of.filtered("subnet-id", "subnet-")),
    Everyday(20, "ec2:DescribeTags", ("node", "linked"), of.filtered("resource-id", "i-")),
    Everyday(10, "ec2:DescribeSnapshots", ("linked", "person"), of.fixed(maxResults=1000, ownersSet={}, filterSet={})),
    Everyday(12, "ec2:DescribeSubnets", ("linked", "pipeline", "node"), of.filtered("vpc-id", "vpc-")),
    Everyday(10, "ec2:DescribeVpcs", ("linked", "pipeline", "person"), of.fixed(vpcSet={}, filterSet={})),
    Everyday(20, "ec2:DescribeInstanceStatus", ("linked", "node"), _STATUS),
    Everyday(9, "ec2:DescribeRegions", ("person", "user", "workload"), of.fixed(regionSet={}, allRegions=True)),
    Everyday(8, "ec2:DescribeRouteTables", ("linked", "pipeline"), of.filtered("association.subnet-id", "subnet-")),
    Everyday(6, "ec2:DescribeLaunchTemplateVersions", ("linked", "node"), _TEMPLATE),
    Everyday(10, "iam:GetRole", ("pipeline", "linked", "workload"), of.role_name),
    Everyday(6, "iam:ListRoles", ("linked", "person"), of.fixed(maxItems=100)),
    Everyday(8, "iam:ListAttachedRolePolicies", ("pipeline", "linked"), of.role_name),
    Everyday(8, "iam:GetPolicyVersion", ("pipeline", "linked"), of.policy_version),
    Everyday(3, "iam:ListUsers", ("linked", "person"), of.fixed(maxItems=100)),
    Everyday(3, "iam:GetAccountSummary", ("person",), of.nothing),
    Everyday(24, "s3:GetBucketAcl", ("service", "linked"), of.bucket("acl"), extra=of.s3_extra),
    Everyday(14, "s3:GetBucketLocation", ("linked", "person", "workload"), of.bucket("location"), extra=of.s3_extra),
    Everyday(10, "s3:ListBuckets", ("linked", "person", "user"), of.fixed(Host="s3.amazonaws.com"), extra=of.s3_extra),
    Everyday(7, "s3:GetBucketPolicy", ("linked", "pipeline"), of.bucket("policy"), extra=of.s3_extra),
    Everyday(7, "s3:GetBucketEncryption", ("linked", "pipeline"), of.bucket("encryption"), extra=of.s3_extra),
    Everyday(7, "s3:GetBucketPublicAccessBlock", ("linked", "pipeline"), _BLOCK, extra=of.s3_extra),
    Everyday(6, "s3:GetBucketVersioning", ("linked", "pipeline"), of.bucket("versioning"), extra=of.s3_extra),
    Everyday(14, "logs:DescribeLogGroups", ("person", "linked", "pipeline"), _LOG_GROUPS),
    Everyday(18, "logs:DescribeLogStreams", ("node", "workload"), of.log_stream),
    Everyday(24, "monitoring:DescribeAlarms", ("linked", "person", "workload"), of.alarm),
    Everyday(18, "kms:DescribeKey", ("linked", "pipeline", "workload"), of.key, extra=of.key_extra),
    Everyday(4, "kms:ListAliases", ("person", "linked"), of.everything),
    Everyday(58, "kms:Decrypt", ("workload", "node"), of.object_context, extra=of.key_extra),
    Everyday(40, "kms:GenerateDataKey", ("workload", "service"), of.data_key, extra=of.key_extra),
    Everyday(24, "sts:GetCallerIdentity", ("pipeline", "node", "person", "user"), of.nothing),
    Everyday(10, "ssm:ListInstanceAssociations", ("node",), of.associations),
    Everyday(4, "config:DescribeConfigurationRecorders", ("linked", "person"), of.nothing),
    Everyday(18, "autoscaling:DescribeAutoScalingGroups", ("node", "linked"), of.group),
    Everyday(12, "elasticloadbalancing:DescribeLoadBalancers", ("linked", "node", "person"), of.fixed(pageSize=400)),
    Everyday(14, "elasticloadbalancing:DescribeTargetHealth", ("node", "linked"), of.targets),
    Everyday(12, "rds:DescribeDBInstances", ("linked", "person", "user"), of.fixed(maxRecords=100)),
    Everyday(8, "lambda:GetFunction20150331v2", ("pipeline", "linked"), of.function),
    Everyday(5, "lambda:ListFunctions20150331", ("linked", "person"), of.fixed(maxItems=50)),
    Everyday(14, "ecr:GetAuthorizationToken", ("node", "pipeline"), of.nothing),
    Everyday(14, "ecr:GetDownloadUrlForLayer", ("node",), of.image_layers, extra=of.registry),
    Everyday(10, "ecs:DescribeServices", ("pipeline", "workload"), _SERVICES),
    Everyday(9, "dynamodb:DescribeTable", ("workload", "linked"), of.table, extra=of.table_extra),
    Everyday(5, "cloudtrail:LookupEvents", ("person",), of.fixed(maxResults=50)),
    Everyday(4, "cloudtrail:DescribeTrails", ("linked", "person"), of.fixed(includeShadowTrails=True)),
    Everyday(6, "health:DescribeEventAggregates", ("person",), _HEALTH),
    Everyday(10, "cloudformation:DescribeStacks", ("person", "pipeline"), of.nothing),
    Everyday(6, "sqs:GetQueueAttributes", ("workload", "linked"), of.queue),
)  # fmt: skip

_CHANGES: tuple[Everyday, ...] = (
    Everyday(44, "logs:CreateLogStream", ("workload",), of.log_stream, read_only=False),
    Everyday(30, "ssm:UpdateInstanceInformation", ("node",), of.ping, read_only=False),
    Everyday(6, "ec2:CreateTags", ("node", "pipeline"), of.tags, read_only=False, response=of.done),
    Everyday(5, "ecs:DiscoverPollEndpoint", ("node",), _AGENT, read_only=False),
    Everyday(2, "logs:PutRetentionPolicy", ("pipeline",), of.retention, read_only=False),
)  # fmt: skip

_SESSIONS = 118  # weight of the calls that hand out credentials


ACTIONS = frozenset(each.action for each in (*_READS, *_CHANGES))
"""All that happens every day, apart from the calls that hand out credentials."""


class Routine:
    """Draws everyday events for an account, without the actions in `without`.

    What is left out makes the rest more frequent; with `steady`, not so the calls that hand out credentials.
    """

    def __init__(self, without: frozenset[str] = frozenset(), *, steady: bool = False) -> None:
        everything = (*_READS, *_CHANGES)
        self._table = [each for each in everything if each.action not in without]
        weights = [each.weight for each in self._table]
        everyday = sum(each.weight for each in everything)
        weights.append(_SESSIONS * sum(weights) // everyday if steady else _SESSIONS)
        self._sums = list(accumulate(weights))
        self._places = range(len(weights))

    def event(self, home: Household, at: int) -> Json:
        """Some event of everyday at that time (UTC, seconds since 1970)."""
        rng = home.ids.rng
        place = rng.choices(self._places, cum_weights=self._sums)[0]
        if place == len(self._table):
            return hand_out(home, at)
        each = self._table[place]
        group = each.by[int(rng.random() * len(each.by))]
        caller = home.caller(group)
        call = Call(
            each.action,
            each.request(home),
            each.response(home) if each.response else None,
            read_only=each.read_only,
            extra=each.extra(home) if each.extra else None,
        )
        if rng.random() < 0.015:
            call = _denied(call, caller)
        return record(home.ids, caller, call, at, region=home.region, account=home.account)


def _denied(call: Call, caller: Caller) -> Call:
    who = caller.identity.get("arn", caller.address)
    service, _, name = call.action.partition(":")
    if service == "ec2":
        text = "You are not authorized to perform this operation."
        return Call(call.action, call.request, None, ("Client.UnauthorizedOperation", text), True)
    text = (
        f"User: {who} is not authorized to perform: {service}:{name} because no identity-based "
        f"policy allows the {service}:{name} action"
    )
    # Denied before the parameters were looked at, CloudTrail shows none.
    return Call(call.action, None, None, ("AccessDenied", text), call.read_only, call.extra)
