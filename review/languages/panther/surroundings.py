"""What a rule finds around it in its repository: globals, data models, and other rules."""

import ast
import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from ...errors import Unreadable
from ...format import Repository
from ...rule import Source
from ...sandbox import Model
from .documents import document, kind_of, texts
from .module import MOST_CHARACTERS, imported

LOG = "AWS.CloudTrail"
_HELPERS = "global_helpers"


class Surroundings:
    """The files of a repository by what they are to a rule."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self._files = {_normal(each.path): each for each in repository.sources}
        self._kinds: dict[str, list[Source]] = defaultdict(list)
        for each in repository.sources:
            if each.path.endswith((".yml", ".yaml")):
                self._kinds[kind_of(each) or ""].append(each)
        self._users: dict[str, int] | None = None
        self._globals: Mapping[str, Source] | None = None
        self._model: tuple[Model | None, Mapping[str, str]] | None = None
        self._rules: Mapping[str, Source] | None = None

    def beside(self, source: Source, name: str) -> Source | None:
        """The file of this name in the folder of another."""
        return self._files.get(_normal(str(PurePosixPath(_slashed(source.path)).parent / name)))

    def shared(self, python: Source) -> bool:
        """Whether more than one item names this Python file."""
        if self._users is None:
            self._users = defaultdict(int)
            for sources in self._kinds.values():
                for each in sources:
                    name = _named(each.text, "Filename")
                    found = self.beside(each, name) if name else None
                    if found is not None:
                        self._users[found.path] += 1
        return self._users.get(python.path, 0) > 1

    def modules(self, text: str) -> dict[str, str]:
        """The sources of the globals that a module imports, and those that they import, by name."""
        known = self._known_globals()
        found: dict[str, str] = {}
        waiting = [text]
        while waiting:
            for name in _imports(waiting.pop()):
                source = known.get(name)
                if source is not None and name not in found:
                    found[name] = source.text
                    waiting.append(source.text)
        return found

    def model(self) -> tuple[Model | None, Mapping[str, str]]:
        """The data model of CloudTrail and the modules that it takes; None where there is none."""
        if self._model is None:
            self._model = self._read_model()
        return self._model

    def rule(self, rule_id: str) -> Source | None:
        """The file of the rule with this id."""
        if self._rules is None:
            found: dict[str, Source] = {}
            for each in self._kinds["rule"]:
                name = _named(each.text, "RuleID")
                if name:
                    found.setdefault(name, each)
            self._rules = found
        return self._rules.get(rule_id)

    def query_mentions_cloudtrail(self, names: Sequence[str]) -> bool:
        """Whether one of the scheduled queries of these names reads a table of CloudTrail."""
        for each in [*self._kinds["scheduled_query"], *self._kinds["saved_query"]]:
            if _named(each.text, "QueryName") in names and "cloudtrail" in each.text.lower():
                return True
        return False

    def _known_globals(self) -> Mapping[str, Source]:
        if self._globals is None:
            found: dict[str, Source] = {}
            for each in self._kinds["global"]:
                name, file = _named(each.text, "GlobalID"), _named(each.text, "Filename")
                python = self.beside(each, file) if file else None
                if name and python is not None:
                    found[name] = python
            for each in self.repository.sources:
                path = PurePosixPath(_slashed(each.path))
                if path.suffix == ".py" and path.parent.name == _HELPERS:
                    found.setdefault(path.stem, each)
            self._globals = found
        return self._globals

    def _read_model(self) -> tuple[Model | None, Mapping[str, str]]:
        for each in self._kinds["datamodel"]:
            if LOG not in each.text:
                continue
            try:
                read = document(each)
            except Unreadable:
                continue
            if LOG in texts(read.get("LogTypes")) and read.get("Enabled") is not False:
                return self._model_of(each, read)
        return None, {}

    def _model_of(
        self, source: Source, read: Mapping[str, Any]
    ) -> tuple[Model | None, Mapping[str, str]]:
        paths: dict[str, Sequence[str] | None] = {}
        methods: dict[str, str] = {}
        mappings = read.get("Mappings")
        for each in mappings if isinstance(mappings, list) else []:
            if not isinstance(each, dict) or not isinstance(each.get("Name"), str):
                continue
            path, method = each.get("Path"), each.get("Method")
            if isinstance(path, str):
                paths[each["Name"]] = _members(path)
            elif isinstance(method, str):
                methods[each["Name"]] = method
        file = read.get("Filename")
        python = self.beside(source, file) if isinstance(file, str) else None
        if python is None:
            # Without its module, what it would answer is not known: as a path that is no chain of members.
            return Model({**paths, **dict.fromkeys(methods)}, {}), {}
        name = PurePosixPath(_slashed(python.path)).stem
        return Model(paths, methods, name), {name: python.text, **self.modules(python.text)}


_LATEST: list[Surroundings] = []


def surroundings(repository: Repository) -> Surroundings:
    """What is around rules of this repository; that of the latest is kept, since its files are read one by one."""
    if not _LATEST or _LATEST[0].repository is not repository:
        _LATEST[:] = [Surroundings(repository)]
    return _LATEST[0]


def _imports(text: str) -> Iterator[str]:
    if len(text) > MOST_CHARACTERS:
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, RecursionError, MemoryError, ValueError):
        # Whoever imports it is told in the sandbox.
        return
    yield from imported(tree)


def _members(path: str) -> Sequence[str] | None:
    """A JSONPath as members, where it is no more than that."""
    members = path.removeprefix("$.").split(".")
    plain = all(each and all(mark not in each for mark in "[]*$@?()'\" ") for each in members)
    return members if plain else None


def _named(text: str, key: str) -> str | None:
    """The value of a key at the top of a YAML file, found without reading it."""
    start = f"{key}:"
    for line in text.splitlines():
        if line.startswith(start):
            value = line[len(start) :].strip()
            if value[:1] in ("'", '"'):
                return value[1:].split(value[0], 1)[0] or None
            return value.split(" #", 1)[0].strip() or None
    return None


def _slashed(path: str) -> str:
    return path.replace("\\", "/")


def _normal(path: str) -> str:
    parts: list[str] = []
    for each in _slashed(path).split("/"):
        if each == ".." and parts and parts[-1] not in ("", ".."):
            parts.pop()
        elif each != ".":
            parts.append(each)
    return "/".join(parts)
