"""GraphML as a file format: values as it can carry them, and a reader that trusts nothing.

GraphML knows numbers, truth values and text only. A list, None, an empty text and a text which XML
would change stand there as JSON after the mark `json:`, so that reading gives back what was written.

The reader takes what `networkx.generate_graphml` writes and no more: no document type (entities
come with one), no nested graphs, no extensions. http://graphml.graphdrawing.org/specification.html
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from xml.parsers import expat

from ..errors import Place
from .errors import GraphError

Scalar: TypeAlias = str | int | bool

_JSON_MARK = "json:"
_NAMESPACE = "http://graphml.graphdrawing.org/xmlns"
# Which element may stand in which; the document itself has the name "".
_INSIDE = {
    "graphml": {""},
    "key": {"graphml"},
    "graph": {"graphml"},
    "node": {"graph"},
    "edge": {"graph"},
    "data": {"graph", "node", "edge"},
}


@dataclass(slots=True)
class Element:
    """A node, an edge or the graph itself: where it stands, its XML attributes and its data."""

    place: Place
    attributes: dict[str, str]
    data: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class GraphmlFile:
    """What a file holds, in its order."""

    graphs: list[Element] = field(default_factory=list)
    nodes: list[Element] = field(default_factory=list)
    edges: list[Element] = field(default_factory=list)


def to_scalar(value: object) -> Scalar:
    """`value`, made of what JSON knows, as GraphML can carry it without loss.

    >>> to_scalar("user"), to_scalar(5), to_scalar(["user"]), to_scalar(None)
    ('user', 5, 'json:["user"]', 'json:null')
    """
    if isinstance(value, bool | int):
        return value
    # What is not printable XML may refuse (control characters) or change (line ends).
    if (
        isinstance(value, str)
        and value
        and value.isprintable()
        and not value.startswith(_JSON_MARK)
    ):
        return value
    return _JSON_MARK + json.dumps(value)


def from_scalar(value: Scalar) -> object:
    """What `to_scalar` was given.

    Raises:
        ValueError: what follows the mark is no JSON.
    """
    if isinstance(value, str) and value.startswith(_JSON_MARK):
        try:
            return json.loads(value.removeprefix(_JSON_MARK))
        except RecursionError as error:
            raise ValueError("JSON is nested too deeply") from error
    return value


def read_graphml(text: bytes, file: str) -> GraphmlFile:
    """Read GraphML; `file` is what messages call it.

    Raises:
        GraphError: it is no XML, declares a document type, or is no GraphML of the kind described above.
    """
    reader = _Reader(file)
    try:
        reader.parser.Parse(text, True)
    except expat.ExpatError as error:
        place = Place(file, error.lineno, error.offset + 1)
        raise GraphError(f"no XML: {expat.ErrorString(error.code)}", place) from error
    except (LookupError, ValueError) as error:  # an encoding that Python lacks
        raise GraphError(f"no XML that can be read: {error}", Place(file)) from error
    return reader.result


class _Reader:
    def __init__(self, file: str) -> None:
        self.result = GraphmlFile()
        self._file = file
        self._open: list[str] = [""]
        self._keys: dict[str, tuple[str, str]] = {}
        self._element: list[Element] = []
        self._data: tuple[str, str] = ("", "")
        self._text: list[str] = []
        self.parser = parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters

    def _place(self) -> Place:
        parser = self.parser
        return Place(self._file, parser.CurrentLineNumber, parser.CurrentColumnNumber + 1)

    def _refuse_doctype(self, *_: object) -> None:
        raise GraphError("declares a document type, which is refused", self._place())

    def _start(self, full_name: str, attributes: dict[str, str]) -> None:
        namespace, _, name = full_name.rpartition(" ")
        if namespace != _NAMESPACE or self._open[-1] not in _INSIDE.get(name, ()):
            raise GraphError(f"an element {name!r} is not expected here", self._place())
        self._open.append(name)
        if name == "key":
            self._add_key(attributes)
        elif name == "data":
            known = self._keys.get(attributes.get("key", ""))
            if known is None:
                raise GraphError("data with a key that is not declared", self._place())
            self._data = known
            self._text = []
        elif name in ("graph", "node", "edge"):
            element = Element(self._place(), attributes)
            self._element.append(element)
            getattr(self.result, f"{name}s").append(element)

    def _end(self, _: str) -> None:
        name = self._open.pop()
        if name == "data":
            self._add_data()
        elif name in ("graph", "node", "edge"):
            self._element.pop()

    def _characters(self, text: str) -> None:
        if self._open[-1] == "data":
            self._text.append(text)

    def _add_key(self, attributes: dict[str, str]) -> None:
        name, kind = attributes.get("attr.name"), attributes.get("attr.type", "string")
        if not name or kind not in _PARSE:
            raise GraphError("a key without a name, or of an unknown type", self._place())
        self._keys[attributes.get("id", "")] = (name, kind)

    def _add_data(self) -> None:
        name, kind = self._data
        data = self._element[-1].data
        if name in data:
            raise GraphError(f"{name} is given twice", self._place())
        try:
            data[name] = from_scalar(_PARSE[kind]("".join(self._text)))
        except ValueError as error:
            raise GraphError(f"{name} is no {kind}: {error}", self._place()) from error


def _parse_int(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise ValueError(f"{text[:40]!r}")
    return int(text)


def _parse_bool(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(f"{text[:40]!r}")
    return text.lower() == "true"


_PARSE: dict[str, Callable[[str], Any]] = {
    "string": str,
    "int": _parse_int,
    "long": _parse_int,
    "boolean": _parse_bool,
}
