"""The script of the process apart: makes a package of its folder, and serves until its input ends.

Started as `python -I -S -B bootstrap.py`, so that neither the environment, the working folder nor site-packages
decide what is imported.
"""

import importlib.util
import os
import sys

PACKAGE = "apart"


def main() -> None:
    """Serve on the standard streams."""
    folder = os.path.dirname(os.path.abspath(__file__))
    spec = importlib.util.spec_from_file_location(
        PACKAGE, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    if spec is None or spec.loader is None:
        raise ImportError(folder)
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)
    importlib.import_module(f"{PACKAGE}.serve").serve(0, 1)


if __name__ == "__main__":
    main()
