"""What review refuses."""

from ..errors import CloudcascadeError, Place


class ReviewError(CloudcascadeError):
    """Rules cannot be reviewed as asked for."""


class Unreadable(ReviewError):
    """A file says it is a rule of some format, and cannot be read as one. `place` is where reading ended."""

    def __init__(self, place: Place, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason


class NotJudged(ReviewError):
    """A rule cannot be executed here; the text is the reason, for people, without the rule's name."""


class NoFix(ReviewError):
    """A rule cannot be changed as asked for; the text is the reason."""
