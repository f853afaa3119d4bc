"""Messages of SQS, as `aws sqs receive-message` and a Lambda function get them.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
"""

from .container import Container

CONTAINER = Container(title="SQS", paths=("body", "Body"), first=True)
