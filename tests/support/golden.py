"""Golden files: what a target makes of a cascade, reviewed by eye and compared byte for byte."""

import os
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from cloudcascade.catalog import load_catalog
from cloudcascade.exporters.export import Export, export
from cloudcascade.exporters.registry import find_target
from cloudcascade.exporters.target import Artefact, Options

FOLDER = Path(__file__).parents[1] / "exporters" / "golden"
CATALOG = load_catalog()
SUPPRESSING = tuple(
    cascade
    for cascade in CATALOG.cascades
    if any(cascade.policy_of(effect) == "suppress" for effect in cascade.effects)
)
# No query can ask something of every element of a list; cascades that do are left out, and say so.
SUPPRESSIBLE = tuple(
    cascade.id
    for cascade in SUPPRESSING
    if not any("[]" in path for effect in cascade.effects for path in effect.where)
)


def make_options(**changed: Any) -> Options:
    """Options that do not depend on the clock or the release."""
    settled: dict[str, Any] = {
        "created": date(2026, 11, 20),
        "expires": date(2027, 5, 20),
        "catalog_version": "0.0.0",
        "owner": "detection@example.com",
    }
    return Options(**{**settled, **changed})


def make_export(
    target_name: str,
    cascade_ids: Sequence[str],
    style: str | None = None,
    *,
    allow_fail_closed: bool = False,
    window: int | None = None,
    **options: Any,
) -> Export:
    """Export bundled cascades as the command does."""
    target = find_target(target_name)
    return export(
        [CATALOG.get(cascade) for cascade in cascade_ids],
        CATALOG.cascades,
        target,
        target.style(style),
        make_options(**options),
        window=window,
        allow_fail_closed=allow_fail_closed,
    )


def check_golden(folder: str, artefacts: Iterable[Artefact]) -> None:
    """Compare each artefact with its file below golden/`folder`; write it with CASCADE_UPDATE_GOLDEN=1."""
    found = {str(artefact.path): artefact.text for artefact in artefacts}
    assert found, "nothing was made"
    for name, text in found.items():
        path = FOLDER / folder / name
        if os.environ.get("CASCADE_UPDATE_GOLDEN"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")
        assert path.read_bytes().decode() == text, f"{path} differs"
