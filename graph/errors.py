"""What the graph refuses."""

from ..errors import CloudcascadeError, Place


class GraphError(CloudcascadeError):
    """A graph that does not hold together, a question about what is not in it, or an unusable file.

    `place` says where in a file, if the graph came from one.
    """

    def __init__(self, message: str, place: Place | None = None) -> None:
        super().__init__(f"{place}: {message}" if place else message)
        self.place = place


class StoreError(GraphError):
    """A server that keeps the graph cannot be reached or used; the message says what to do about it."""


def missing(kind: str, id_: str) -> GraphError:
    """What to raise when a question is about a node that the graph lacks."""
    return GraphError(f"the graph has no {kind} {id_!r}")
