"""Closes shards as AWS does, which moto does not: it moves a shard's records to its children and never ends it.

https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-after-resharding.html
"""

from collections import OrderedDict
from typing import Any

import pytest
from moto.kinesis.models import KinesisBackend, Stream
from moto.kinesis.utils import decompose_shard_iterator


def close_shards_as_aws_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed shard keeps its records, takes no more, and ends behind its last."""
    shard_for_key, get_records = Stream.get_shard_for_key, KinesisBackend.get_records

    def keep_records(change: Any) -> Any:
        def changed(self: Any, *arguments: Any) -> None:
            kept = {name: shard.records for name, shard in self.shards.items()}
            for shard in self.shards.values():
                shard.records = OrderedDict()
            change(self, *arguments)
            for name, records in kept.items():
                self.shards[name].records = records

        return changed

    def open_shard_for_key(self: Any, *arguments: Any) -> Any:
        everything = self.shards
        self.shards = {name: each for name, each in everything.items() if each.is_open}
        try:
            return shard_for_key(self, *arguments)
        finally:
            self.shards = everything

    def records_to_the_end(self: Any, stream_arn: Any, iterator: str, limit: Any) -> Any:
        following, records, behind = get_records(self, stream_arn, iterator, limit)
        name, shard_id, _ = decompose_shard_iterator(iterator)
        stream = self.describe_stream(stream_arn=stream_arn, stream_name=name)
        shard = stream.get_shard(shard_id)
        _, _, last = decompose_shard_iterator(following)
        ended = not shard.is_open and int(last) >= shard.get_max_sequence_number()
        return None if ended else following, records, behind

    monkeypatch.setattr(Stream, "split_shard", keep_records(Stream.split_shard))
    monkeypatch.setattr(Stream, "merge_shards", keep_records(Stream.merge_shards))
    monkeypatch.setattr(Stream, "get_shard_for_key", open_shard_for_key)
    monkeypatch.setattr(KinesisBackend, "get_records", records_to_the_end)
