"""`aws cloudtrail lookup-events`, and with `--query 'Events[].CloudTrailEvent'`.

https://docs.aws.amazon.com/cli/latest/reference/cloudtrail/lookup-events.html
"""

from .container import Container

CONTAINER = Container(
    title="lookup-events", paths=("CloudTrailEvent", "cloudTrailEvent"), first=True
)
