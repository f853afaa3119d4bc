"""Reads Parquet files, as Security Lake and Athena write them: with pyarrow, of the extra `containers`."""

from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from .compression import EXTRA, Stopped
from .sources import Limits, Source

MAGIC = b"PAR1"
_BATCH = 1_000


def parquet_rows(
    source: Source, head: bytes, stream: Iterator[bytes], limits: Limits
) -> Iterator[Mapping[str, object]]:
    """The rows of a file; of one that cannot be sought in, with as much as may be decoded in one go.

    Raises:
        Stopped: there is no pyarrow, the file is damaged or too large.
    """
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise Stopped(f"a Parquet file, for which a package is missing: {EXTRA}") from error
    try:
        file = parquet.ParquetFile(_seekable(source, head, stream, limits))
        for number in range(file.metadata.num_row_groups):
            size = file.metadata.row_group(number).total_byte_size
            if size > limits.max_expanded_bytes // 16:
                raise Stopped(f"a row group of {size:,} bytes, as no log has")
        for batch in file.iter_batches(batch_size=_BATCH):
            for row in batch.to_pylist(maps_as_pydicts="lossy"):
                yield {name: _present(cell) for name, cell in row.items()}
    except (ArrowException, OSError, ValueError) as error:
        raise Stopped(f"a damaged Parquet file: {error}") from error


def _present(value: object) -> object:
    """Without the members of structs that only other rows have."""
    if isinstance(value, dict):
        return {name: _present(each) for name, each in value.items() if each is not None}
    if isinstance(value, bytes):  # a text that its writer did not mark as one
        return value.decode("utf-8", "replace")
    return [_present(each) for each in value] if isinstance(value, list) else value


def _seekable(
    source: Source, head: bytes, stream: Iterator[bytes], limits: Limits
) -> BinaryIO | str:
    if source.path is not None and _begins(source.path):
        return str(source.path)
    data = head
    for piece in stream:
        data += piece
        if len(data) > limits.whole_file_bytes:
            raise Stopped(
                f"a packed Parquet file of more than {limits.whole_file_bytes:,} bytes: unpack it first"
            )
    return BytesIO(data)


def _begins(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC
