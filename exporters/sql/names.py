"""Names of steps and columns: readable, plain identifiers, each once."""

import re
from collections.abc import Iterable
from pathlib import Path

# Words that some engine reserves and a key might be called.
_WORDS = Path(__file__).parents[1] / "data" / "sql-reserved.txt"
_RESERVED = frozenset(_WORDS.read_text(encoding="utf-8").split())


def snake_case(name: str) -> str:
    """`name` in lower case with underscores.

    >>> snake_case("DeleteVirtualMFADevice"), snake_case("CreateFunction20150331")
    ('delete_virtual_mfa_device', 'create_function20150331')
    """
    parted = re.sub("([a-z0-9])([A-Z])", r"\1_\2", name)
    parted = re.sub("([A-Z]+)([A-Z][a-z])", r"\1_\2", parted)
    return re.sub("[^a-z0-9]+", "_", parted.lower()).strip("_") or "step"


class Names:
    """Gives each name once."""

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._taken = {
            *_RESERVED,
            *reserved,
            "own",
            "parent",
            "root",
            "other",
            "kept",
            "known",
            "judged",
        }

    def unique(self, wanted: str) -> str:
        """`wanted`, with a number behind it where it is taken already."""
        name, count = wanted, 1
        if name in _RESERVED:
            name = wanted = f"{wanted}_name"
        while name in self._taken:
            count += 1
            name = f"{wanted}_{count}"
        self._taken.add(name)
        return name
