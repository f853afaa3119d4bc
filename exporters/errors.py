"""What the exporters refuse."""

from ..errors import CloudcascadeError


class RenderError(CloudcascadeError):
    """A picture that cannot be drawn: a program is missing, refuses it, or takes too long."""


class ExportError(CloudcascadeError):
    """An artefact that cannot be made."""


class Refused(ExportError):
    """An artefact that could be made and shall not: it would silence what it must not."""


class CannotEncode(ExportError):
    """A value which the target's language cannot hold as a literal."""
