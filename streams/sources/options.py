"""How a source is read, apart from its name."""

from dataclasses import dataclass, field
from typing import Literal

from ...events import Limits

Start = Literal["earliest", "latest"]


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """Durations are seconds, sizes bytes. A source uses what applies to it."""

    endpoint_url: str | None = None
    """Where the AWS service is; None leaves it to boto3's environment (AWS_ENDPOINT_URL and others)."""
    region: str | None = None
    """The AWS region; None takes it from a queue URL or an ARN, else leaves it to boto3's environment."""
    start: Start = "earliest"
    """Where reading begins when there is no position to go on from. A queue knows only what is in it."""
    limits: Limits = field(default_factory=Limits)
    """Bounds on files and S3 objects, and on what a Kinesis record expands to."""
    max_line_bytes: int = 16 << 20
    """A longer line, of standard input or a growing file, is refused."""
    max_object_bytes: int = 1 << 30
    """A larger S3 object is refused. It lies in a temporary file while it is read."""
    poll_interval: float | None = None
    """Between two looks at a folder (None: 1), an S3 prefix (None: 60) or a Kinesis shard (None: 1)."""
    settling: float = 5.0
    """How long a whole file in a folder must not have changed before it is read."""
    lookback_days: int = 3
    """How many days behind the newest day of a dated folder files are still looked for."""
