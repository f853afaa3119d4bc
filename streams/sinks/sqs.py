"""Verdicts to an SQS queue, a message each.

Permissions: `sqs:SendMessage` on the queue, `sqs:GetQueueUrl` where it is named without its URL; for a queue
encrypted with a key of one's own `kms:GenerateDataKey` and `kms:Decrypt` on the key.
"""

import re
from collections.abc import Sequence
from typing import Any

from ..sink import Message
from .aws import MOST_BYTES, MOST_ENTRIES, AwsOptions, Refusal, called, open_client, plain, refuse
from .batching import Acknowledged, chunks
from .envelope import decode_envelope, deduplication_id
from .rendering import Render, as_ndjson, fitted

_REGION = re.compile(r"https?://(?:sqs\.)?([a-z]{2}(?:-[a-z]+)+-\d)\.", re.ASCII)


class SqsSink:
    """Sends to a queue by its name or its URL, ten messages a call.

    In a FIFO queue (its name ends with `.fifo`) the account is the group, within which the order is kept, and the
    message's id tells repetitions for five minutes. Other queues may hold a message twice after a fault.
    """

    def __init__(
        self,
        queue: str,
        options: AwsOptions = AwsOptions(),  # noqa: B008  # frozen
        *,
        render: Render = as_ndjson,
        name: str | None = None,
    ) -> None:
        """Nothing is called yet. `name` is what the person typed; without it, it is made of `queue`.

        Raises:
            SinkError: boto3 is missing, or it knows no region.
        """
        is_url = "://" in queue
        self.name = name or (f"sqs:{queue}" if is_url else f"sqs://{queue}")
        self._queue = queue
        self._url = queue if is_url else None
        self._is_fifo = queue.endswith(".fifo")
        self._render = plain(render)
        self._acknowledged = Acknowledged()
        region = _REGION.match(queue)
        self._client = open_client("sqs", options, region[1] if region else None, self.name)

    def send(self, messages: Sequence[Message]) -> None:
        """See `Sink.send`."""
        if self._url is None:
            found = called(self.name, lambda: self._client.get_queue_url(QueueName=self._queue))
            self._url = found["QueueUrl"]
        bodies = {
            each.id: fitted(each.line, self._render, MOST_BYTES).decode()
            for each in self._acknowledged.rest(messages)
        }
        sized = [(each, len(bodies[each.id].encode())) for each in messages if each.id in bodies]
        for chunk in chunks(sized, most_messages=MOST_ENTRIES, most_bytes=MOST_BYTES):
            self._send(chunk, bodies)
        self._acknowledged.through()

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _send(self, chunk: Sequence[Message], bodies: dict[str, str]) -> None:
        entries = [self._entry(place, each, bodies[each.id]) for place, each in enumerate(chunk)]
        answer = called(
            self.name,
            lambda: self._client.send_message_batch(QueueUrl=self._url, Entries=entries),
        )
        taken = {int(each["Id"]) for each in answer.get("Successful", ())}
        self._acknowledged.add([each for place, each in enumerate(chunk) if place in taken])
        refuse(self.name, map(refusal, answer.get("Failed", ())), len(chunk))

    def _entry(self, place: int, message: Message, text: str) -> dict[str, Any]:
        entry = {"Id": str(place), "MessageBody": text}
        if self._is_fifo:
            entry["MessageGroupId"] = decode_envelope(message.line).group
            entry["MessageDeduplicationId"] = deduplication_id(message.id)
        return entry


def refusal(failed: dict[str, Any]) -> Refusal:
    """What SQS and SNS say of an entry that they did not take (`BatchResultErrorEntry`)."""
    code = str(failed.get("Code", "error"))
    return Refusal(code, str(failed.get("Message", "")), bool(failed.get("SenderFault")))
