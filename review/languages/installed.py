"""Whether the packages that languages are read with are installed."""

from importlib import import_module

from ..errors import ReviewError


def require(what: str, *modules: str) -> None:
    """See that the packages are there that `what` takes.

    Raises:
        ReviewError: one is not.
    """
    for name in modules:
        try:
            import_module(name)
        except ImportError:
            package = {"sigma.rule": "pySigma"}.get(name, name)
            raise ReviewError(
                f"{what} take {package}: pip install 'cloudcascade[review]'"
            ) from None
