"""Macros: found in the files beside a rule, and put in the place of their calls.

https://docs.splunk.com/Documentation/Splunk/latest/Knowledge/Definesearchmacros
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import yaml

from ....exporters.languages.splunk.app import FILTER, LOOKUP
from ...errors import NotJudged
from ...rule import Source
from .conf import stanzas
from .text import Text, joined

_DEEPEST = 10
_LONGEST = 100_000
_LONGEST_ONE = 20_000
_MOST_CALLS = 1_000
_COMMENT = re.compile("```.*?```", re.DOTALL)
_CALL = re.compile("`([^`]*)`")
_KEY = re.compile(r"^(?:definition|name)[ \t]*:", re.MULTILINE)
_ARGUMENT = re.compile(r'"(?:[^"\\]|\\.)*"|[^,"]+|,')
_PARAMETER = re.compile(r"\$([A-Za-z0-9_]+)\$")
_ASKED = (
    f"lookup {LOOKUP} event_id AS eventID OUTPUT cascade AS explained_by, verdict AS verdicts_of"
)
EXPLAINED = (
    f'{_ASKED} | where isnull(explained_by) OR isnotnull(mvfind(verdicts_of, "^unexplained$"))'
)
"""The commands that keep what the table of explained events does not hold: what the exported macro says."""
EXPLAINED_ALONE = (
    f'{_ASKED} | where isnotnull(explained_by) AND isnull(mvfind(verdicts_of, "^unexplained$"))'
)
"""The commands that keep what the table of explained events holds."""


@dataclass(frozen=True, slots=True)
class Macro:
    """What is put in the place of a call, `$name$` in it standing for the argument of that name."""

    definition: str
    arguments: tuple[str, ...] = ()


Macros = Mapping[tuple[str, int], Macro]
"""By the name and how many arguments there are."""

CONVENTIONAL: Macros = {
    ("cloudtrail", 0): Macro("sourcetype=aws:cloudtrail"),
    ("security_content_ctime", 1): Macro("convert ctime($field$)", ("field",)),
    (FILTER, 0): Macro(EXPLAINED),
}
"""What these mean in Splunk's own content, for rules that come without their macros."""


def macros_of(sources: Iterable[Source]) -> Macros:
    """The macros in macros.conf and in the YAML files of a contentctl project; files that cannot be read have none."""
    found = dict(CONVENTIONAL)
    for source in sources:
        path = source.path.lower()
        if path.endswith("macros.conf"):
            for stanza in stanzas(source.text):
                name, _, count = stanza.name.partition("(")
                setting = stanza.settings.get("definition")
                if (
                    setting is None
                    or len(setting.value) > _LONGEST_ONE
                    or stanza.value("iseval").lower() in ("1", "true")
                ):
                    continue
                arguments = tuple(filter(None, re.split(r"[\s,]+", stanza.value("args"))))
                if count in ("", f"{len(arguments)})"):
                    found[name, len(arguments)] = Macro(setting.value, arguments)
        elif path.endswith((".yml", ".yaml")) and len(set(_KEY.findall(source.text))) >= 2:
            found.update(_written(source.text))
    return found


def _written(text: str) -> Macros:
    try:
        read = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    if not isinstance(read, dict):
        return {}
    name, definition, arguments = (read.get(key) for key in ("name", "definition", "arguments"))
    if not isinstance(name, str) or not isinstance(definition, str):
        return {}
    if len(definition) > _LONGEST_ONE:
        return {}
    named = tuple(map(str, arguments)) if isinstance(arguments, list) else ()
    return {(name.partition("(")[0], len(named)): Macro(definition, named)}


def expanded(text: Text, macros: Macros) -> Text:
    """The search without comments, and with each known macro's definition in its place; unknown ones stay.

    Raises:
        NotJudged: macros call each other in a circle, or grow too long.
    """
    return _Expansion(macros).of(_without_comments(text), 0)


def _without_comments(text: Text) -> Text:
    parts, at = [], 0
    for comment in _COMMENT.finditer(text.value):
        parts.append(text.part(at, comment.start()))
        at = comment.end()
    return joined([*parts, text.part(at)])


class _Expansion:
    """One search's: however macros are nested, it puts in so many of them and so much text, and no more."""

    def __init__(self, macros: Macros) -> None:
        self._macros = macros
        self._calls = 0
        self._size = 0

    def of(self, text: Text, depth: int) -> Text:
        parts, at = [], 0
        for found in _CALL.finditer(text.value):
            definition = _definition(found[1].strip(), self._macros)
            if definition is None:
                continue
            self._calls += 1
            self._size += len(definition)
            if depth >= _DEEPEST:
                raise NotJudged(f"macros call each other more than {_DEEPEST} deep")
            if self._calls > _MOST_CALLS or self._size > _LONGEST:
                raise NotJudged("macros make a search that is too long")
            line = text.line(found.start())
            inner = _without_comments(Text(definition, [line] * len(definition)))
            parts += [text.part(at, found.start()), self.of(inner, depth + 1)]
            at = found.end()
        return joined([*parts, text.part(at)])


def _definition(call: str, macros: Macros) -> str | None:
    name, bracket, rest = call.partition("(")
    arguments = _arguments(rest.rstrip().removesuffix(")")) if bracket else []
    macro = macros.get((name.strip(), len(arguments)))
    if macro is None:
        return "search *" if name.endswith("_filter") and not arguments else None
    given = dict(zip(macro.arguments, arguments, strict=False))
    return _PARAMETER.sub(lambda found: given.get(found[1], found[0]), macro.definition)


def _arguments(text: str) -> list[str]:
    found = [""]
    for part in _ARGUMENT.findall(text):
        if part == ",":
            found.append("")
        else:
            found[-1] += part
    return [each.strip() for each in found]
