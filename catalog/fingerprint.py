"""What tells one catalogue from another."""

import hashlib
from collections.abc import Iterable

from .models import Cascade


def fingerprint(cascades: Iterable[Cascade]) -> bytes:
    """What two catalogues have in common that say the same of every event. 16 bytes."""
    said = hashlib.blake2b(digest_size=16)
    for cascade in sorted(cascades, key=lambda each: each.id):
        said.update(cascade.model_dump_json().encode() + b"\n")
    return said.digest()
