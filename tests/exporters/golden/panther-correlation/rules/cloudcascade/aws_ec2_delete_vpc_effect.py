"""aws.ec2.delete-vpc, effects: a signal, and no alert.

aws.ec2.delete-vpc: Deleting a VPC takes its gateways off first
Panther, Python signals, and correlation rules on an absent origin
cloudcascade catalogue 0.0.0, made 2026-11-20
owner: detection@example.com; expires 2027-05-20
alerts on: ec2:DetachVpnGateway
explained by: ec2:DeleteVpc
waits for nothing: alerts before the window is over, which takes 15m for the window and 20m for late events
residual risk: The VPC is cut off from the internet, and from the offices behind its VPN, up to a quarter of an hour before DeleteVpc is logged; that outage has no alert of its own.
checked: parsed (sqlglot's Snowflake grammar; rules and signals by Panther's own test runner; correlations by a model of Group and Absence)
loss, not covered: ec2:DetachInternetGateway: aws.cloudformation.change-set-service-role may explain it by a stricter policy, which cannot be asked
loss, not covered: ec2:DetachInternetGateway: aws.cloudformation.create-stack may explain it by a stricter policy, which cannot be asked
loss, not covered: ec2:DetachInternetGateway: aws.cloudformation.create-stack-service-role may explain it by a stricter policy, which cannot be asked
loss, not covered: ec2:DetachInternetGateway: aws.cloudformation.delete-stack may explain it by a stricter policy, which cannot be asked
loss, not covered: ec2:DetachInternetGateway: aws.cloudformation.delete-stack-service-role may explain it by a stricter policy, which cannot be asked
loss, not covered: ec2:DetachInternetGateway: aws.cloudformation.execute-change-set may explain it by a stricter policy, which cannot be asked
loss, not covered: ec2:DetachInternetGateway: aws.cloudformation.update-stack may explain it by a stricter policy, which cannot be asked
loss, not covered: ec2:DetachInternetGateway: aws.cloudformation.update-stack-service-role may explain it by a stricter policy, which cannot be asked
loss, not covered: ec2:DetachInternetGateway: aws.ec2.delete-internet-gateway may explain it by a stricter policy, which cannot be asked
loss, fails open: judges on arrival: an origin that comes after its effect comes too late
loss, fails open: credentials are not followed through AssumeRole: two sessions of one person are two actors
loss, not covered: records that share an eventID and differ, which CloudTrail does not write: one of them is seen
loss, not covered: records without a readable eventTime, which CloudTrail does not write: they count when they arrive, or not at all
loss, not covered: ec2:DeleteInternetGateway: the policy is annotate, and nothing is said of it
loss, fails closed: one window for all, without a direction: an origin up to 35m before or after an effect counts, up to 65m where runs were skipped
loss, fails open: an effect alerts in each of the up to 6 runs that look back to it
"""

from cloudcascade_signal import cascade_key, is_call, no_key, value

CALLS = {
    "ec2:DetachVpnGateway": {
        "keys": [
            {"paths": ["requestParameters.vpcId"]},
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
