"""Where to read more: AWS's page of an API operation, MITRE's page of a technique, the evidence."""

import re

from ...catalog.models import Cascade
from ...catalog.recorded import recorded
from .picture import Link

# AWS leads from a service's uid in its service model (`metadata.uid` in botocore's service-2.json) and an
# operation's name to the page in that service's API reference; boto3's documentation links so, too.
_API_PAGE = "https://docs.aws.amazon.com/goto/WebAPI"
_UIDS = {
    "access-analyzer": "accessanalyzer-2019-11-01",
    "acm": "acm-2015-12-08",
    "autoscaling": "autoscaling-2011-01-01",
    "backup": "backup-2018-11-15",
    "cloudformation": "cloudformation-2010-05-15",
    "cloudfront": "cloudfront-2020-05-31",
    "cloudtrail": "cloudtrail-2013-11-01",
    "config": "config-2014-11-12",
    "controltower": "controltower-2018-05-10",
    "dynamodb": "dynamodb-2012-08-10",
    "ec2": "ec2-2016-11-15",
    "ecr": "ecr-2015-09-21",
    "ecs": "ecs-2014-11-13",
    "eks": "eks-2017-11-01",
    "elasticfilesystem": "elasticfilesystem-2015-02-01",
    "elasticloadbalancing": "elasticloadbalancingv2-2015-12-01",
    "events": "eventbridge-2015-10-07",
    "guardduty": "guardduty-2017-11-28",
    "iam": "iam-2010-05-08",
    "kms": "kms-2014-11-01",
    "lambda": "lambda-2015-03-31",
    "logs": "logs-2014-03-28",
    "macie2": "macie2-2020-01-01",
    "monitoring": "monitoring-2010-08-01",
    "organizations": "organizations-2016-11-28",
    "ram": "ram-2018-01-04",
    "rds": "rds-2014-10-31",
    "route53": "route53-2013-04-01",
    "s3": "s3-2006-03-01",
    "secretsmanager": "secretsmanager-2017-10-17",
    "securityhub": "securityhub-2018-10-26",
    "servicecatalog": "servicecatalog-2015-12-10",
    "sns": "sns-2010-03-31",
    "sqs": "sqs-2012-11-05",
    "ssm": "ssm-2014-11-06",
    "sso": "sso-admin-2020-07-20",
    "states": "states-2016-11-23",
    "sts": "sts-2011-06-15",
}

# Events that CloudTrail names otherwise than the operation.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html
_OPERATIONS = {
    "s3:DeleteAccountPublicAccessBlock": "s3control-2018-08-20/DeletePublicAccessBlock",
    "s3:DeleteBucketPublicAccessBlock": "s3-2006-03-01/DeletePublicAccessBlock",
    "s3:PutAccountPublicAccessBlock": "s3control-2018-08-20/PutPublicAccessBlock",
    "s3:PutBucketLifecycle": "s3-2006-03-01/PutBucketLifecycleConfiguration",
    "s3:PutBucketNotification": "s3-2006-03-01/PutBucketNotificationConfiguration",
    "s3:PutBucketObjectLockConfiguration": "s3-2006-03-01/PutObjectLockConfiguration",
    "s3:PutBucketPublicAccessBlock": "s3-2006-03-01/PutPublicAccessBlock",
}
_API_VERSION = re.compile(r"(20\d{6}|20\d{2}_\d{2}_\d{2})(v\d+)?$")
_SHOWN_SOURCES = 3


def action_url(action: str) -> str | None:
    """AWS's page of the operation behind an action, or what describes an event that is no API call.

    >>> action_url("iam:DeleteUser")
    'https://docs.aws.amazon.com/goto/WebAPI/iam-2010-05-08/DeleteUser'
    """
    event = recorded().events.get(action)
    if event is not None:
        return event.source if event.source.startswith("https://") else None
    if action in _OPERATIONS:
        return f"{_API_PAGE}/{_OPERATIONS[action]}"
    service, _, name = action.partition(":")
    uid = _UIDS.get(service)
    return f"{_API_PAGE}/{uid}/{_API_VERSION.sub('', name)}" if uid else None


def technique_url(technique_id: str) -> str:
    """MITRE's page of a technique or sub-technique.

    >>> technique_url("T1556.006")
    'https://attack.mitre.org/techniques/T1556/006/'
    """
    return f"https://attack.mitre.org/techniques/{technique_id.replace('.', '/')}/"


def evidence_links(cascade: Cascade, node: str) -> tuple[Link, ...]:
    """The sources that vouch for a node and can be opened, numbered as they stand in the document."""
    links = []
    for number, evidence in enumerate(cascade.evidence, start=1):
        if node in evidence.supports and evidence.ref.startswith("https://"):
            links.append(Link(f"[{number}]", evidence.ref, f"{evidence.kind}: {evidence.ref}"))
    return tuple(links[:_SHOWN_SOURCES])
