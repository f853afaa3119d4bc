"""A name for what a catalogue says: the same wherever and whenever it is opened, another where one word differs."""

import hashlib
from collections.abc import Iterable

from .models import Cascade

_SHOWN = 12


def catalog_digest(cascades: Iterable[Cascade]) -> str:
    """The first digits of a SHA-256 over all cascades that count, in the order of their ids.

    >>> catalog_digest([])
    'e3b0c44298fc'
    """
    found = hashlib.sha256()
    for cascade in sorted(cascades, key=lambda each: each.id):
        found.update(cascade.model_dump_json(by_alias=True, exclude_defaults=True).encode())
        found.update(b"\n")
    return found.hexdigest()[:_SHOWN]
