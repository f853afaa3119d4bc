"""Finds the feeds: every module of `targets/`."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from ..catalog.refusals import meant
from . import targets as package
from .errors import FeedError
from .table import Feed


@cache
def feed_names() -> tuple[str, ...]:
    """The names of all feeds, sorted. Loads nothing."""
    return tuple(sorted(module.name for module in iter_modules(package.__path__)))


@cache
def find_feed(name: str) -> Feed:
    """The feed of that name.

    Raises:
        FeedError: there is none.
    """
    if name not in feed_names():
        raise FeedError(
            f"no table can be filled of {name!r}{meant(name, list(feed_names()))}: give one of "
            f"{', '.join(feed_names())}"
        )
    found = import_module(f"{package.__name__}.{name}").FEED
    assert isinstance(found, Feed)
    return found
