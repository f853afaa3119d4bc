"""What is said where a package of the extra `live` is not installed."""

from .sink import SinkError


def missing_package(name: str) -> SinkError:
    """The error that says how to install it."""
    return SinkError(f"{name} is missing: pip install 'cloudcascade[live]'", lasting=True)
