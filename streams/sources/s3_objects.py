"""An S3 object whose records are given in portions, as a file's are."""

from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from ...events import OnProblem, Problem, Record
from ...events import Source as FileSource
from ..source import SourceError
from .aws import Refused, ask
from .options import SourceOptions
from .whole_file import WholeFile

_PIECE = 1 << 20
_LASTING = frozenset({"NoSuchKey", "NoSuchBucket", "NoSuchVersion", "InvalidObjectState", "404"})
_DENIALS = 10


class ObjectReader:
    """Opens objects, and notices when it may read none of them."""

    def __init__(self, client: Any, options: SourceOptions, on_problem: OnProblem) -> None:
        self._client = client
        self._options = options
        self._on_problem = on_problem
        self._denials = 0

    def open(self, bucket: str, key: str, *, etag: str = "", skip: int = 0) -> "S3Object":
        """The object, of which `skip` records were given before if its ETag is still that one."""
        return S3Object(
            self._client, self._options, self._on_problem, bucket, key, etag=etag, skip=skip
        )

    def step(self, item: "S3Object") -> list[Record] | None:
        """A bit of work on an object: its records so far, None when there is no more of it.

        An object that is not there, too large, or that we may not read, is told and at its end.

        Raises:
            Refused: for a reason that passes. The next step begins again.
            SourceError: no object can be read.
        """
        try:
            found = item.step()
        except Refused as refused:
            if refused.passing:
                raise
            if refused.denied:
                self._denials += 1
            if self._denials >= _DENIALS or not (refused.denied or refused.code in _LASTING):
                needed = "reading takes s3:GetObject, and kms:Decrypt where objects are encrypted"
                raise SourceError(f"{item.name}: {refused} ({needed})") from refused
            self._on_problem(Problem(item.name, "object", f"cannot be read: {refused}"))
            return None
        if found:
            self._denials = 0
        return found


class S3Object:
    """One object: downloaded to a temporary file piece by piece, and then read."""

    def __init__(
        self,
        client: Any,
        options: SourceOptions,
        on_problem: OnProblem,
        bucket: str,
        key: str,
        *,
        etag: str,
        skip: int,
    ) -> None:
        self.name = f"s3://{bucket}/{key}"
        self.etag = etag
        self.given = skip
        """How many of its records were given."""
        self._client = client
        self._options = options
        self._on_problem = on_problem
        self._bucket = bucket
        self._key = key
        self._body: Any = None
        self._file: Any = None
        self._reading: WholeFile | None = None

    def step(self) -> list[Record] | None:
        """See `ObjectReader.step`.

        Raises:
            Refused: it is not given to us, for now or for good. The next step begins again.
            SourceError: there is no room to keep it while it is read.
        """
        try:
            if self._reading is not None:
                found = self._reading.portion()
                self.given = self._reading.given
                return found
            if self._file is None:
                return self._begin()
            self._download()
        except Refused:
            self.close()
            raise
        except OSError as error:
            raise SourceError(
                f"{self.name}: no temporary file can be written: {error.strerror or error}"
            ) from error
        return []

    def close(self) -> None:
        """Let go of the connection and the temporary file."""
        for each in (self._reading, self._body, self._file):
            if each is not None:
                each.close()
        self._reading = self._body = self._file = None

    def _begin(self) -> list[Record] | None:
        answer = ask(self._client.get_object, Bucket=self._bucket, Key=self._key)
        self._body = answer["Body"]
        if int(answer["ContentLength"]) > self._options.max_object_bytes:
            reason = f"is larger than {self._options.max_object_bytes:,} bytes and was not read"
            self._on_problem(Problem(self.name, "object", reason))
            self.close()
            return None
        etag = str(answer.get("ETag", ""))
        if etag != self.etag:
            self.etag, self.given = etag, 0
        self._file = NamedTemporaryFile(prefix="cloudcascade-")  # noqa: SIM115
        return []

    def _download(self) -> None:
        # At its end boto3 compares length and checksum with what S3 said of them.
        piece = ask(self._body.read, amt=_PIECE)
        if piece:
            self._file.write(piece)
            return
        self._body.close()
        self._body = None
        self._file.flush()
        source = FileSource(self.name, Path(self._file.name), self._file.tell())
        self._reading = WholeFile(source, self._options.limits, self._on_problem, skip=self.given)
