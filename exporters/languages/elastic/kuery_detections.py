"""The detections as Kibana's threshold and new-terms rules, in KQL."""

from collections.abc import Sequence

from ....catalog.terms import format_duration
from ...detections import Burst, Detection, FirstSeen
from ...errors import ExportError
from ...field_maps import FieldMap
from ...query import Pattern
from ...target import Options
from . import kibana, kuery
from .slices import judged


def detection_rule(
    detection: Detection,
    fields: FieldMap,
    index: str,
    first: Sequence[str],
    note: Sequence[str],
    options: Options,
) -> kibana.Object:
    """The rule, whose query begins with the tests `first`. Sessions take a join, which Kibana's rules have not.

    Raises:
        ExportError: no rule can say it.
    """
    patterns = [Pattern(action) for action in _watched(detection)]
    nobody = f"not {fields.field('userIdentity.invokedBy')}: *"
    tests = [
        *first,
        kuery.equals(fields.field("eventSource"), patterns[0].event_source),
        kuery.equals(fields.field("eventName"), *(each.event_name for each in patterns)),
        nobody,
    ]
    more: kibana.Object = {"index": [index]}
    # Nothing is waited for. By the time of its arrival an event is in the slices of a run and of those that follow
    # skipped ones; without that time, the lateness does the same.
    back = judged(options.lateness, options.every, options.lateness)
    if isinstance(detection, Burst):
        for path in ("userIdentity.arn", "userIdentity.sessionContext.sessionIssuer.arn"):
            arns = [controller.arn for controller in options.controllers]
            if arns:
                tests.append(f"not {kuery.equals(fields.field(path), *arns)}")
        # Wherever in an interval a burst begins, and however its calls are delayed, one run sees all of it.
        back += detection.window
        who = [fields.field("recipientAccountId"), fields.field("userIdentity.principalId")]
        distinct = {"field": fields.field("eventName"), "value": detection.distinct}
        note = [
            *note,
            f"counts what arrives within {format_duration(back)}, so that no burst is cut: slower ones alert, too",
        ]
        more |= {
            "type": "threshold",
            "threshold": {"field": who, "value": 1, "cardinality": [distinct]},
        }
    elif isinstance(detection, FirstSeen):
        tests.append(f"not {kuery.equals(fields.field('userIdentity.type'), detection.spared)}")
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
        kuery.every_one(tests),
        every=options.every,
        back=back,
        author=[options.owner] if options.owner else [],
        references=[detection.reference],
        tags=[
            "cloudcascade",
            detection.id,
            f"expires:{options.expires.isoformat()}",
            *kibana.owner_tag(options.owner),
        ],
        techniques=detection.techniques,
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
