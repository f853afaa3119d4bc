"""aws.secretsmanager.delete-secret, effects: a signal, and no alert.

aws.secretsmanager.delete-secret: Deleting a secret ends in the service's own version deletions
Panther, Python signals, and correlation rules on an absent origin
cloudcascade catalogue 0.0.0, made 2026-11-20
owner: detection@example.com; expires 2027-05-20
alerts on: secretsmanager:StartSecretVersionDelete, secretsmanager:EndSecretVersionDelete
explained by: secretsmanager:DeleteSecret
waits for nothing: alerts before the window is over, which takes 0s for the window and 20m for late events
residual risk: The service events add nothing to DeleteSecret, which stays visible and can be undone until the recovery window ends. A forced deletion cannot be undone; rules on forceDeleteWithoutRecovery keep their place.
checked: parsed (sqlglot's Snowflake grammar; rules and signals by Panther's own test runner; correlations by a model of Group and Absence)
loss, not covered: records that share an eventID and differ, which CloudTrail does not write: one of them is seen
loss, not covered: records without a readable eventTime, which CloudTrail does not write: they count when they arrive, or not at all
loss, not covered: secretsmanager:RemoveRegionsFromReplication: the policy is annotate, and nothing is said of it
loss, fails closed: one window for all, without a direction: an origin up to 35m before or after an effect counts, up to 65m where runs were skipped
loss, fails open: an effect alerts in each of the up to 6 runs that look back to it
"""

from cloudcascade_signal import cascade_key, is_call, no_key, value

CALLS = {
    "secretsmanager:StartSecretVersionDelete": {
        "keys": [{"paths": ["additionalEventData.ARN"]}],
        "where": [{"path": "eventType", "operator": "in", "values": ["AwsServiceEvent"]}],
    },
    "secretsmanager:EndSecretVersionDelete": {
        "keys": [{"paths": ["additionalEventData.ARN"]}],
        "where": [{"path": "eventType", "operator": "in", "values": ["AwsServiceEvent"]}],
    },
}
SAME_ACTOR = False
SAME_ACCOUNT = True


def rule(event):
    """Every such call, even one that failed or has no key: it finds no origin, so it alerts."""
    return is_call(event, CALLS)


def compared(event):
    """What an effect and its origin have in common."""
    return cascade_key(event, CALLS, SAME_ACTOR, SAME_ACCOUNT)


def title(event):
    """What happened, and by whom."""
    return f"{event.get('eventName')} by {value(event, 'userIdentity.arn')}"


def alert_context(event):
    """What the correlation rule reads."""
    return {
        "cascade_key": compared(event) or no_key(event),
        "event_id": event.get("eventID"),
        "event_name": event.get("eventName"),
        "principal": value(event, "userIdentity.arn"),
    }
