"""The rules of safety: what a cascade must be before its effects may be silenced.

Attackers and automation share principals, so an effect is silenced only when it is tied to its
origin by the entity it is about, by facts that AWS attests, and gives nobody anything.
"""

import re
from collections.abc import Iterator

from .check_codes import Problem
from .evidence_checks import carries
from .fact_checks import lossy_problems
from .models import Cascade, Condition, Effect
from .name_checks import name_problems
from .record_fields import ACCOUNT_PATHS, ACTION_MEMBERS, is_claimed, is_no_entity
from .structure import Loc

_SERVICE_ROLE_PATH = "/aws-service-role/"
_SERVICE_DOMAIN = ".amazonaws.com"
# Values with which AWS attests that no principal of the account made the call.
_ATTESTED = {
    "eventType": frozenset({"AwsServiceEvent"}),
    "userIdentity.type": frozenset({"AWSService"}),
}

# Actions that give somebody access, or could.
_GIVES_ACCESS = re.compile(
    r"(Accept|Add|Associate|Attach|Authorize|Create|Enable|Grant|Import|Invite|Register|Share|Upload)"
    r"|Put\w*(Acl|Boundary|Permissions?|Policy)"
    r"|Set\w*Polic(y|ies)"
    r"|Modify\w*(Attribute|Permissions?)"
    r"|Replace\w*Association"
    r"|Update(AccessKey|AssumeRolePolicy|Function(Code|Configuration|UrlConfig)|LoginProfile)"
    r"|AssumeRo|ChangePassword|Get(Federation|Session)Token|ResetPassword|Restore"
    r"|RunInstances|SendCommand|StartSession"
)

# Actions that blind a service which watches over the account, or make its records unreadable.
_BLINDS = {
    "access-analyzer": re.compile(r"DeleteAnalyzer|CreateArchiveRule|UpdateArchiveRule"),
    "cloudtrail": re.compile(
        r"StopLogging|(Delete|Update)(Trail|EventDataStore)|StopEventDataStoreIngestion"
        r"|Put(Event|Insight)Selectors"
    ),
    "config": re.compile(
        r"(Stop|Delete|Put)ConfigurationRecorder|(Delete|Put)DeliveryChannel"
        r"|Delete(Organization)?(ConfigRule|ConformancePack)|DeleteConfigurationAggregator"
        r"|DeleteRetentionConfiguration"
    ),
    "detective": re.compile(r"Delete(Graph|Members)|Disassociate\w+|Disable\w+"),
    "ec2": re.compile(r"DeleteFlowLogs"),
    "guardduty": re.compile(
        r"(Delete|Disassociate|Disable)\w+|StopMonitoringMembers|ArchiveFindings"
        r"|Update(Detector|Filter|IPSet|MemberDetectors|PublishingDestination)"
    ),
    "inspector2": re.compile(r"Disable\w*|DisassociateMember"),
    "kms": re.compile(r"ScheduleKeyDeletion|DisableKey|DeleteImportedKeyMaterial"),
    "macie2": re.compile(r"(Disable|Disassociate|Delete)\w+|UpdateMacieSession"),
    "route53resolver": re.compile(r"(Delete|Disassociate)ResolverQueryLogConfig"),
    "securityhub": re.compile(
        r"(Disable|Disassociate|BatchDisable|Delete)\w+|UpdateStandardsControl"
    ),
    "wafv2": re.compile(r"DeleteLoggingConfiguration|DeleteWebACL|DisassociateWebACL"),
}
_REMOVES_LOGS = {
    "events": re.compile(r"(Delete|Disable)Rule|RemoveTargets"),
    "logs": re.compile(
        r"Delete(LogGroup|LogStream|SubscriptionFilter|MetricFilter|Destination)|PutRetentionPolicy"
    ),
    "monitoring": re.compile(r"DeleteAlarms|DisableAlarmActions"),
    "s3": re.compile(r"PutBucketLogging"),
}

_SAYS_NOTHING = frozenset(
    {
        "",
        "-",
        "low",
        "minimal",
        "n/a",
        "na",
        "negligible",
        "no",
        "no risk",
        "none",
        "nothing",
        "tbd",
    }
)


def suppression_problems(cascade: Cascade) -> Iterator[Problem]:
    """What makes it unsafe to silence an effect whose policy is `suppress`."""
    if cascade.suppression.policy == "suppress":
        if not cascade.suppression.abuse:
            message = "say how an attacker would hide behind this cascade, and what stops it"
            yield Problem(("suppression",), "abuse-missing", message)
        if cascade.suppression.residual_risk.strip(" .!").lower() in _SAYS_NOTHING:
            message = f"{cascade.suppression.residual_risk!r} does not say what remains to fear"
            yield Problem(("suppression", "residual_risk"), "residual-risk", message)
    nodes = {effect.node: index for index, effect in enumerate(cascade.effects)}
    edges: dict[int, str] = {}  # edges that suppressed effects rest on, and the first such effect
    for index, effect in enumerate(cascade.effects):
        if cascade.policy_of(effect) != "suppress":
            continue
        yield from _content_problems(("effects", index), effect)
        node = effect.node
        while node in nodes and node != cascade.root_node:
            edges.setdefault(nodes[node], effect.node)
            node = cascade.parent_node(cascade.effects[nodes[node]])
    for index, silenced in edges.items():
        yield from _edge_problems(cascade, index, silenced)
        yield from _evidence_problems(cascade, index, silenced)
    yield from name_problems(cascade)
    yield from lossy_problems(cascade)
    for index, effect in enumerate(cascade.effects):
        yield from _region_problems(("effects", index), effect)


def _content_problems(loc: Loc, effect: Effect) -> Iterator[Problem]:
    source, _, event_name = effect.action.partition(":")
    if (blinds := _BLINDS.get(source)) and blinds.fullmatch(event_name):
        message = f"{effect.action} blinds what watches the account: annotate it"
        yield Problem((*loc, "action"), "suppresses-telemetry", message)
    elif (removes := _REMOVES_LOGS.get(source)) and removes.fullmatch(event_name):
        message = f"{effect.action} removes what an investigation would need: consider annotate"
        yield Problem((*loc, "action"), "suppresses-logs", message)
    # From its beginning on: Lambda's names end in dates.
    if (
        _GIVES_ACCESS.match(event_name)
        and not effect.actor.startswith("service:")
        and not any(_narrows(path, test) for path, test in effect.where.items())
    ):
        yield Problem(
            (*loc, "where") if effect.where else loc,
            "forgeable",
            f"{effect.action} gives access and the caller can forge it at no cost: add a `where` "
            "on what it gives, or annotate it",
        )


def _evidence_problems(cascade: Cascade, index: int, silenced: str) -> Iterator[Problem]:
    effect = cascade.effects[index]
    told = [evidence for evidence in cascade.evidence if effect.node in evidence.supports]
    # Without any evidence at all it is `evidence-missing`, whatever its policy.
    if told and not any(carries(evidence, effect) for evidence in told):
        kinds = ", ".join(sorted({evidence.kind for evidence in told}))
        whose = "" if effect.node == silenced else f", and {silenced} is silenced through it"
        message = (
            f"the evidence for {effect.node} ({kinds}) shows that it may be called, "
            f"not that it belongs to its origin{whose}"
        )
        yield Problem(("effects", index), "evidence-weak", message)


def _edge_problems(cascade: Cascade, index: int, silenced: str) -> Iterator[Problem]:
    effect = cascade.effects[index]
    loc: Loc = ("effects", index)
    by_service = effect.actor.startswith("service:")
    whose = "" if effect.node == silenced else f", and {silenced} is silenced through it"
    if not effect.join:
        code = "unjoined-service" if by_service else "unjoined"
        yield Problem(loc, code, f"{effect.node} joins its parent on no key{whose}")
    if effect.actor == "any" and not _is_service_event(effect):
        yield Problem((*loc, "actor"), "any-actor", f"anybody can cause {effect.node}{whose}")
    if effect.account == "any":
        message = f"{effect.node} may come from any account{whose}"
        yield Problem((*loc, "account"), "any-account", message)
    anchors = [key for key in effect.join if not any(map(is_claimed, effect.keys[key].paths))]
    narrowing = [path for path, test in effect.where.items() if _narrows(path, test)]
    if (effect.join or effect.where) and not anchors and not narrowing and not by_service:
        names = sorted(
            {path for key in effect.join for path in effect.keys[key].paths} | set(effect.where)
        )
        message = f"the caller sets all that {effect.node} rests on: {', '.join(names)}{whose}"
        yield Problem(loc, "claimed-only", message)
    yield from _entity_problems(cascade, loc, effect)


def _entity_problems(cascade: Cascade, loc: Loc, effect: Effect) -> Iterator[Problem]:
    for key in effect.join:
        for path in effect.keys[key].paths:
            if path != "awsRegion" and is_no_entity(path):
                message = f"{key!r} joins on {path}, which tells no entity from another"
                yield Problem((*loc, "join"), "no-entity", message)
    parent_name = cascade.parent_node(effect)
    is_root = parent_name == cascade.root_node
    parent_keys = cascade.root.keys if is_root else cascade.effect(parent_name).keys
    if effect.join and all(
        ACCOUNT_PATHS.issuperset((*effect.keys[key].paths, *parent_keys[key].paths))
        for key in effect.join
    ):
        message = "joins only on the account, which every event in it has"
        yield Problem((*loc, "join"), "no-entity", message)


def _region_problems(loc: Loc, effect: Effect) -> Iterator[Problem]:
    for key in effect.join:
        if "awsRegion" in effect.keys[key].paths:
            message = (
                f"{key!r} joins on awsRegion: say region: same, and join on what the call is about"
            )
            yield Problem((*loc, "join"), "no-entity", message)


def _is_service_event(effect: Effect) -> bool:
    # No call of anybody makes a record of this type; such a record often has no principal at all.
    event_type = effect.where.get("eventType")
    return event_type is not None and event_type.equals == "AwsServiceEvent"


def _narrows(path: str, condition: Condition) -> bool:
    """Whether the condition rests on what the call does, or on what AWS says of its caller."""
    texts = [condition.equals, *(condition.in_ or ()), condition.endswith]
    given = [str(text) for text in texts if text is not None]
    if path == "sourceIPAddress":  # no caller's address ends so; AWS writes it for services
        return bool(given) and all(text.endswith(_SERVICE_DOMAIN) for text in given)
    if path == "userIdentity.sessionContext.sessionIssuer.arn":
        # IAM keeps this path for service-linked roles.
        return bool(given) and all(_SERVICE_ROLE_PATH in text for text in given)
    if path in _ATTESTED:
        return bool(given) and _ATTESTED[path].issuperset(given)
    if path == "userIdentity.invokedBy":
        return bool(given)
    member = path.partition(".")[0].removesuffix("[]")
    return member in ACTION_MEMBERS and not is_claimed(path) and not _leaves_open(condition)


def _leaves_open(condition: Condition) -> bool:
    """Whether it says what is there, and nothing of what that holds."""
    return set(condition.model_dump(exclude_none=True)) <= {"exists", "only"}
