"""Verdicts to an SNS topic, a message each.

Permissions: `sns:Publish` on the topic; for a topic encrypted with a key of one's own `kms:GenerateDataKey` and
`kms:Decrypt` on the key. Filter policies can ask for the attributes `verdict`, `cascade` and `policy`.
"""

from collections.abc import Sequence
from typing import Any

from ..sink import Message, SinkError
from .aws import MOST_BYTES, MOST_ENTRIES, AwsOptions, called, open_client, plain, refuse
from .batching import Acknowledged, chunks
from .envelope import Envelope, decode_envelope, deduplication_id
from .rendering import Render, as_ndjson, fitted
from .sqs import refusal


class SnsSink:
    """Publishes to a topic by its ARN, ten messages a call; a FIFO topic is used as `SqsSink` uses a FIFO queue."""

    def __init__(
        self,
        topic: str,
        options: AwsOptions = AwsOptions(),  # noqa: B008  # frozen
        *,
        render: Render = as_ndjson,
    ) -> None:
        """Nothing is called yet.

        Raises:
            SinkError: `topic` is no topic's ARN, or boto3 is missing.
        """
        self.name = f"sns:{topic}"
        parts = topic.split(":")
        if len(parts) != 6 or parts[0] != "arn" or parts[2] != "sns" or not parts[5]:
            raise SinkError(
                f"{self.name}: a topic is named by its ARN, arn:aws:sns:REGION:ACCOUNT:NAME",
                lasting=True,
            )
        self._topic = topic
        self._is_fifo = topic.endswith(".fifo")
        self._render = plain(render)
        self._acknowledged = Acknowledged()
        self._client = open_client("sns", options, parts[3], self.name)

    def send(self, messages: Sequence[Message]) -> None:
        """See `Sink.send`."""
        entries = {each.id: self._entry(each) for each in self._acknowledged.rest(messages)}
        sized = [(each, _size(entries[each.id])) for each in messages if each.id in entries]
        for chunk in chunks(sized, most_messages=MOST_ENTRIES, most_bytes=MOST_BYTES):
            self._publish(chunk, [entries[each.id] for each in chunk])
        self._acknowledged.through()

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _publish(self, chunk: Sequence[Message], entries: Sequence[dict[str, Any]]) -> None:
        numbered = [{**entry, "Id": str(place)} for place, entry in enumerate(entries)]
        answer = called(
            self.name,
            lambda: self._client.publish_batch(
                TopicArn=self._topic, PublishBatchRequestEntries=numbered
            ),
        )
        taken = {int(each["Id"]) for each in answer.get("Successful", ())}
        self._acknowledged.add([each for place, each in enumerate(chunk) if place in taken])
        refuse(self.name, map(refusal, answer.get("Failed", ())), len(chunk))

    def _entry(self, message: Message) -> dict[str, Any]:
        envelope = decode_envelope(message.line)
        attributes = _attributes(envelope)
        room = MOST_BYTES - _attribute_size(attributes)
        entry: dict[str, Any] = {
            "Message": fitted(message.line, self._render, room).decode(),
            "MessageAttributes": attributes,
        }
        if self._is_fifo:
            entry["MessageGroupId"] = envelope.group
            entry["MessageDeduplicationId"] = deduplication_id(message.id)
        return entry


def _attributes(envelope: Envelope) -> dict[str, dict[str, str]]:
    return {
        name: {"DataType": "String", "StringValue": value}
        for name, value in envelope.attributes.items()
    }


def _attribute_size(attributes: dict[str, dict[str, str]]) -> int:
    """Names, types and values count towards a message's size."""
    return sum(
        len(name) + len(each["DataType"]) + len(each["StringValue"].encode())
        for name, each in attributes.items()
    )


def _size(entry: dict[str, Any]) -> int:
    return len(entry["Message"].encode()) + _attribute_size(entry["MessageAttributes"])
