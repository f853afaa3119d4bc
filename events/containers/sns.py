"""Notifications of SNS, alone or as a Lambda function gets them.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
"""

from .container import Container

CONTAINER = Container(title="SNS", paths=("Message", "Sns.Message"), first=True)
