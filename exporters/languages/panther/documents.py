"""Panther's YAML: one analysis item a file, as its own tooling loads them."""

from pathlib import PurePosixPath
from typing import Any

import yaml

from ...target import Artefact


def document(path: PurePosixPath, written: dict[str, Any]) -> Artefact:
    """The item as YAML; texts of several lines as blocks."""
    text = yaml.dump(written, Dumper=_Dumper, sort_keys=False, width=100, allow_unicode=False)
    return Artefact(path, text)


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, and no anchors: Panther's tests must hold none."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _block(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _block)
