"""The documents of Sigma files: rules, correlations and filters, with the place of everything in the text.

https://sigmahq.io/sigma-specification/
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import yaml

from ....errors import Place
from ...errors import Unreadable
from ...format import Repository
from ...rule import Source

BYTE_ORDER_MARK = "\ufeff"
MOST_DEPTH = 40
# Every alias may double what the document says.
MOST_ALIASES = 20
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file. `number` counts from 0 and skips empty ones."""

    source: Source
    number: int
    node: yaml.MappingNode = field(repr=False)

    @property
    def key(self) -> tuple[str, int]:
        """What tells it from all others."""
        return self.source.path, self.number

    @property
    def kind(self) -> str:
        """`rule`, `correlation`, `filter`, `collection` for one with an `action`, or `none`."""
        for key, kind in _KINDS.items():
            if child(self.node, key) is not None:
                return kind
        return "none"

    @property
    def title(self) -> str:
        """Its title, else its name, else its id."""
        return self.text("title") or self.text("name") or self.text("id") or ""

    @property
    def names(self) -> tuple[str, ...]:
        """What other documents call it."""
        return tuple(each for each in (self.text("id"), self.text("name")) if each)

    def text(self, *path: str) -> str | None:
        """The scalar at a path of keys, as it is written."""
        return text_of(at(self.node, *path))

    def place(self, node: yaml.Node | None = None) -> Place:
        """Where a node of it begins, or itself."""
        mark = (node or self.node).start_mark
        return Place(self.source.path, mark.line + 1, mark.column + 1)


_KINDS: Mapping[str, str] = {
    "action": "collection",
    "correlation": "correlation",
    "filter": "filter",
    "detection": "rule",
}


def documents(source: Source) -> tuple[Document, ...]:
    """The documents of a file that are maps; their source has no byte order mark, which places do not count.

    Raises:
        Unreadable: the text is no YAML, nested too deeply, or full of aliases.
    """
    if source.text.startswith(BYTE_ORDER_MARK):
        source = Source(source.path, source.text.removeprefix(BYTE_ORDER_MARK))
    try:
        _check(source)
        nodes = list(yaml.compose_all(source.text, Loader=_Loader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = Place(source.path, mark.line + 1, mark.column + 1) if mark else Place(source.path)
        reason = getattr(error, "problem", None) or str(error)
        raise Unreadable(place, f"it is no YAML: {reason}") from None
    maps = [each for each in nodes if isinstance(each, yaml.MappingNode)]
    return tuple(Document(source, number, node) for number, node in enumerate(maps))


def _check(source: Source) -> None:
    """Composing goes as deep as the text does, and names go where their anchors are."""
    depth = aliases = 0
    for event in yaml.parse(source.text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.AliasEvent):
            aliases += 1
        if depth > MOST_DEPTH or aliases > MOST_ALIASES:
            what = "it is nested too deeply" if depth > MOST_DEPTH else "it has too many aliases"
            mark = event.start_mark
            place = Place(source.path, mark.line + 1, mark.column + 1) if mark else None
            raise Unreadable(place or Place(source.path), what)


def child(node: yaml.Node | None, key: str) -> yaml.Node | None:
    """The value of a key; None where the node is no map or has no such key."""
    return next((value for name, _, value in items(node) if name == key), None)


def at(node: yaml.Node | None, *path: str) -> yaml.Node | None:
    """What stands at a path of keys."""
    for key in path:
        node = child(node, key)
    return node


def items(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
    """The keys of a map as texts, their nodes and their values."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield str(key.value), key, value


def text_of(node: yaml.Node | None) -> str | None:
    """The scalar as it is written; None where it is null or no scalar."""
    if isinstance(node, yaml.ScalarNode) and not node.tag.endswith(":null"):
        return str(node.value)
    return None


def texts_of(node: yaml.Node | None) -> tuple[str, ...]:
    """The scalars of a list, or the one that stands for it."""
    listed = node.value if isinstance(node, yaml.SequenceNode) else [node]
    return tuple(text for each in listed if (text := text_of(each)) is not None)


@dataclass(frozen=True, slots=True)
class Index:
    """All documents of a repository: by what they are called, and those that change others."""

    by_name: Mapping[str, Document]
    filters: Sequence[Document]
    correlations: Sequence[Document]

    def find(self, name: str, near: Document) -> Document | None:
        """The document of that name; one in the same file goes first."""
        found = self.by_name.get(f"{near.source.path}\0{name}")
        return found or self.by_name.get(name)


_last: list[tuple[Repository, Index]] = []


def index(repository: Repository, own: Sequence[Document]) -> Index:
    """The index of a repository; `own` are the documents of a file whose text may be newer than there."""
    if not _last or _last[0][0] is not repository:
        _last[:] = [(repository, _indexed(_all(repository)))]
    held = _last[0][1]
    mine = own[0].source if own else None
    if mine is None or any(each is mine for each in repository.sources):
        return held
    new = _indexed(own)

    def others(listed: Sequence[Document]) -> list[Document]:
        return [each for each in listed if each.source.path != mine.path]

    return Index(
        {
            **{name: each for name, each in held.by_name.items() if each.source.path != mine.path},
            **new.by_name,
        },
        [*others(held.filters), *new.filters],
        [*others(held.correlations), *new.correlations],
    )


def is_sigma(source: Source) -> bool:
    """Whether a file looks like Sigma, by its keys alone."""
    text = "\n" + source.text.removeprefix(BYTE_ORDER_MARK)
    if not source.path.lower().endswith((".yml", ".yaml")) or "\ntitle:" not in text:
        return False
    if "\ncorrelation:" in text:
        return True
    return "\nlogsource:" in text and ("\ndetection:" in text or "\nfilter:" in text)


def _all(repository: Repository) -> Iterator[Document]:
    for source in repository.sources:
        if is_sigma(source):
            try:
                yield from documents(source)
            except Unreadable:
                # Whoever reads that file is told.
                continue


def _indexed(found: Sequence[Document] | Iterator[Document]) -> Index:
    by_name: dict[str, Document] = {}
    filters, correlations = [], []
    for each in found:
        kind = each.kind
        if kind == "filter":
            filters.append(each)
        elif kind in ("rule", "correlation"):
            for name in each.names:
                by_name.setdefault(name, each)
                by_name.setdefault(f"{each.source.path}\0{name}", each)
        if kind == "correlation":
            correlations.append(each)
    return Index(by_name, filters, correlations)
