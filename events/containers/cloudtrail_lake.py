"""What is put into CloudTrail Lake: https://docs.aws.amazon.com/awscloudtraildata/latest/APIReference/API_AuditEvent.html"""

from .container import Container

CONTAINER = Container(title="CloudTrail Lake", paths=("eventData", "auditEvents"))
