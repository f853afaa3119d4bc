"""The detections as Kibana's threshold and new-terms rules, in KQL."""

from collections.abc import Sequence

from ...detections import Burst, Detection, FirstSeen
from ...errors import ExportError
from ...field_maps import FieldMap
from ...query import Pattern
from ...target import Options
from . import kibana, kuery


def detection_rule(
    detection: Detection, fields: FieldMap, index: str, note: Sequence[str], options: Options
) -> kibana.Object:
    """The rule. Sessions take a join, which Kibana's rules have not.

    Raises:
        ExportError: no rule can say it.
    """
    patterns = [Pattern(action) for action in _watched(detection)]
    nobody = f"not {fields.field('userIdentity.invokedBy')}: *"
    tests = [
        kuery.equals(fields.field("eventSource"), patterns[0].event_source),
        kuery.equals(fields.field("eventName"), *(each.event_name for each in patterns)),
        nobody,
    ]
    more: kibana.Object = {"index": [index]}
    if isinstance(detection, Burst):
        for path in ("userIdentity.arn", "userIdentity.sessionContext.sessionIssuer.arn"):
            arns = [controller.arn for controller in options.controllers]
            if arns:
                tests.append(f"not {kuery.equals(fields.field(path), *arns)}")
        back = detection.window
        who = [fields.field("recipientAccountId"), fields.field("userIdentity.principalId")]
        distinct = {"field": fields.field("eventName"), "value": detection.distinct}
        more |= {
            "type": "threshold",
            "threshold": {"field": who, "value": 1, "cardinality": [distinct]},
        }
    elif isinstance(detection, FirstSeen):
        tests.append(f"not {kuery.equals(fields.field('userIdentity.type'), detection.spared)}")
        back = 2 * options.every
        more |= {
            "type": "new_terms",
            "new_terms_fields": [
                fields.field("recipientAccountId"),
                fields.field("userIdentity.arn"),
            ],
            "history_window_start": f"now-{detection.lookback // 86_400}d",
        }
    return kibana.rule(
        detection.id,
        detection.title,
        detection.description,
        note,
        "kuery",
        " and ".join(tests),
        every=options.every,
        back=back,
        author=[options.owner] if options.owner else [],
        references=[detection.reference],
        tags=[
            "cloudcascade",
            detection.id,
            *kibana.owner_tag(options.owner),
            *detection.techniques,
        ],
        **more,
    )


def _watched(detection: Detection) -> tuple[str, ...]:
    if isinstance(detection, Burst):
        return detection.actions
    if isinstance(detection, FirstSeen):
        return (detection.action,)
    raise ExportError(
        f"Elastic Security has no form for {detection.id}: a rule joins no two events of one index"
    )
