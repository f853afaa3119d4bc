"""Rules as SigmaHQ writes them: YAML, four spaces a level, a document a rule."""

from collections.abc import Sequence

import yaml

from .detection import Map

# Line breaks to YAML, which folds them into spaces unless they are escaped.
_BREAKS = frozenset("\x85\u2028\u2029")


class _Dumper(yaml.SafeDumper):
    """Lists stand below their key; nothing is written by reference."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: object) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if _BREAKS.intersection(text) else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def to_yaml(head: Sequence[str], documents: Sequence[Map]) -> str:
    """The documents behind `head`, which are single lines of visible characters."""
    comment = "".join(f"# {line}\n" for line in head)
    written: str = yaml.dump_all(
        documents, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100, indent=4
    )
    return comment + written
