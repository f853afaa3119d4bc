"""What of a folder was read, as it is stored."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

import msgspec

from .dated_folders import DatedFolder, packed_hashes, unpacked_hashes
from .folder_listing import FoundFile
from .growing_file import GrowingFilePosition
from .position_types import Count


class WholeFilePosition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that is read whole, as it was then: how many of its records were given, and whether that is all."""

    inode: Count
    size: Count
    changed: int
    given: Count
    done: bool

    def is_of(self, found: FoundFile) -> bool:
        """Whether the file has not changed since, wherever it lies now."""
        return (self.size, self.changed) == (found.size, found.changed)


@dataclass(frozen=True, slots=True)
class FolderState:
    """`started`: what was there at the beginning is dealt with. The rest is by path below the folder."""

    started: bool
    dated: dict[str, DatedFolder]
    wholes: dict[str, WholeFilePosition]
    growing: Mapping[str, GrowingFilePosition]


class _Dated(msgspec.Struct, forbid_unknown_fields=True):
    newest: date | None
    read: dict[date, bytes]


# Paths are bytes, since a name need not be text.
class _Stored(msgspec.Struct, forbid_unknown_fields=True):
    form: Literal["folder-1"]
    started: bool
    dated: dict[bytes, _Dated]
    wholes: dict[bytes, WholeFilePosition]
    growing: dict[bytes, GrowingFilePosition]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Stored).decode


def encoded(state: FolderState) -> bytes:
    """The state as bytes."""
    return _encode(
        _Stored(
            "folder-1",
            state.started,
            {
                os.fsencode(group): _Dated(
                    folder.newest,
                    {day: packed_hashes(hashes) for day, hashes in folder.read.items()},
                )
                for group, folder in state.dated.items()
            },
            {os.fsencode(path): position for path, position in state.wholes.items()},
            {os.fsencode(path): position for path, position in state.growing.items()},
        )
    )


def decoded(data: bytes, lookback: int) -> FolderState:
    """What was encoded.

    Raises:
        ValueError: it is nothing that was.
    """
    stored = _decode(data)  # msgspec's errors are ValueErrors
    dated = {
        os.fsdecode(group): DatedFolder(
            lookback,
            folder.newest,
            {day: unpacked_hashes(packed) for day, packed in folder.read.items()},
        )
        for group, folder in stored.dated.items()
    }
    return FolderState(
        stored.started,
        dated,
        {os.fsdecode(path): position for path, position in stored.wholes.items()},
        {os.fsdecode(path): position for path, position in stored.growing.items()},
    )
