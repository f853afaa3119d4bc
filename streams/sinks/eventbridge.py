"""Verdicts to an EventBridge bus, an event each.

Permission: `events:PutEvents` on the bus. Rules can match `source` (`cloudcascade`), `detail-type` (the verdict:
`effect`, `origin`, `orphan`, `pending`, `unlisted`) and everything in `detail`, which is the verdict's line.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ..sink import Message
from .aws import (
    MOST_BYTES,
    MOST_ENTRIES,
    AwsOptions,
    Refusal,
    called,
    is_passing,
    open_client,
    plain,
    refuse,
)
from .batching import Acknowledged, chunks
from .envelope import decode_envelope
from .rendering import Render, as_ndjson, fitted

SOURCE = "cloudcascade"

_TIME_BYTES = 14
# Entries must be smaller than the limit, not as large; source and detail-type count, too.
_ROOM = MOST_BYTES - _TIME_BYTES - len(SOURCE) - 64


class EventBridgeSink:
    """Puts events on a bus by its name or ARN, ten a call. EventBridge has no order and may deliver an event twice:
    its receivers tell repetitions by `detail.id`."""

    def __init__(
        self,
        bus: str,
        options: AwsOptions = AwsOptions(),  # noqa: B008  # frozen
        *,
        render: Render = as_ndjson,
    ) -> None:
        """Nothing is called yet.

        Raises:
            SinkError: boto3 is missing, or it knows no region.
        """
        self.name = f"events://{bus}"
        self._bus = bus
        self._render = plain(render)
        self._acknowledged = Acknowledged()
        parts = bus.split(":")
        region = parts[3] if parts[0] == "arn" and len(parts) > 3 else None
        self._client = open_client("events", options, region, self.name)

    def send(self, messages: Sequence[Message]) -> None:
        """See `Sink.send`."""
        entries = {each.id: self._entry(each) for each in self._acknowledged.rest(messages)}
        sized = [(each, _size(entries[each.id])) for each in messages if each.id in entries]
        for chunk in chunks(sized, most_messages=MOST_ENTRIES, most_bytes=MOST_BYTES):
            self._put(chunk, [entries[each.id] for each in chunk])
        self._acknowledged.through()

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _put(self, chunk: Sequence[Message], entries: Sequence[dict[str, Any]]) -> None:
        answer = called(self.name, lambda: self._client.put_events(Entries=entries))
        results = list(zip(chunk, answer["Entries"], strict=True))
        self._acknowledged.add([each for each, result in results if not result.get("ErrorCode")])
        refusals = [
            Refusal(code, str(result.get("ErrorMessage", "")), not is_passing(code))
            for _, result in results
            if (code := result.get("ErrorCode"))
        ]
        refuse(self.name, refusals, len(chunk))

    def _entry(self, message: Message) -> dict[str, Any]:
        envelope = decode_envelope(message.line)
        entry: dict[str, Any] = {
            "Source": SOURCE,
            "DetailType": envelope.verdict,
            "Detail": fitted(message.line, self._render, _ROOM).decode(),
            "EventBusName": self._bus,
        }
        if (moment := _moment(envelope.event_time)) is not None:
            entry["Time"] = moment
        return entry


def _moment(event_time: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(event_time)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _size(entry: dict[str, Any]) -> int:
    """As EventBridge counts: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html."""
    return _TIME_BYTES + sum(
        len(entry[name].encode()) for name in ("Source", "DetailType", "Detail")
    )
