"""aws.iam.delete-user, origins: a signal, and no alert.

aws.iam.delete-user: Deleting an IAM user removes its credentials first
Panther, Python signals, and correlation rules on an absent origin
cloudcascade catalogue 0.0.0, made 2026-11-20
owner: detection@example.com; expires 2027-05-20
alerts on: iam:DeleteLoginProfile, iam:DeleteSigningCertificate, iam:DeleteSSHPublicKey, iam:DeleteServiceSpecificCredential
explained by: iam:DeleteUser
waits for nothing: alerts before the window is over, which takes 1h for the window and 20m for late events
residual risk: For up to an hour the user still exists without MFA, or locked out. Nobody signs in or takes a session as the user in that time, or nothing would be silenced; a key that it still has works as it did before, with no more rights than before, since what may have been a Deny is labelled and never silenced.
checked: parsed (sqlglot's Snowflake grammar; rules and signals by Panther's own test runner; correlations by a model of Group and Absence)
loss, not covered: iam:DeleteVirtualMFADevice: joins its origin through iam:DeactivateMFADevice, which takes a hop
loss, not covered: iam:DeleteAccessKey: aws.cloudformation.change-set-service-role may explain it by a stricter policy, which cannot be asked
loss, not covered: iam:DeleteAccessKey: aws.cloudformation.create-stack may explain it by a stricter policy, which cannot be asked
loss, not covered: iam:DeleteAccessKey: aws.cloudformation.create-stack-service-role may explain it by a stricter policy, which cannot be asked
loss, not covered: iam:DeleteAccessKey: aws.cloudformation.delete-stack may explain it by a stricter policy, which cannot be asked
loss, not covered: iam:DeleteAccessKey: aws.cloudformation.delete-stack-service-role may explain it by a stricter policy, which cannot be asked
loss, not covered: iam:DeleteAccessKey: aws.cloudformation.execute-change-set may explain it by a stricter policy, which cannot be asked
loss, not covered: iam:DeleteAccessKey: aws.cloudformation.update-stack may explain it by a stricter policy, which cannot be asked
loss, not covered: iam:DeleteAccessKey: aws.cloudformation.update-stack-service-role may explain it by a stricter policy, which cannot be asked
loss, not covered: iam:DeleteAccessKey, iam:UpdateAccessKey: aws.iam.access-key-rotation may explain it by a stricter policy, which cannot be asked
loss, not covered: iam:DeleteAccessKey, iam:UpdateAccessKey, iam:DetachUserPolicy: aws.iam.compromised-key-quarantine may explain it by a stricter policy, which cannot be asked
loss, not covered: iam:DetachUserPolicy: aws.iam.delete-policy may explain it by a stricter policy, which cannot be asked
loss, not covered: iam:DeactivateMFADevice: aws.iam.mfa-replace-device may explain it by a stricter policy, which cannot be asked
loss, not covered: iam:DetachUserPolicy: aws.ssm.start-automation-execution-alongside may explain it by a stricter policy, which cannot be asked
loss, fails closed: nothing voids an explanation here; unnoticed: an earlier user of the name deleted, user recreated before the deletion, another user renamed to this name before the deletion, user renamed before the deletion, user signed in before the deletion, user in use before the deletion, user given a key before the deletion, user given a password before the deletion, user given a credential before the deletion, user recreated, another user renamed to this name
loss, fails open: judges on arrival: an origin that comes after its effect comes too late
loss, fails open: credentials are not followed through AssumeRole: two sessions of one person are two actors
loss, not covered: records that share an eventID and differ, which CloudTrail does not write: one of them is seen
loss, not covered: records without a readable eventTime, which CloudTrail does not write: they count when they arrive, or not at all
loss, not covered: iam:DeleteUserPolicy, iam:RemoveUserFromGroup, iam:DeleteUserPermissionsBoundary: the policy is annotate, and nothing is said of it
loss, fails closed: one window for all, without a direction: an origin up to 35m before or after an effect counts, up to 65m where runs were skipped
loss, fails open: an effect alerts in each of the up to 6 runs that look back to it
"""

from cloudcascade_signal import cascade_key, is_call, no_key, value

CALLS = {
    "iam:DeleteUser": {
        "keys": [
            {"paths": ["requestParameters.userName"], "fold": True},
            {"paths": ["userAgent"], "tool": True},
            {"paths": ["sourceIPAddress"]},
            {
                "paths": [
                    "userIdentity.sessionContext.attributes.creationDate",
                    "userIdentity.accessKeyId",
                ],
            },
        ],
    },
}
SAME_ACTOR = True
SAME_ACCOUNT = True


def rule(event):
    """Only a call that has all that is compared can explain another."""
    return is_call(event, CALLS) and compared(event) is not None


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
