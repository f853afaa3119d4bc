"""A cascade as one line of JSON, to be kept where there are no files, and read back."""

import json
from typing import Any

from pydantic import ValidationError

from .findings import CatalogError
from .models import Cascade
from .terms import format_duration


def dump_cascade(cascade: Cascade) -> str:
    """The document as JSON. Equal cascades give equal text."""
    document: dict[str, Any] = cascade.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    for part in (*document.get("effects", ()), *document.get("spoilers", ())):
        # Seconds in memory, and a number with its unit in a document.
        within = part.get("within", {})
        within.update({name: format_duration(seconds) for name, seconds in within.items()})
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def load_cascade(text: str) -> Cascade:
    """The cascade that `dump_cascade` wrote.

    Raises:
        CatalogError: the text is none.
    """
    try:
        return Cascade.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise CatalogError(f"a kept cascade cannot be used: {where}: {first['msg']}") from error
