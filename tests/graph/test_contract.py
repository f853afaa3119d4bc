"""The tests that hold of every store make no exception for any."""

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CONTRACT = ("test_builder.py", "test_queries.py", "test_stores_agree.py")


@pytest.mark.parametrize("name", CONTRACT)
def test_no_test_of_the_contract_asks_which_store_it_has(name: str) -> None:
    text = (HERE / name).read_text(encoding="utf-8")
    assert "new_store" in text
    assert not re.search(r"neo4j|isinstance\([^)]*Store|skip|xfail", text, re.IGNORECASE)
