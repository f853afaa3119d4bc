"""Clients of AWS, and which of their faults pass by themselves.

Credentials, profile and proxy come from where boto3 takes them:
https://boto3.amazonaws.com/v1/documentation/api/latest/guide/configuration.html
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from ...events import OnProblem, Problem
from ..source import SourceError
from .clock import Clock
from .options import SourceOptions

_NOT_INSTALLED = "reading from AWS takes boto3: pip install 'cloudcascade[live]'"
_LONGEST = 60.0
_TOLD_AFTER = 3
_TEXT = 400
# Beyond HTTP 429 and 5xx: https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
_PASSING = frozenset(
    {
        "BandwidthLimitExceeded",
        "InternalError",
        "InternalFailure",
        "KMSThrottlingException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottledException",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "403", "AllAccessDisabled"})


class Refused(Exception):
    """AWS did not do it. `code` is AWS's own word for why; `passing`: trying again later may help."""

    def __init__(self, code: str, reason: str, *, passing: bool) -> None:
        super().__init__(f"{code}: {reason}"[:_TEXT] if reason else code)
        self.code = code
        self.passing = passing

    @property
    def denied(self) -> bool:
        """Whether it is for want of a permission."""
        return self.code in _DENIED


@cache
def session() -> Any:
    """The session of all clients, which reads AWS's descriptions of its services once.

    Raises:
        ImportError: boto3 is not installed.
    """
    import boto3  # type: ignore[import-untyped]

    return boto3.session.Session()


# boto3 makes its clients' methods while it runs: to a type checker a client is anything.
def connect(service: str, options: SourceOptions, *, region: str | None = None) -> Any:
    """A client of an AWS service. `region` is what the source's name says of it.

    Raises:
        SourceError: boto3 is not installed, or nothing says which region.
    """
    try:
        from botocore.config import Config  # type: ignore[import-untyped]
        from botocore.exceptions import BotoCoreError  # type: ignore[import-untyped]
    except ImportError as error:
        raise SourceError(_NOT_INSTALLED) from error
    config = Config(
        connect_timeout=5,
        read_timeout=25,
        # One retry of its own, which waits for at most a second: `poll` must not wait for longer.
        retries={"mode": "standard", "total_max_attempts": 2},
        user_agent_extra="cloudcascade",
    )
    try:
        return session().client(
            service,
            region_name=options.region or region,
            endpoint_url=options.endpoint_url,
            config=config,
        )
    except ImportError as error:
        raise SourceError(_NOT_INSTALLED) from error
    except (BotoCoreError, ValueError) as error:
        raise SourceError(f"{service}: {error}") from error


def ask(call: Callable[..., Any], **arguments: object) -> Any:
    """What a client answers.

    Raises:
        Refused: it is no answer.
    """
    from botocore import exceptions  # type: ignore[import-untyped]
    from botocore.parsers import ResponseParserError  # type: ignore[import-untyped]

    try:
        return call(**arguments)
    except exceptions.ClientError as error:
        answer: Any = error.response
        code = str(answer.get("Error", {}).get("Code", "")) or "no code"
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        passing = status == 429 or status >= 500 or code in _PASSING
        message = str(answer.get("Error", {}).get("Message", ""))
        raise Refused(code, message, passing=passing) from error
    except exceptions.BotoCoreError as error:
        passing = isinstance(
            error,
            exceptions.HTTPClientError
            | exceptions.ConnectionError
            | exceptions.IncompleteReadError
            | exceptions.FlexibleChecksumError
            | exceptions.MetadataRetrievalError,
        )
        raise Refused(type(error).__name__, str(error), passing=passing) from error
    except (ResponseParserError, OSError) as error:
        raise Refused(type(error).__name__, str(error), passing=True) from error


def pause_after(failures: int, longest: float) -> float:
    """How many seconds to wait after so many failures in a row: one, then twice as long each time.

    >>> [pause_after(each, 30.0) for each in (1, 2, 3, 10_000)]
    [1.0, 2.0, 4.0, 30.0]
    """
    return min(longest, 2.0 ** min(failures - 1, 10))


class Backoff:
    """Waits ever longer while a fault lasts that will pass, and tells of it once when it does not pass soon."""

    def __init__(self, name: str, on_problem: OnProblem, clock: Clock) -> None:
        self._name = name
        self._on_problem = on_problem
        self._clock = clock
        self._failures = 0
        self._until = 0.0

    @property
    def left(self) -> float:
        """How many seconds are still to be waited."""
        return max(0.0, self._until - self._clock.steady())

    def failed(self, what: str, refused: Refused) -> None:
        """It was tried and refused.

        Raises:
            SourceError: trying again cannot help.
        """
        if not refused.passing:
            raise SourceError(f"{self._name}: {what}: {refused}") from refused
        self._failures += 1
        self._until = self._clock.steady() + pause_after(self._failures, _LONGEST)
        if self._failures == _TOLD_AFTER:
            reason = f"{refused}; it is tried again until it is there"
            self._on_problem(Problem(self._name, what, reason))

    def succeeded(self) -> None:
        """It was tried and worked."""
        self._failures = 0
        self._until = 0.0
