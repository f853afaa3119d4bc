"""The event that a Panther rule is given: read only, names in any case, and what else it can be asked.

https://docs.panther.com/detections/rules/python#pantherevent-helpers
"""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

Stop = Callable[[str], Any]

_FOLDED: dict[tuple[str, ...], dict[str, str]] = {}
_MOST_SHAPES = 50_000


def held(value: Any) -> Any:
    """The value as a rule gets it: what could be changed is wrapped."""
    if type(value) is dict:
        return Fields(value)
    if type(value) is list:
        return Items(value)
    return value


class Fields(Mapping[str, Any]):
    """An object of the event. A name that is not there is looked for in any case; the first such counts."""

    __slots__ = ("_container",)
    _container: Mapping[str, Any]

    def __init__(self, container: Mapping[str, Any]) -> None:
        self._container = container._container if isinstance(container, Fields) else container

    def __getitem__(self, name: str) -> Any:
        found = self._container
        if name in found:
            return held(found[name])
        spelled = _spelling(found).get(name.lower()) if isinstance(name, str) else None
        if spelled is None:
            raise KeyError(name)
        return held(found[spelled])

    def get(self, name: str, default: Any = None) -> Any:
        """The member, or the default where there is none."""
        try:
            return self[name]
        except KeyError:
            return default

    def __iter__(self) -> Iterator[str]:
        return iter(self._container)

    def __len__(self) -> int:
        return len(self._container)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._container!r})"

    def deep_get(self, *names: str, default: Any = None) -> Any:
        """What stands below the names; the default where that is missing or null."""
        at: Any = self
        for name in names:
            if not isinstance(at, Mapping):
                return default
            at = at.get(name)
        return default if at is None else at

    def deep_walk(self, *names: str, default: Any = None, return_val: str = "all") -> Any:
        """What stands below the names, in this case alone, of each item where a list lies between; see `walked`."""
        return walked(self._container, *names, default=default, return_val=return_val)

    def to_dict(self) -> dict[str, Any]:
        """A copy that may be changed."""
        return copy.deepcopy(dict(self._container))

    copy = to_dict


class Items(Sequence[Any]):
    """A list of the event."""

    __slots__ = ("_container",)
    _container: Sequence[Any]
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, container: Sequence[Any]) -> None:
        self._container = container._container if isinstance(container, Items) else container

    def __getitem__(self, place: Any) -> Any:
        return held(self._container[place])

    def __len__(self) -> int:
        return len(self._container)

    def __iter__(self) -> Iterator[Any]:
        return map(held, self._container)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Items):
            return list(self._container) == list(other._container)
        return isinstance(other, list | tuple) and list(self._container) == list(other)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._container!r})"

    def as_list(self) -> list[Any]:
        """A copy that may be changed."""
        return copy.deepcopy(list(self._container))

    copy = as_list


class DataModel:
    """How a log type spells the names of `udm`: a path of members, or a function of the event."""

    def __init__(
        self,
        paths: Mapping[str, Sequence[str] | None],
        methods: Mapping[str, Callable[[Any], Any]],
    ) -> None:
        self.paths = paths
        self.methods = methods


class Surroundings:
    """What an event cannot tell of itself. `strict` is set while records are judged that Panther has not enriched."""

    def __init__(self) -> None:
        self.stop: Stop = _unstopped
        self.model: DataModel | None = None
        self.strict = False


def _unstopped(reason: str) -> Any:
    raise RuntimeError(reason)


AROUND = Surroundings()
"""That of this process; one for all events, so that a copy of this process writes to none of them."""


class PantherEvent(Fields):
    """The event itself."""

    __slots__ = ()

    def __init__(self, container: Mapping[str, Any], data_model: object = None) -> None:
        super().__init__(container)

    def __getitem__(self, name: str) -> Any:
        found = self._container
        if name in found:
            return held(found[name])
        if AROUND.strict and isinstance(name, str) and name[:2].lower() == "p_":
            AROUND.stop(f"it reads {name}, which Panther fills in and nothing here knows")
        return super().__getitem__(name)

    def udm(self, *names: str, default: Any = None) -> Any:
        """The field of the data model; where that has none of the name, the event's own."""
        model = AROUND.model
        if model is None:
            AROUND.stop("it asks udm(), and no data model of its log is among the files")
        if model is not None and len(names) == 1:
            name = names[0]
            if name in model.paths:
                path = model.paths[name]
                if path is None:
                    AROUND.stop(f"it asks udm({name!r}), whose path is no chain of members")
                value = self.deep_get(*(path or ()))
                return default if value is None else value
            if name in model.methods:
                value = model.methods[name](PantherEvent(self._container))
                return default if value is None else held(value)
        return self.deep_get("p_udm", *names) or self.deep_get(*names) or default

    def udm_path(self, name: str) -> str | None:
        """Where the data model has it from."""
        model = AROUND.model
        if model is None:
            AROUND.stop("it asks udm_path(), and no data model of its log is among the files")
            return None
        path = model.paths.get(name)
        if path:
            return ".".join(path) if self.deep_get(*path) is not None else None
        return getattr(model.methods.get(name), "__name__", None)

    def lookup(self, table: str, key: str) -> Any:
        """A row of a lookup table, which nothing here holds."""
        if "_mocked_lookup_data_" not in self._container:
            AROUND.stop(f"it asks the lookup table {table}")
        return self.deep_get("_mocked_lookup_data_", table, key)

    def event_time_epoch(self, force_utc: bool = True) -> int:
        """Seconds since 1970 of p_event_time; 0 where there is none."""
        text = self.get("p_event_time")
        if not isinstance(text, str):
            return 0
        moment = datetime.fromisoformat(text[:26].rstrip("Z"))
        return int(moment.replace(tzinfo=UTC).timestamp() if force_utc else moment.timestamp())


def as_held(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record with the fields that Panther adds to every one of CloudTrail.

    https://docs.panther.com/search/panther-fields
    """
    found = dict(record)
    found["p_log_type"] = "AWS.CloudTrail"
    moment = record.get("eventTime")
    if isinstance(moment, str):
        try:
            at = datetime.fromisoformat(moment).astimezone(UTC)
        except ValueError:
            return found
        found["p_event_time"] = f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond:06d}000"
    return found


def found_below(value: Any, *names: str, default: Any = None) -> Any:
    """`deep_get` of anything: what stands below the names, the default where that is missing or null."""
    for name in names:
        if not isinstance(value, Mapping):
            return default
        value = value.get(name)
    return default if value is None else value


def walked(value: Any, *names: str, default: Any = None, return_val: str = "all") -> Any:
    """What stands below the names, of each item where a list lies between.

    `return_val` is `first`, `last` or `all`: of `all`, one value stands alone, several are a list; each once.
    """
    if not names:
        return default if value is None or _is_hollow(value) else value
    if isinstance(value, Mapping):
        below = value.get(names[0])
        if below is None:
            return default
        return walked(below, *names[1:], default=default, return_val=return_val)
    if not _is_list(value):
        return default
    found: dict[Any, None] = {}
    for item in value:
        each = walked(item, *names, default=default, return_val=return_val)
        if each is not None:
            found.update(dict.fromkeys(each if _is_list(each) else (each,)))
    every = list(found)
    if not every:
        return default
    if return_val == "first":
        return every[0]
    if return_val == "last":
        return every[-1]
    return every[0] if len(every) == 1 else every


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _is_hollow(value: Any) -> bool:
    """Whether it is a list of nothing but such lists."""
    return _is_list(value) and all(_is_hollow(each) for each in value)


def _spelling(container: Mapping[str, Any]) -> Mapping[str, str]:
    """The names of the object by their small letters. Objects of one shape share it."""
    shape = tuple(container)
    known = _FOLDED.get(shape)
    if known is None:
        known = {}
        for name in shape:
            known.setdefault(name.lower(), name)
        if len(_FOLDED) < _MOST_SHAPES:
            _FOLDED[shape] = known
    return known
