"""AWS on the loopback, played by moto, and names that no other test uses."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from cloudcascade.tests.support.aws import Aws
from cloudcascade.tests.support.aws_server import moto_server, set_credentials

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def moto_endpoint() -> Iterator[str]:
    with moto_server() as endpoint:
        yield endpoint


@pytest.fixture
def aws(moto_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    set_credentials(monkeypatch)
    found = Aws(moto_endpoint, f"test-{next(_numbers)}")
    yield found
    found.close()


@pytest.fixture
def s3(aws: Aws) -> Any:
    return aws.client("s3")
