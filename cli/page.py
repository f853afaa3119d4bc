"""What pages that need nothing else share: their parts, what they allow, and how values go into them."""

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from .report_rows import cut


def part(name: str) -> str:
    """A file of the templates, by its path from there."""
    return files(__package__).joinpath(f"templates/{name}").read_text("utf-8")


def script_of(names: Sequence[str]) -> str:
    """These files as one script, strict and without a name outside of it."""
    return f'(() => {{\n"use strict";\n{"".join(map(part, names))}}})();\n'


def policy(style: str, script: str) -> str:
    """Nothing but this style and this script, and no markup made from text by the script."""

    def digest(text: str) -> str:
        return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    return (
        f"default-src 'none'; script-src {digest(script)}; style-src {digest(style)}; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def environment() -> Environment:
    """Values are escaped, and `cut` makes them fit to be shown."""
    made = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters["cut"] = cut
    return made
