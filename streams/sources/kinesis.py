"""A Kinesis stream of CloudTrail records."""

from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec

from ...events import OnProblem, Problem, Record
from ..source import SourceError
from .aws import Backoff, Refused, ask, connect, pause_after
from .clock import SYSTEM, Clock
from .kinesis_data import records_of
from .kinesis_shards import PAUSE, Shard, Shards
from .options import SourceOptions
from .position_types import Moment

_INTERVAL = 1.0
_RELIST = 60.0
_PAGE = 1_000
_PORTION_BYTES = 2 << 20
_PORTION_RECORDS = 2_000
_LONGEST_PAUSE = 30.0
_OLD_SEQUENCE = "InvalidArgumentException"

_ShardId = Annotated[str, msgspec.Meta(pattern=r"^[a-zA-Z0-9_.-]{1,128}$")]
_Sequence = Annotated[str, msgspec.Meta(pattern=r"^(?:0|[1-9][0-9]{0,128})?$")]


class _Stored(msgspec.Struct, forbid_unknown_fields=True):
    form: Literal["kinesis-1"]
    stream: str
    since: Moment
    sequences: dict[_ShardId, _Sequence]
    drained: list[_ShardId]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Stored).decode


class Stream:
    """All shards of a stream, each looked at every `poll_interval` seconds, and without a pause while it is behind.

    Of the shards that may be read the one furthest behind comes first, so that a backlog is read about in order of
    time. A shard's children are read when it is drained. Position: the sequence number of the last record given, for
    each shard that is not drained, and the names of drained ones whose children are not read yet.

    `start="latest"` begins with records that arrived in the stream after this was made, found by their
    time of arrival, so that nothing is left out when a restart comes before the first record. Positions that the stream
    does not know, since it was made anew, are told, and it is read from its oldest record on.
    """

    forgets = False

    def __init__(
        self, name: str, on_problem: OnProblem, options: SourceOptions, *, clock: Clock = SYSTEM
    ) -> None:
        self.name = name
        self._stream, region = _address(name)
        # Requests that name an iterator need no name, but may give an ARN.
        self._by_arn = self._stream if "StreamARN" in self._stream else {}
        self._on_problem = on_problem
        self._options = options
        self._clock = clock
        self._client = connect("kinesis", options, region=region)
        self._backoff = Backoff(name, on_problem, clock)
        self._since = int(clock.wall()) if options.start == "latest" else 0
        self._shards = Shards()
        self._relist = 0.0
        # What was fetched and not yet given, of which shard, and whether that shard ends with it.
        self._page: tuple[Shard, deque[Any], bool] | None = None

    def poll(self, wait: float) -> Sequence[Record] | None:
        """See `Source`. A stream never ends."""
        now = self._clock.steady
        deadline = now() + wait
        while True:
            pause = self._backoff.left
            if not pause:
                try:
                    records = self._step()
                except Refused as refused:
                    self._backoff.failed("Kinesis", refused)
                    records = []
                if records:
                    return records
                if records is None:
                    pause = max(0.0, self._next_due() - now())
            if now() >= deadline:
                return []
            if pause:
                self._clock.wait(min(pause, deadline - now()))

    @property
    def busy(self) -> bool:
        """See `Source`."""
        if self._page is not None or not self._relist:
            return True
        return any(shard.behind > 0 for shard in self._shards.active.values())

    def position(self) -> bytes:
        """See `Source`."""
        sequences = {each.id: each.sequence for each in self._shards.active.values()}
        drained = sorted(self._shards.drained)
        stream = next(iter(self._stream.values()))
        return _encode(_Stored("kinesis-1", stream, self._since, sequences, drained))

    def resume(self, position: bytes) -> None:
        """See `Source`."""
        try:
            stored = _decode(position)
            if stored.stream not in self._stream.values():
                raise ValueError("of another stream")
        except ValueError as error:
            reason = "the stored position is none of this stream"
            raise SourceError(f"{self.name}: {reason}") from error
        self._since = stored.since
        self._shards.restore(stored.sequences, stored.drained)

    def settle(self) -> None:
        """See `Source`. Nothing is deleted: a stream forgets by itself."""

    def close(self) -> None:
        """See `Source`."""
        self._client.close()

    def _step(self) -> list[Record] | None:
        """One request, or a portion of a page; None when there is nothing to do for now."""
        if self._page is not None:
            return self._portion(*self._page)
        now = self._clock.steady()
        if now >= self._relist:
            self._list()
            self._relist = now + _RELIST
            return []
        shard = self._shards.next(now)
        if shard is None:
            return None
        if shard.iterator is None:
            self._begin(shard)
        if shard.iterator is not None:
            self._fetch(shard, shard.iterator)
        return []

    def _next_due(self) -> float:
        return min([self._relist, *(each.due for each in self._shards.active.values())])

    def _list(self) -> None:
        answers: list[Any] = []
        more: dict[str, str] = self._stream
        while more:
            page = self._ask("kinesis:ListShards", self._client.list_shards, **more)
            answers += page["Shards"]
            more = {"NextToken": page["NextToken"]} if page.get("NextToken") else {}
        for shard in self._shards.listed(answers):
            reason = "the stream has dropped it before its end was read"
            self._on_problem(Problem(self.name, f"shard {shard.id}", reason))
        self._backoff.succeeded()

    def _begin(self, shard: Shard) -> None:
        arguments: dict[str, object] = {"ShardIteratorType": "TRIM_HORIZON"}
        if shard.sequence:
            arguments = {
                "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
                "StartingSequenceNumber": shard.sequence,
            }
        elif self._since:
            moment = datetime.fromtimestamp(self._since, UTC)
            arguments = {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": moment}
        try:
            answer = self._ask(
                "kinesis:GetShardIterator",
                self._client.get_shard_iterator,
                **self._stream,
                ShardId=shard.id,
                **arguments,
            )
        except Refused as refused:
            if refused.code != _OLD_SEQUENCE or not shard.sequence:
                self._failed(shard, refused)
                return
            reason = (
                f"does not know where reading stopped, and is read from its beginning: {refused}"
            )
            self._on_problem(Problem(self.name, f"shard {shard.id}", reason))
            shard.sequence = ""
            return
        shard.iterator = answer["ShardIterator"]

    def _fetch(self, shard: Shard, iterator: str) -> None:
        now = self._clock.steady()
        try:
            answer = self._ask(
                "kinesis:GetRecords",
                self._client.get_records,
                **self._by_arn,
                ShardIterator=iterator,
                Limit=_PAGE,
            )
        except Refused as refused:
            self._failed(shard, refused)
            return
        self._backoff.succeeded()
        shard.failures = 0
        shard.iterator = answer.get("NextShardIterator")
        shard.behind = answer.get("MillisBehindLatest", 0)
        interval = self._options.poll_interval or _INTERVAL
        shard.due = now + (PAUSE if shard.behind else max(PAUSE, interval))
        self._page = (shard, deque(answer["Records"]), shard.iterator is None)

    def _failed(self, shard: Shard, refused: Refused) -> None:
        if refused.code == "ExpiredIteratorException":
            shard.iterator = None
        elif refused.code in ("ProvisionedThroughputExceededException", "LimitExceededException"):
            # Others read this shard, too: it waits, and not the other shards.
            shard.failures += 1
            shard.due = self._clock.steady() + pause_after(shard.failures, _LONGEST_PAUSE)
        else:
            shard.iterator = None
            raise refused

    def _portion(self, shard: Shard, page: deque[Any], ends: bool) -> list[Record]:
        records: list[Record] = []
        size = 0
        while page and size < _PORTION_BYTES and len(records) < _PORTION_RECORDS:
            each = page.popleft()
            size += len(each["Data"])
            records += self._decoded(shard, each)
            shard.sequence = each["SequenceNumber"]
        if not page:
            self._page = None
            if ends:
                self._shards.drain(shard)
                self._relist = 0.0
        return records

    def _decoded(self, shard: Shard, each: Any) -> list[Record]:
        records: list[Record] = []
        data = each["Data"]
        place = f"shard {shard.id}, sequence number {each['SequenceNumber']}"
        for found in records_of(data, self._options.limits):
            if isinstance(found, Record):
                records.append(found)
            else:
                kept = data[: self._options.limits.max_record_bytes]
                self._on_problem(Problem(self.name, place, str(found), kept, ignored=found.ignored))
        return records

    def _ask(self, permission: str, call: Callable[..., Any], **arguments: object) -> Any:
        try:
            return ask(call, **arguments)
        except Refused as refused:
            if refused.code == "ResourceNotFoundException":
                raise SourceError(f"{self.name}: there is no such stream: {refused}") from refused
            if refused.denied:
                raise SourceError(f"{self.name}: it takes {permission}: {refused}") from refused
            raise


def _address(name: str) -> tuple[dict[str, str], str | None]:
    """How requests name a stream, and its region where its name tells.

    Raises:
        SourceError: it names no stream.
    """
    if name.startswith("arn:"):
        *_, region, _account, resource = name.split(":")
        if resource.startswith("stream/") and resource.count("/") == 1:
            return {"StreamARN": name}, region or None
    elif (stream := name.partition("://")[2]) and "/" not in stream:
        return {"StreamName": stream}, None
    raise SourceError(f"{name}: names no stream; write kinesis://NAME or the stream's ARN")
