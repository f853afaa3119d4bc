"""What this room raises."""

from ..errors import CloudcascadeError


class FeedError(CloudcascadeError):
    """A table that cannot be filled: no such table, no permission, an answer that makes no sense."""
