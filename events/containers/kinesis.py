"""Records of Kinesis and Firehose, as the command line and a Lambda function get them.

https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html,
https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html
"""

from collections.abc import Iterable

from .container import Container, Inside, Members, Packed, at

_SEQUENCES = ("SequenceNumber", "sequenceNumber", "recordId", "PartitionKey", "partitionKey")


def _open(value: Members) -> Iterable[Inside] | None:
    data = at(value, "kinesis.data")
    if data is None and (
        any(name in value for name in _SEQUENCES) or value.keys() <= {"data", "Data"}
    ):
        data = value.get("Data", value.get("data"))
    return (Packed(data),) if isinstance(data, str) else None


CONTAINER = Container(title="Kinesis", open=_open, first=True)
