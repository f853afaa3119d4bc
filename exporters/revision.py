"""The version of an artefact, where a platform wants one: from the content, so that it does not change by itself.

It tells two contents apart. It does not say which is newer: an export does not know what was exported before.
"""

import hashlib
import json
from collections.abc import Mapping

# Whole numbers that every platform's field holds; two contents share one in nine hundred thousand.
_LEAST, _COUNT = 100_000, 900_000


def revision(content: Mapping[str, object]) -> int:
    """A number of six digits for what the document says, in whatever order its members stand.

    >>> revision({"a": 1, "b": 2}) == revision({"b": 2, "a": 1}) != revision({"a": 1})
    True
    """
    text = json.dumps(content, sort_keys=True, default=str)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return _LEAST + int.from_bytes(digest[:8]) % _COUNT


def semantic_revision(content: Mapping[str, object]) -> str:
    """The revision as a semantic version: `1.0.123456`."""
    return f"1.0.{revision(content)}"
