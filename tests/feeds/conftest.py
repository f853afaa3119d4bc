"""Every platform in turn, and the address that speaks its API."""

from collections.abc import Iterator

import pytest

from cloudcascade.tests.support.siem_apis import PLATFORMS
from cloudcascade.tests.support.siem_server import Platform, serving


@pytest.fixture(params=sorted(PLATFORMS))
def target(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def platform(target: str) -> Iterator[Platform]:
    with serving(PLATFORMS[target]()) as on_the_air:
        yield on_the_air
