"""Asks Microsoft's Kusto language service, which Node runs, what it thinks of a query.

The package lies in CASCADE_KUSTO, or else in .dev/kusto/node_modules:

    mkdir -p .dev/kusto && cp tests/exporters/kusto/package*.json .dev/kusto/
    npm ci --prefix .dev/kusto
"""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
_PACKAGES = Path(os.environ.get("CASCADE_KUSTO", HERE.parents[2] / ".dev/kusto/node_modules"))


def missing() -> str | None:
    """Why the service cannot be asked."""
    if shutil.which("node") is None:
        return "node is not installed"
    if not (_PACKAGES / "@kusto/language-service-next").is_dir():
        return f"npm's @kusto/language-service-next is not in {_PACKAGES}"
    return None


def problems(queries: Sequence[str]) -> list[list[str]]:
    """For every query what the service finds wrong, with the code and the text around the place."""
    answers = _ask({"queries": list(queries)})["queries"]
    return [
        [f"{each['code']} {each['message']} near {_near(query, each['at'])!r}" for each in found]
        for query, found in zip(queries, answers, strict=True)
    ]


def result_columns(queries: Sequence[str]) -> list[list[str]]:
    """The names of the columns that each query yields."""
    found: list[list[str]] = _ask({"columns": list(queries)})["columns"]
    return found


def values(literals: Sequence[str]) -> list[Any]:
    """What the literals mean; None for what is no literal."""
    found: list[Any] = _ask({"literals": list(literals)})["literals"]
    return found


def _near(query: str, at: int) -> str:
    return query[max(0, at - 30) : at + 30]


def _ask(request: dict[str, list[str]]) -> Any:
    why = missing()
    if why is not None:
        pytest.skip(why)
    found = subprocess.run(
        ["node", str(HERE / "check.cjs"), str(_PACKAGES)],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=False,
    )
    # The package is a few lines of a megabyte each, all of which Node prints in front of an error.
    assert found.returncode == 0, found.stderr[-1_000:]
    return json.loads(found.stdout)
