"""Finds the files of a rule repository, and the rules in them. What cannot be read is told, and costs no other file."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from ..errors import Place
from .errors import NotJudged, ReviewError, Unreadable
from .format import Format, Repository
from .registry import format_of, formats
from .rule import Rule, Source

MOST_BYTES = 4 * 1024 * 1024
"""No rule file is larger: a larger one is not read, and said to be."""
MOST_FILES = 50_000
# What a rule may need beside it: macros, modules, lists.
_BESIDE = (".yml", ".yaml", ".toml", ".ndjson", ".json", ".py", ".conf", ".csv", ".txt", ".yaral")
_NOTHING: Mapping[str, str] = MappingProxyType({})
_NEVER = frozenset({".git", "node_modules", "__pycache__", ".venv"})


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that was not read: where, and why."""

    place: Place
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """What was read: the rules about CloudTrail, how many others there are, and what could not be read.

    `repositories` are what stood beside the rules, by the path of the file in which a rule was found.
    """

    rules: Sequence[Rule]
    others: int
    files: int
    problems: Sequence[Problem]
    repositories: Mapping[str, Repository] = field(default_factory=dict, compare=False, repr=False)

    def again(
        self, rule: Rule, text: str, beside: Mapping[str, str] = _NOTHING
    ) -> tuple[Rule, ...]:
        """The rule, read anew from its repository in which its file has another text, and behind it the rules that were
        not there before: in that file, or in the new files `beside` it, texts by their path from its folder.

        Raises:
            NotJudged: a text cannot be read, the rule is not there any more, or a new file would replace one.
        """
        before = self.repositories[rule.read_from]
        changed = Source(rule.source.path, text)
        new = _new_sources(rule.source.path, beside, {each.path for each in before.sources})
        kept = (changed if each.path == changed.path else each for each in before.sources)
        sources = (*kept, *new)
        held = Repository(before.root, sources)
        start = next(each for each in sources if each.path == rule.read_from)
        chosen = format_of(start)
        if chosen is None:
            raise NotJudged("the changed file is of no format any more")
        rules = _rules_of(chosen, start, held)
        found = [each for each in rules if each.id == rule.id]
        if not found:
            raise NotJudged("the changed file does not hold the rule any more")
        if len(found) > 1:
            raise NotJudged(f"{len(found)} rules of the file have its id: give each its own")
        known = {each.id for each in self.rules if each.read_from == rule.read_from}
        more = [(rule.read_from, each) for each in rules if each.id not in known]
        for source in new:
            among = format_of(source)
            if among is not None:
                more += [(source.path, each) for each in _rules_of(among, source, held)]
        return (
            replace(found[0], read_from=rule.read_from),
            *(replace(each, read_from=path) for path, each in more if each.about_cloudtrail),
        )


def _rules_of(chosen: Format, source: Source, repository: Repository) -> list[Rule]:
    try:
        return list(chosen.read(source, repository))
    except (Unreadable, RecursionError) as refused:
        raise NotJudged(f"the changed file cannot be read: {refused}") from refused


def _new_sources(path: str, beside: Mapping[str, str], taken: Set[str]) -> list[Source]:
    folder = Path(path).parent
    made = [Source(str(folder / name), text) for name, text in sorted(beside.items())]
    for each in made:
        if each.path in taken:
            raise NotJudged(f"there is a file {Path(each.path).name} already")
    return made


def read_rules(paths: Sequence[str | Path], *, only: str | None = None) -> Found:
    """The rules in files and folders, by file and line. `only` is the name of a format: of that one alone.

    Raises:
        ReviewError: a path is not there, there is no such format, or there are more files than MOST_FILES.
    """
    among = _among(only)
    problems: list[Problem] = []
    rules: list[Rule] = []
    others = files = 0
    repositories: dict[str, Repository] = {}
    for path in paths:
        root = Path(path)
        if not root.exists():
            raise ReviewError(f"there is no {root}")
        sources = list(_sources(root, problems))
        held = Repository(str(root if root.is_dir() else root.parent), _with_beside(root, sources))
        for source in sources:
            found = format_of(source, among)
            if found is None:
                continue
            files += 1
            repositories[source.path] = held
            try:
                for rule in found.read(source, held):
                    if rule.about_cloudtrail:
                        rules.append(replace(rule, read_from=source.path))
                    else:
                        others += 1
            except Unreadable as refused:
                problems.append(Problem(refused.place, refused.reason))
            except RecursionError:
                problems.append(Problem(Place(source.path), "it is nested too deeply to be read"))
    return Found(tuple(rules), others, files, tuple(problems), repositories)


def _among(only: str | None) -> Sequence[Format]:
    if only is None:
        return formats()
    chosen = [each for each in formats() if each.name == only]
    if not chosen:
        names = ", ".join(each.name for each in formats())
        raise ReviewError(f"no format of rules is called {only!r}; there are {names}")
    return chosen


def _with_beside(root: Path, sources: Sequence[Source]) -> Sequence[Source]:
    """Of a single file also what lies in its folder: a rule's module or macros."""
    if root.is_dir():
        return sources
    beside = (each for each in sorted(root.parent.iterdir()) if each.is_file() and each != root)
    return [*sources, *_read(beside, [])]


def _sources(root: Path, problems: list[Problem]) -> Iterator[Source]:
    if root.is_file():
        yield from _read([root], problems, named=True)
        return
    yield from _read(_walked(root), problems)


def _walked(root: Path) -> Iterator[Path]:
    seen = 0
    for folder, folders, names in os.walk(root, followlinks=False):
        folders[:] = sorted(each for each in folders if each not in _NEVER)
        for name in sorted(names):
            if name.lower().endswith(_BESIDE):
                seen += 1
                if seen > MOST_FILES:
                    raise ReviewError(
                        f"{root} holds more than {MOST_FILES:,} files: name the folders of rules"
                    )
                yield Path(folder, name)


def _read(
    paths: Iterable[Path], problems: list[Problem], *, named: bool = False
) -> Iterator[Source]:
    for path in paths:
        if not path.is_file() or (path.is_symlink() and not named):
            continue
        size = path.stat().st_size
        if size > MOST_BYTES:
            problems.append(Problem(Place(str(path)), f"{size:,} bytes are too many for a rule"))
            continue
        try:
            yield Source(str(path), path.read_text(encoding="utf-8"))
        except UnicodeDecodeError as error:
            problems.append(Problem(Place(str(path)), f"it is no UTF-8 text: byte {error.start}"))
        except OSError as error:
            problems.append(Problem(Place(str(path)), error.strerror or str(error)))
