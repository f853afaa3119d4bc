"""A queue of messages that tell of new log files in S3."""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ...events import OnProblem, Problem, Record
from ..source import SourceError
from .aws import Backoff, Refused, ask, connect
from .clock import SYSTEM, Clock
from .options import SourceOptions
from .s3_notifications import NoNotification, ObjectName, objects_in
from .s3_objects import ObjectReader, S3Object

_VISIBILITY = 300
_LONGEST_POLL = 20
_AT_ONCE = 10
_HELD = 10_000
_RETRY = 30
_LONGEST_RETRY = 900
_MISSING = frozenset({"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"})
_URL = re.compile(
    r"https?://(?:sqs\.(?P<region>[a-z0-9-]+)\.|[^/]*)[^/]*/[0-9]{12}/[A-Za-z0-9_.-]+"
)


@dataclass(slots=True)
class _Message:
    id: str
    receipt: str
    count: int
    """How often it was received, as far as SQS knows."""
    objects: deque[ObjectName]
    until: float
    """When, on the steady clock, it is no longer ours."""


class Queue:
    """An SQS queue of notifications of new objects: each object is read, each message deleted when that is safe.

    A message is deleted by `settle`, once all of its objects were given before the last `position`; until then it
    is kept from others by renewing its visibility timeout. The queue is the memory, so that the position is empty:
    after a crash what was not settled comes again, and what is given twice the engine knows by the event's id. A
    message that is no notification, or names an object that is not there or not ours to read, is told and
    then deleted like any other. Where an object cannot be read for a reason that passes, the message is given back
    and comes again, later each time; the queue's retention and redrive policy say for how long.

    Whoever may send to the queue says which objects are read, in any bucket that the credentials open: its policy
    must let nobody in but S3, SNS or EventBridge.
    """

    forgets = True

    def __init__(
        self, name: str, on_problem: OnProblem, options: SourceOptions, *, clock: Clock = SYSTEM
    ) -> None:
        self.name = name
        self._url, self._find, region = _address(name)
        self._on_problem = on_problem
        self._clock = clock
        self._sqs = connect("sqs", options, region=region)
        self._s3 = connect("s3", options, region=region)
        self._reader = ObjectReader(self._s3, options, on_problem)
        self._backoff = Backoff(name, on_problem, clock)
        self._s3_backoff = Backoff(name, on_problem, clock)
        self._held: dict[str, _Message] = {}
        self._waiting: deque[_Message] = deque()
        self._given: list[_Message] = []
        self._settled: list[_Message] = []
        self._object: S3Object | None = None
        self._busy = True

    def poll(self, wait: float) -> Sequence[Record] | None:
        """See `Source`. A queue never ends; a call gives at most one object."""
        now = self._clock.steady
        deadline = now() + wait
        while True:
            pause = max(self._backoff.left, self._s3_backoff.left)
            if not pause:
                try:
                    records = self._step(deadline)
                except Refused as refused:
                    self._refused(refused)
                    records = []
                self._busy = records is not None or len(self._held) >= _HELD
                if records or records is None:
                    return records or []
            if now() >= deadline:
                return []
            if pause:
                self._clock.wait(min(pause, deadline - now()))

    @property
    def busy(self) -> bool:
        """See `Source`."""
        return self._busy

    def position(self) -> bytes:
        """See `Source`: the queue itself remembers."""
        self._settled += self._given
        self._given.clear()
        return b""

    def resume(self, position: bytes) -> None:
        """See `Source`."""
        if position:
            raise SourceError(f"{self.name}: the stored position is none of a queue")

    def settle(self) -> None:
        """See `Source`: deletes the messages that are done with."""
        kept: list[_Message] = []
        for some in _in_tens(self._settled):
            try:
                answer = self._batch(self._sqs.delete_message_batch, some)
            except Refused as refused:
                if refused.denied:
                    reason = f"deleting what is done with takes sqs:DeleteMessage: {refused}"
                    raise SourceError(f"{self.name}: {reason}") from refused
                self._backoff.failed("SQS", refused)
                kept += some
                continue
            # What fails through our own fault is a message that is ours no longer: it comes again.
            again = {
                int(each["Id"]) for each in answer.get("Failed", ()) if not each["SenderFault"]
            }
            for number, message in enumerate(some):
                if number in again:
                    kept.append(message)
                else:
                    self._held.pop(message.id, None)
        self._settled = kept

    def close(self) -> None:
        """See `Source`. What is not settled is given back to the queue, and comes at once."""
        if self._object is not None:
            self._object.close()
        for some in _in_tens(self._held.values()):
            try:
                self._batch(self._sqs.change_message_visibility_batch, some, VisibilityTimeout=0)
            except Refused:
                break  # it comes again by itself, later
        self._sqs.close()
        self._s3.close()

    def _step(self, deadline: float) -> list[Record] | None:
        """One request, or a portion of an object; None when there was nothing in the queue."""
        self._renew()
        if self._object is not None:
            return self._read(self._object)
        if self._waiting:
            message = self._waiting[0]
            if message.objects:
                name = message.objects[0]
                self._object = self._reader.open(name.bucket, name.key)
            else:
                self._given.append(self._waiting.popleft())
            return []
        left = max(0.0, deadline - self._clock.steady())
        if len(self._held) < _HELD and self._receive(min(_LONGEST_POLL, int(left))):
            return []
        if left < 1 or len(self._held) >= _HELD:
            self._clock.wait(left)
        return None

    def _receive(self, wait: int) -> bool:
        """Take messages from the queue; False where there are none."""
        if not self._url:
            self._url = self._ask("sqs:GetQueueUrl", self._sqs.get_queue_url, **self._find)[
                "QueueUrl"
            ]
        until = self._clock.steady() + _VISIBILITY
        answer = self._ask(
            "sqs:ReceiveMessage",
            self._sqs.receive_message,
            QueueUrl=self._url,
            MaxNumberOfMessages=_AT_ONCE,
            WaitTimeSeconds=wait,
            VisibilityTimeout=_VISIBILITY,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        self._backoff.succeeded()
        found = answer.get("Messages", ())
        for each in found:
            self._take(each, until)
        return bool(found)

    def _take(self, answer: Any, until: float) -> None:
        held = self._held.get(answer["MessageId"])
        if held is not None:  # it became visible while we held it: only the new receipt deletes it
            held.receipt, held.until = answer["ReceiptHandle"], until
            return
        body = answer.get("Body", "")
        count = int(answer.get("Attributes", {}).get("ApproximateReceiveCount", 1))
        objects: deque[ObjectName] = deque()
        message = _Message(answer["MessageId"], answer["ReceiptHandle"], count, objects, until)
        try:
            objects += objects_in(body)
        except NoNotification as error:
            place = f"message {message.id}"
            data = body.encode("utf-8", "replace")
            self._on_problem(Problem(self.name, place, f"the message {error}", data))
        self._held[message.id] = message
        self._waiting.append(message)

    def _read(self, item: S3Object) -> list[Record]:
        try:
            records = self._reader.step(item)
        except Refused as refused:
            self._give_back(self._waiting.popleft(), item, refused)
            return []
        self._s3_backoff.succeeded()
        if records is not None:
            return records
        item.close()
        self._object = None
        self._waiting[0].objects.popleft()
        return []

    def _give_back(self, message: _Message, item: S3Object, refused: Refused) -> None:
        """An object cannot be read for now: the message is to come again, later each time."""
        self._object = None
        self._held.pop(message.id, None)
        times = "once" if message.count == 1 else f"{message.count} times"
        reason = f"cannot be read for now, its message comes again (received {times}): {refused}"
        self._on_problem(Problem(item.name, "object", reason))
        self._s3_backoff.failed("S3", refused)
        retry = min(_LONGEST_RETRY, _RETRY * message.count)
        self._batch(self._sqs.change_message_visibility_batch, [message], VisibilityTimeout=retry)

    def _renew(self) -> None:
        """Keep what is held from becoming visible to others."""
        now = self._clock.steady()
        due = [each for each in self._held.values() if each.until - now < _VISIBILITY / 2]
        for some in _in_tens(due):
            # Twelve hours after it was received a message can be held no longer, and then comes again.
            self._batch(
                self._sqs.change_message_visibility_batch, some, VisibilityTimeout=_VISIBILITY
            )
            for each in some:
                each.until = now + _VISIBILITY

    def _batch(self, call: Callable[..., Any], some: list[_Message], **more: int) -> Any:
        entries = [
            {"Id": str(number), "ReceiptHandle": each.receipt, **more}
            for number, each in enumerate(some)
        ]
        return ask(call, QueueUrl=self._url, Entries=entries)

    def _ask(self, permission: str, call: Callable[..., Any], **arguments: object) -> Any:
        try:
            return ask(call, **arguments)
        except Refused as refused:
            if refused.code in _MISSING:
                raise SourceError(f"{self.name}: there is no such queue") from refused
            if refused.denied:
                raise SourceError(f"{self.name}: it takes {permission}: {refused}") from refused
            raise

    def _refused(self, refused: Refused) -> None:
        if refused.denied:
            reason = f"holding messages takes sqs:ChangeMessageVisibility: {refused}"
            raise SourceError(f"{self.name}: {reason}") from refused
        self._backoff.failed("SQS", refused)


def _in_tens(messages: Iterable[_Message]) -> Iterator[list[_Message]]:
    """In portions that a batch request takes."""
    rest = iter(list(messages))
    while some := list(islice(rest, _AT_ONCE)):
        yield some


def _address(name: str) -> tuple[str, dict[str, str], str | None]:
    """The URL of a queue, or else how to ask for it, and its region where the name tells.

    Raises:
        SourceError: it names no queue.
    """
    if name.startswith("sqs://"):
        queue = name.removeprefix("sqs://")
        if queue and "/" not in queue:
            return "", {"QueueName": queue}, None
    elif name.startswith("arn:"):
        *_, region, account, queue = name.split(":")
        if queue:
            return "", {"QueueName": queue, "QueueOwnerAWSAccountId": account}, region or None
    elif (found := _URL.fullmatch(name)) is not None:
        return name, {}, found["region"]
    raise SourceError(f"{name}: names no queue; write sqs://NAME, the queue's URL or its ARN")
