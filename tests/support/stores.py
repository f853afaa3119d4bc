"""What the contract of the stores is tested with; the fixtures of these types stand in tests/graph/conftest.py."""

from collections.abc import Callable
from typing import TypeAlias

from cloudcascade.graph import GraphStore

# Makes an empty store.
NewStore: TypeAlias = Callable[[], GraphStore]
# Makes a store that holds the graph of some cascades.
GraphOf: TypeAlias = Callable[..., GraphStore]
