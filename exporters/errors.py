"""What the exporters refuse."""

from ..errors import CloudcascadeError


class RenderError(CloudcascadeError):
    """A picture that cannot be drawn: a program is missing, refuses it, or takes too long."""
