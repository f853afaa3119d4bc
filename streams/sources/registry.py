"""Opens a source by what a person typed."""

from ...events import OnProblem
from ..source import Source, SourceError
from .options import SourceOptions

_KNOWN = (
    "- for standard input, a file or folder, s3://BUCKET/PREFIX, "
    "sqs://QUEUE or a queue's URL or ARN, kinesis://STREAM or a stream's ARN"
)
DEFAULT_OPTIONS = SourceOptions()


def open_source(
    name: str, on_problem: OnProblem, options: SourceOptions = DEFAULT_OPTIONS
) -> Source:
    """The source of that name. What it needs beyond the package is imported only now.

    Raises:
        SourceError: there is no such source, or what it takes is not installed.
    """
    if name == "-":
        from .stdin import StandardInput

        return StandardInput(on_problem, options)
    scheme = name.partition("://")[0] if "://" in name else ""
    service = name.split(":")[2] if name.startswith("arn:") and name.count(":") >= 5 else ""
    if scheme == "s3" or service == "s3":
        from .s3 import S3Prefix

        return S3Prefix(name, on_problem, options)
    if scheme in ("sqs", "https", "http") or service == "sqs":
        from .sqs import Queue

        return Queue(name, on_problem, options)
    if scheme == "kinesis" or service == "kinesis":
        from .kinesis import Stream

        return Stream(name, on_problem, options)
    if scheme or service:
        raise SourceError(f"{name}: no such kind of source. Known are: {_KNOWN}")
    from .folder import Folder

    return Folder(name, on_problem, options)
