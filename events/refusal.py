"""What stands in the place of a record that is none."""


class NoRecord(Exception):
    """The value holds no CloudTrail record; the text says what is wrong. `ignored`: and never would, and the
    text is the name of what it is (`categories`)."""

    def __init__(self, reason: str, *, ignored: bool = False) -> None:
        super().__init__(reason)
        self.ignored = ignored
