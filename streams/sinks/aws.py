"""What the sinks in AWS share: a client, what its faults mean, and text that its services accept."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..missing_package import missing_package
from ..sink import SinkError
from .rendering import Render

MOST_BYTES = 262_144
"""Of one message and of one batch. SQS and SNS take 1 MiB where the queue or topic is set up for it, and
EventBridge 256 KB, so that this fits any of them:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html,
https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html,
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html
"""

MOST_ENTRIES = 10
"""Of one batch, in all three services."""

_PASSING = (
    "ConcurrentModification",
    "Internal",
    "PriorRequestNotComplete",
    "RequestLimit",
    "ServiceFault",
    "SlowDown",
    "Throttl",
    "Timeout",
    "TooManyRequests",
    "Unavailable",
)


@dataclass(frozen=True, slots=True)
class AwsOptions:
    """Where the service is. `region` and credentials are looked for where boto3 does; `endpoint_url` is for a
    private endpoint or a simulator. `timeout` is in seconds, for the connection and for each answer.
    """

    region: str | None = None
    endpoint_url: str | None = None
    timeout: float = 10.0


class Refusal(NamedTuple):
    """An entry of a batch that the service did not take."""

    code: str
    text: str
    lasting: bool


def open_client(service: str, options: AwsOptions, region: str | None, name: str) -> Any:
    """A client that tries once: trying again is the loop's.

    `region` is what the address says, for where the options say nothing.

    Raises:
        SinkError: boto3 is missing, or no region is known, or the like.
    """
    try:
        import boto3  # type: ignore[import-untyped]
        from botocore.config import Config  # type: ignore[import-untyped]
        from botocore.exceptions import BotoCoreError  # type: ignore[import-untyped]
    except ImportError as error:
        raise missing_package("boto3") from error

    config = Config(
        connect_timeout=options.timeout,
        read_timeout=options.timeout,
        retries={"total_max_attempts": 1, "mode": "standard"},
        user_agent_extra="cloudcascade",
    )
    try:
        return boto3.session.Session().client(
            service,
            region_name=options.region or region,
            endpoint_url=options.endpoint_url,
            config=config,
        )
    except (BotoCoreError, ValueError) as error:
        raise SinkError(f"{name}: {error}", lasting=True) from error


def called(name: str, call: Callable[[], Any]) -> Any:
    """What the call gives.

    Raises:
        SinkError: it failed; lasting unless it was throttled, or the service, the way there or the source of
        credentials failed.
    """
    from botocore import exceptions as faults  # type: ignore[import-untyped]

    try:
        return call()
    except faults.ClientError as error:
        told = error.response.get("Error", {})
        code = str(told.get("Code", "error"))
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        lasting = not (status >= 500 or status == 429 or is_passing(code))
        raise SinkError(f"{name}: {code}: {told.get('Message', '')}", lasting=lasting) from error
    except (
        faults.ConnectionError,
        faults.CredentialRetrievalError,
        faults.HTTPClientError,
        faults.MetadataRetrievalError,
    ) as error:
        raise SinkError(f"{name}: {error}") from error
    except faults.BotoCoreError as error:
        raise SinkError(f"{name}: {error}", lasting=True) from error


def is_passing(code: str) -> bool:
    """Whether an error of that code passes by itself."""
    return any(mark in code for mark in _PASSING)


def refuse(name: str, refusals: Iterable[Refusal], sent: int) -> None:
    """Say how many entries of a batch were not taken.

    Raises:
        SinkError: unless all were; lasting unless all refusals pass by themselves.
    """
    found = list(refusals)
    if not found:
        return
    first = next((each for each in found if each.lasting), found[0])
    raise SinkError(
        f"{name}: {len(found)} of {sent} messages were not taken: {first.code}: {first.text}",
        lasting=any(each.lasting for each in found),
    )


def plain(render: Render) -> Render:
    """The same, in characters that the services take: two are refused, which JSON can also say in ASCII.

    Which ones: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html. In
    JSON they can only stand in texts, so that an escape means the same.
    """

    def rendered(line: bytes) -> bytes:
        text = render(line)
        return text.replace(b"\xef\xbf\xbe", b"\\ufffe").replace(b"\xef\xbf\xbf", b"\\uffff")

    return rendered
