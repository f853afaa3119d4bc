"""Prints, for every target and style, a digest of all that an export of some cascades makes, samples included.

`python -m cloudcascade.tests.support.export_digests forwards|backwards CASCADE...`: the order in which the cascades
and the catalogue are given. The hash seed is the environment's.
"""

import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import replace

from cloudcascade.catalog import Controller
from cloudcascade.exporters import (
    Artefact,
    ExportError,
    Options,
    export,
    find_target,
    sample_files,
    target_names,
)
from cloudcascade.tests.support.golden import CATALOG, make_options

CONTROLLERS = tuple(
    Controller(name=name, arn=f"arn:aws:iam::111122223333:role/{name}")
    for name in ("offboarding", "cleaner")
)


def digests(cascades: Sequence[str], *, backwards: bool) -> dict[str, str]:
    """By target and style the digest of its files, in the order in which they are made."""
    step = -1 if backwards else 1
    catalog = CATALOG.cascades[::step]
    wanted = [CATALOG.get(cascade) for cascade in cascades][::step]
    found = {}
    for name in target_names():
        target = find_target(name)
        for style in target.styles:
            made = export(
                wanted, catalog, target, style, _options(name, style.name), allow_fail_closed=True
            )
            files = (*made.artefacts, *sample_files(made.jobs[:1], target, style))
            found[f"{name} {style.name}"] = f"{len(files)} {_digest(files)}"
    return found


def _options(target: str, style: str) -> Options:
    options = make_options(controllers=CONTROLLERS)
    absence = (target, style) == ("sigma", "absence")
    return replace(options, sigma_version="2.2") if absence else options


def _digest(files: Sequence[Artefact]) -> str:
    found = hashlib.sha256()
    for file in files:
        found.update(f"{file.path}\0{file.text}\0".encode())
    return found.hexdigest()


if __name__ == "__main__":
    try:
        print(json.dumps(digests(sys.argv[2:], backwards=sys.argv[1] == "backwards")))
    except ExportError as error:
        sys.exit(str(error))
