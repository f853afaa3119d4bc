"""One YAML file as plain data, with the place of every part of it.

A catalogue file may come from anyone, so only a small part of YAML is read: one document of
mappings with text keys, lists and plain values. Anchors, aliases, tags and duplicate keys are
refused; so are files over `MAX_BYTES`, nesting over `MAX_DEPTH` and more than `MAX_VALUES` values.
Plain values follow the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema),
under which `yes`, `on` and dates are text; numbers other than whole ones are refused, since the
format has no use for them and readers disagree on them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import yaml

from ..errors import Place
from .findings import CatalogError, Finding

Loc = tuple[str | int, ...]

# The parser in C where PyYAML was built with it.
_LOADER: type[yaml.CSafeLoader] | type[yaml.SafeLoader] = getattr(
    yaml, "CSafeLoader", yaml.SafeLoader
)

MAX_BYTES = 1 << 20
MAX_DEPTH = 32
MAX_VALUES = 50_000
MAX_PROBLEMS = 20

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_OTHER_NUMBER = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+|0b[01]+"
    r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A file's content and where each part of it stands.

    A part is named by the keys and indices that lead to it. Only `data` that consists of dicts,
    lists, text, whole numbers, true, false and None occurs.
    """

    file: str
    data: Any
    places: dict[Loc, tuple[int, int]] = field(repr=False)
    key_places: dict[Loc, tuple[int, int]] = field(repr=False)

    def place(self, loc: Loc) -> Place:
        """Where the part stands: a value itself, of a mapping or list its key.

        For a part that is not there, the nearest one around it.
        """
        return self._nearest(self.places, loc)

    def key_place(self, loc: Loc) -> Place:
        """Where the part's key stands; see `place`."""
        if loc in self.key_places:
            return self._nearest(self.key_places, loc)
        return self.place(loc)

    def _nearest(self, places: dict[Loc, tuple[int, int]], loc: Loc) -> Place:
        while loc and loc not in places:
            loc = loc[:-1]
        line, column = places.get(loc, (1, 1))
        return Place(self.file, line, column)


def read_bounded(path: Path, file: str) -> str:
    """The text of a small UTF-8 file; `file` is its name in findings.

    Raises:
        CatalogError: it cannot be read, is larger than `MAX_BYTES`, or is no UTF-8.
    """
    return decode_bounded(read_bytes_bounded(path, file), file)


def read_bytes_bounded(path: Path, file: str) -> bytes:
    """The first `MAX_BYTES` of a file and one byte more; `file` is its name in findings.

    Raises:
        CatalogError: it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise _refusal(file, 0, 0, "unreadable", f"cannot be read: {reason}") from error


def decode_bounded(data: bytes, file: str) -> str:
    """The text that the bytes of a small file hold.

    Raises:
        CatalogError: they are more than `MAX_BYTES`, or no UTF-8.
    """
    if len(data) > MAX_BYTES:
        raise _refusal(file, 0, 0, "unreadable", f"is larger than {MAX_BYTES >> 20} MiB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _refusal(file, line, 1, "unreadable", "is no UTF-8 text") from error


def read_document(path: Path, file: str | None = None) -> Document:
    """Read a YAML file; `file` is its name in findings, by default the path.

    Raises:
        CatalogError: it cannot be read or uses YAML which this format leaves out.
    """
    name = str(path) if file is None else file
    return parse_document(read_bounded(path, name), name)


def parse_document(text: str, file: str) -> Document:
    """Read YAML text; `file` is its name in findings.

    Raises:
        CatalogError: it is no YAML, or uses YAML which this format leaves out.
    """
    builder = _Builder(file)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
            if len(builder.problems) >= MAX_PROBLEMS:
                break
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        words = " ".join(part for part in (error.context, error.problem) if part)
        builder.problem(mark, "yaml-syntax", f"is no valid YAML: {words}")
    except yaml.YAMLError as error:
        position = getattr(error, "position", 0)
        line = text.encode().count(b"\n", 0, position) + 1
        reason = getattr(error, "reason", "unreadable")
        builder.problems.append(
            Finding(file, line, 1, "error", "yaml-syntax", f"is no valid YAML: {reason}")
        )
    except _StopReadingError as stop:
        builder.problems.append(stop.finding)
    if not builder.problems and not builder.started:
        builder.problem(None, "yaml-syntax", "the file is empty")
    if builder.problems:
        raise CatalogError(f"{file} cannot be used", builder.problems)
    return Document(file, builder.root, builder.places, builder.key_places)


def nulls(data: object) -> Iterator[Loc]:
    """Where a value is left out (`key:`), which means nothing in this format."""
    stack: list[tuple[Loc, object]] = [((), data)]
    while stack:
        loc, part = stack.pop()
        if part is None:
            yield loc
        elif isinstance(part, dict):
            stack.extend(((*loc, key), value) for key, value in part.items())
        elif isinstance(part, list):
            stack.extend(((*loc, index), value) for index, value in enumerate(part))


def _refusal(file: str, line: int, column: int, code: str, message: str) -> CatalogError:
    return CatalogError(
        f"{file} cannot be used", [Finding(file, line, column, "error", code, message)]
    )


class _StopReadingError(Exception):
    """What follows in the file would make no sense, or is too much."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


_NO_KEY = object()


@dataclass(slots=True)
class _Frame:
    """A mapping or list that is being read."""

    loc: Loc
    container: dict[str, Any] | list[Any]
    key: object = _NO_KEY
    key_mark: tuple[int, int] = (1, 1)


@dataclass(slots=True)
class _Builder:
    """Builds data from YAML events without recursion."""

    file: str
    root: Any = None
    started: bool = False
    places: dict[Loc, tuple[int, int]] = field(default_factory=dict)
    key_places: dict[Loc, tuple[int, int]] = field(default_factory=dict)
    problems: list[Finding] = field(default_factory=list)
    stack: list[_Frame] = field(default_factory=list)
    documents: int = 0

    def finding(self, mark: yaml.Mark | None, code: str, message: str) -> Finding:
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        return Finding(self.file, line, column, "error", code, message)

    def problem(self, mark: yaml.Mark | None, code: str, message: str) -> None:
        self.problems.append(self.finding(mark, code, message))

    def take(self, event: Any) -> None:
        """Take the next event of the file."""
        kind = type(event).__name__
        if kind == "DocumentStartEvent":
            self.documents += 1
            if self.documents > 1:
                self._stop(event, "holds a second document: one file, one document")
        elif kind == "AliasEvent":
            self._stop(event, "uses an alias (*): write the value out")
        elif kind == "ScalarEvent":
            self._check_properties(event)
            self._scalar(event)
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            self._check_properties(event)
            self._open(event, {} if kind == "MappingStartEvent" else [])
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            self.stack.pop()

    def _stop(self, event: Any, message: str) -> NoReturn:
        raise _StopReadingError(self.finding(event.start_mark, "yaml-feature", message))

    def _check_properties(self, event: Any) -> None:
        if event.anchor is not None:
            self._stop(event, "uses an anchor (&): write the value out where it is needed")
        if event.tag is not None:
            self._stop(event, f"uses a tag ({event.tag}): put text in quotes instead")

    def _open(self, event: Any, container: dict[str, Any] | list[Any]) -> None:
        if self._awaits_key():
            self._stop(event, "has a key that is no text")
        if len(self.stack) >= MAX_DEPTH:
            self._stop(event, f"is nested deeper than {MAX_DEPTH} levels")
        if len(self.places) >= MAX_VALUES:
            self._stop(event, f"holds more than {MAX_VALUES} values")
        mark = (event.start_mark.line + 1, event.start_mark.column + 1)
        loc = self._place(container, mark, is_container=True)
        self.stack.append(_Frame(loc, container))

    def _scalar(self, event: Any) -> None:
        if len(self.places) >= MAX_VALUES:
            self._stop(event, f"holds more than {MAX_VALUES} values")
        mark = (event.start_mark.line + 1, event.start_mark.column + 1)
        plain = event.implicit[0]
        if not self._awaits_key():
            value = self._plain_value(event) if plain else event.value
            self._place(value, mark, is_container=False)
            return
        frame = self.stack[-1]
        assert isinstance(frame.container, dict)
        key = event.value
        if plain and (key in _WORDS or _WHOLE.fullmatch(key) or _OTHER_NUMBER.fullmatch(key)):
            self.problem(event.start_mark, "yaml-feature", f"the key {key or 'null'} is no text")
        if key in frame.container:
            first, _ = self.key_places[(*frame.loc, key)]
            self.problem(
                event.start_mark,
                "yaml-duplicate-key",
                f"the key {key!r} is here a second time; the first is in line {first}",
            )
        else:
            self.key_places[(*frame.loc, key)] = mark
        frame.key, frame.key_mark = key, mark

    def _awaits_key(self) -> bool:
        if not self.stack:
            return False
        frame = self.stack[-1]
        return isinstance(frame.container, dict) and frame.key is _NO_KEY

    def _place(self, value: Any, mark: tuple[int, int], *, is_container: bool) -> Loc:
        if not self.stack:
            self.root, self.started = value, True
            self.places[()] = mark
            return ()
        frame = self.stack[-1]
        if isinstance(frame.container, dict):
            assert isinstance(frame.key, str)
            loc: Loc = (*frame.loc, frame.key)
            frame.container.setdefault(frame.key, value)
            self.places.setdefault(loc, frame.key_mark if is_container else mark)
            frame.key = _NO_KEY
        else:
            loc = (*frame.loc, len(frame.container))
            frame.container.append(value)
            self.places[loc] = mark
        return loc

    def _plain_value(self, event: Any) -> object:
        text: str = event.value
        if text in _WORDS:
            return _WORDS[text]
        if _WHOLE.fullmatch(text):
            return int(text)
        if _OTHER_NUMBER.fullmatch(text):
            self.problem(
                event.start_mark,
                "yaml-value",
                f"{_short(text)} would be read as another number by other tools: put it in quotes",
            )
        return text


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."
