"""aws.iam.delete-user, effects: a signal, and no alert.

aws.iam.delete-user: Deleting an IAM user removes its credentials first
Panther, Python signals, and correlation rules on an absent origin
cloudcascade catalogue 0.0.0, made 2026-11-20
owner: detection@example.com; expires 2027-05-20
alerts on: iam:DeactivateMFADevice, iam:DeleteLoginProfile, iam:DeleteAccessKey, iam:UpdateAccessKey, iam:DeleteSigningCertificate, iam:DeleteSSHPublicKey, iam:DeleteServiceSpecificCredential, iam:DetachUserPolicy, iam:DeleteUserPolicy, iam:RemoveUserFromGroup
explained by: iam:DeleteUser
waits 1h for the window and 20m for late events
residual risk: An attacker who deletes the user anyway gains nothing from having stripped its MFA first. For up to an hour the user still exists without MFA or without a Deny policy; what it does in that time is for other rules to see.
checked: parsed (sqlglot's Snowflake grammar; rules and signals by Panther's own test runner; correlations by a model of Group and Absence)
loss, not covered: iam:DeleteVirtualMFADevice: joins its origin through iam:DeactivateMFADevice, which takes a hop
loss, fails closed: nothing voids an explanation here; unnoticed: user recreated, another user renamed to this name, user renamed before the deletion
loss, fails open: judges on arrival: an origin that comes after its effect comes too late
loss, fails open: credentials are not followed through AssumeRole: two sessions of one person are two actors
loss, fails closed: one window for all, without a direction: an origin up to 35m before or after an effect counts
"""

from cloudcascade_signal import cascade_key, is_call, no_key, value

CALLS = {
    "iam:DeactivateMFADevice": {
        "keys": [
            {"paths": ["requestParameters.userName"], "fold": True},
            {"paths": ["userAgent"], "tool": True},
        ],
    },
    "iam:DeleteLoginProfile": {
        "keys": [
            {"paths": ["requestParameters.userName"], "fold": True},
            {"paths": ["userAgent"], "tool": True},
        ],
    },
    "iam:DeleteAccessKey": {
        "keys": [
            {"paths": ["requestParameters.userName"], "fold": True},
            {"paths": ["userAgent"], "tool": True},
        ],
    },
    "iam:UpdateAccessKey": {
        "keys": [
            {"paths": ["requestParameters.userName"], "fold": True},
            {"paths": ["userAgent"], "tool": True},
        ],
        "where": [{"path": "requestParameters.status", "operator": "in", "values": ["Inactive"]}],
    },
    "iam:DeleteSigningCertificate": {
        "keys": [
            {"paths": ["requestParameters.userName"], "fold": True},
            {"paths": ["userAgent"], "tool": True},
        ],
    },
    "iam:DeleteSSHPublicKey": {
        "keys": [
            {"paths": ["requestParameters.userName"], "fold": True},
            {"paths": ["userAgent"], "tool": True},
        ],
    },
    "iam:DeleteServiceSpecificCredential": {
        "keys": [
            {"paths": ["requestParameters.userName"], "fold": True},
            {"paths": ["userAgent"], "tool": True},
        ],
    },
    "iam:DetachUserPolicy": {
        "keys": [
            {"paths": ["requestParameters.userName"], "fold": True},
            {"paths": ["userAgent"], "tool": True},
        ],
    },
    "iam:DeleteUserPolicy": {
        "keys": [
            {"paths": ["requestParameters.userName"], "fold": True},
            {"paths": ["userAgent"], "tool": True},
        ],
    },
    "iam:RemoveUserFromGroup": {
        "keys": [
            {"paths": ["requestParameters.userName"], "fold": True},
            {"paths": ["userAgent"], "tool": True},
        ],
    },
}
SAME_ACTOR = True
SAME_ACCOUNT = True


def rule(event):
    """Every such call, even one without a key: it finds no origin, so it alerts."""
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
