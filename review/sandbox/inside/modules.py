"""What a rule may import: its own modules from memory, harmless parts of the standard library, and stand-ins.

A module that Panther has and this process has not is there in name: importing it is no harm, and using it ends the
rule with what it asked for.
"""

import builtins
import importlib
import posixpath
import sys
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from fnmatch import fnmatch
from ipaddress import ip_address, ip_network
from types import ModuleType
from typing import Any

from . import event

Stop = Callable[[str], Any]

# fmt: off
ALLOWED = (
    "__future__", "abc", "array", "ast", "base64", "binascii", "bisect", "calendar", "collections",
    "collections.abc", "colorsys", "contextlib", "copy", "csv", "dataclasses", "datetime",
    "decimal", "difflib", "email.utils", "enum", "fnmatch", "fractions", "functools", "hashlib",
    "heapq", "hmac", "html", "ipaddress", "itertools", "json", "json.decoder", "keyword", "locale",
    "logging", "math", "numbers", "operator", "pprint", "random", "re", "reprlib", "secrets",
    "stat", "statistics", "string", "stringprep", "struct", "textwrap", "traceback", "types",
    "typing", "unicodedata", "urllib", "urllib.parse", "uuid", "warnings", "weakref", "zlib",
)
# fmt: on
# Loaded because others of them load it when they are first used.
_LATER = ("_strptime", "encodings.idna", "encodings.ascii", "encodings.latin_1", "encodings.utf_16")
_NOT_FOR_RULES = ("breakpoint", "help", "input", "open")
_BEHIND = {
    "boto3": "asks AWS",
    "botocore": "asks AWS",
    "panther_detection_helpers": "asks the key-value store",
    "requests": "uses the network",
}


def preload() -> None:
    """Import all that rules may import, while files may still be opened."""
    for name in (*ALLOWED, *_LATER):
        importlib.import_module(name)
    datetime.strptime("2024 +0000", "%Y %z").strftime("%Y")
    "é".encode("idna")


class Absent:
    """Something of a module that is not here."""

    def __init__(self, name: str, stop: Stop) -> None:
        self.__dict__.update(_name=name, _stop=stop)

    def _used(self, *arguments: Any, **named: Any) -> Any:
        why = _BEHIND.get(self._name.partition(".")[0])
        if why is None:
            return self._stop(f"it needs {self._name}, which is not here")
        return self._stop(f"it {why} ({self._name})")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(f"{self._name}.{name}", self._stop)

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[Any, ...]:
        return (type("Absent", (), {"__init__": lambda own, *given, **named: self._used()}),)

    __call__ = __getitem__ = __iter__ = __len__ = __bool__ = __contains__ = _used
    __enter__ = __add__ = __radd__ = __lt__ = __gt__ = __mod__ = __str__ = _used


class Mock:
    """What a rule's test puts in the place of one of its functions: it answers the same always."""

    def __init__(self, return_value: Any = None) -> None:
        self.return_value = return_value

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self.return_value


class Modules:
    """The modules of one rule."""

    def __init__(self, sources: Mapping[str, str], stop: Stop) -> None:
        self._sources = sources
        self._stop = stop
        self._loaded: dict[str, ModuleType] = {}
        self._given = _stand_ins(stop)
        self._builtins = {**vars(builtins), "__import__": self._import}
        for name in _NOT_FOR_RULES:
            self._builtins[name] = _stopper(stop, f"it calls {name}()")

    def load(self, name: str) -> ModuleType:
        """The module of this name among the sources, executed once."""
        if name not in self._loaded:
            made = ModuleType(name)
            made.__dict__["__builtins__"] = self._builtins
            self._loaded[name] = made
            code = compile(self._sources[name], f"<{name}>", "exec", dont_inherit=True)
            exec(code, made.__dict__)  # noqa: S102 this process is there for it
        return self._loaded[name]

    def _import(
        self,
        name: str,
        around: Any = None,
        local: Any = None,
        wanted: Any = (),
        level: int = 0,
    ) -> Any:
        root = name.partition(".")[0]
        if level:
            raise ImportError("a rule is in no package")
        if name in self._sources:
            return self.load(name)
        if name in self._given:
            return self._given[name if wanted else root]
        if name in ALLOWED:
            return sys.modules[name if wanted else root]
        if root in sys.stdlib_module_names:
            return self._stop(f"it imports {name}")
        return Absent(name if wanted else root, self._stop)


def _stopper(stop: Stop, reason: str) -> Callable[..., Any]:
    return lambda *arguments, **named: stop(reason)


def _stand_ins(stop: Stop) -> dict[str, Any]:
    """Modules that are ours, by name."""
    system = _module("os", environ={}, sep="/", linesep="\n", path=posixpath)
    system.__dict__["getenv"] = system.__dict__["environ"].get
    interpreter = _module(
        "sys",
        exit=_stopper(stop, "it calls sys.exit()"),
        maxsize=sys.maxsize,
        platform=sys.platform,
        stderr=sys.stderr,
        stdout=sys.stdout,
        version=sys.version,
        version_info=sys.version_info,
    )
    for module in (system, interpreter):
        module.__dict__["__getattr__"] = _refusing(module.__name__, stop)
    clock = _module("time", **vars(time))
    clock.__dict__["sleep"] = _stopper(stop, "it sleeps")
    mock = _module("unittest.mock", Mock=Mock, MagicMock=Mock)
    mock.__dict__["__getattr__"] = lambda name: Absent(f"unittest.mock.{name}", stop)
    parser = _module("dateutil.parser", parse=_parse(stop), ParserError=ValueError)
    immutable = {"ImmutableCaseInsensitiveDict": event.Fields, "ImmutableList": event.Items}
    core = _module("panther_core.enriched_event", PantherEvent=event.PantherEvent, **immutable)
    return {
        "dateutil": _module("dateutil", parser=parser),
        "dateutil.parser": parser,
        "os": system,
        "os.path": posixpath,
        "panther_aws_helpers": _aws(stop),
        "panther_base_helpers": _base(stop),
        "panther_core": _module(
            "panther_core", PantherEvent=event.PantherEvent, enriched_event=core
        ),
        "panther_core.enriched_event": core,
        "panther_core.immutable": _module("panther_core.immutable", **immutable),
        "sys": interpreter,
        "time": clock,
        "unittest": _module("unittest", mock=mock),
        "unittest.mock": mock,
    }


def _module(name: str, **members: Any) -> ModuleType:
    made = ModuleType(name)
    made.__dict__.update(members)
    return made


def _refusing(module: str, stop: Stop) -> Callable[[str], Any]:
    def member(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _stopper(stop, f"it calls {module}.{name}()")

    return member


def _parse(stop: Stop) -> Callable[..., datetime]:
    def parse(text: Any, **settings: Any) -> datetime:
        try:
            return datetime.fromisoformat(text)
        except (TypeError, ValueError):
            stop("it reads a time by dateutil.parser that is not in ISO 8601")
            raise

    return parse


def _base(stop: Stop) -> ModuleType:
    """What rules ask most of `panther_base_helpers`, for a rule that comes without it."""
    made = _module(
        "panther_base_helpers",
        deep_get=event.found_below,
        deep_walk=event.walked,
        pattern_match=fnmatch,
        pattern_match_list=lambda text, patterns: any(fnmatch(text, each) for each in patterns),
        is_ip_in_network=lambda address, networks: any(
            ip_address(address) in ip_network(each) for each in networks
        ),
    )
    made.__dict__["__getattr__"] = lambda name: Absent(f"panther_base_helpers.{name}", stop)
    return made


def _aws(stop: Stop) -> ModuleType:
    """What rules ask most of `panther_aws_helpers`, for a rule that comes without it."""
    made = _module(
        "panther_aws_helpers",
        aws_cloudtrail_success=lambda called: (
            not (called.get("errorCode") or called.get("errorMessage"))
        ),
    )
    made.__dict__["__getattr__"] = lambda name: Absent(f"panther_aws_helpers.{name}", stop)
    return made
