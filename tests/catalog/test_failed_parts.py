"""The table of what fails in part is what the service models say."""

import runpy
from pathlib import Path

from cloudcascade.catalog import load_service_models
from cloudcascade.catalog.failed_parts import failed_parts

ROOT = Path(__file__).parents[2]
BENCH = runpy.run_path(str(ROOT / "bench" / "failed_parts.py"))


def test_the_table_is_what_the_service_models_say() -> None:
    made = BENCH["failed_parts"](load_service_models())
    assert {action: tuple(lists) for action, lists in made.items()} == dict(failed_parts())


def test_the_table_is_written_as_it_would_be_made_anew() -> None:
    text = (ROOT / "catalog" / "data" / "failed_parts.json").read_text(encoding="utf-8")
    made = {action: list(lists) for action, lists in failed_parts().items()}
    assert BENCH["written"](made) == text
