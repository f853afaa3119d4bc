"""Executes one rule on events: its own tests first, then every event."""

import builtins
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .event import AROUND, DataModel, PantherEvent
from .modules import Mock, Modules

Stop = Callable[[str], Any]
_SAID = 300


class Nowhere:
    """Where a rule prints to."""

    encoding = "utf-8"

    def write(self, text: str) -> int:
        """Drop it."""
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def isatty(self) -> bool:
        """No."""
        return False


def judge(job: Mapping[str, Any], events: Sequence[PantherEvent], stop: Stop) -> dict[str, Any]:
    """What became of it: `verdicts`, a letter an event (`1` fires, `0` does not, `e` it failed), or why there are none.

    `job` has `modules` (sources by name), `rule` (the name of the rule's module), `tests` (`name`, `expected`, `log`,
    `mocks`) and `model` (`paths`, `methods` and `module`, or null).
    """
    around = AROUND
    around.stop = stop
    vars(sys).update(dict.fromkeys(("stdout", "stderr", "__stdout__", "__stderr__"), Nowhere()))
    try:
        modules = Modules(job["modules"], stop)
        loaded = modules.load(job["rule"])
        rule = getattr(loaded, "rule", None)
        if not callable(rule):
            return {"failed": "it has no function rule(event)"}
        around.model = _model(job["model"], modules)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - what a rule raises is its own affair
        return {"failed": f"it cannot be loaded: {described(error)}"}
    for test in job["tests"]:
        if not _agrees(test, loaded):
            return {"disagrees": test["name"]}
    around.strict = True
    return _verdicts(rule, events)


def _verdicts(rule: Callable[[Any], Any], events: Sequence[PantherEvent]) -> dict[str, Any]:
    verdicts = bytearray()
    last = ""
    for each in events:
        try:
            answer = rule(each)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - what a rule raises is its own affair
            verdicts += b"e"
            last = last or described(error)
            continue
        if answer is True:
            verdicts += b"1"
        elif answer is False:
            verdicts += b"0"
        else:
            verdicts += b"e"
            last = last or f"rule() gives {type(answer).__name__}, where Panther takes bool"
    return {"verdicts": verdicts.decode(), "error": last}


def _agrees(test: Mapping[str, Any], module: Any) -> bool:
    """Whether the rule says of a log what its author wrote beside it. Mocks stand in the rule's own module."""
    before = dict(module.__dict__)
    for name, value in test["mocks"]:
        module.__dict__[name] = Mock(value)
    try:
        answer = module.rule(PantherEvent(test["log"]))
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - what a rule raises is its own affair
        return False
    finally:
        for name, _ in test["mocks"]:
            if name in before:
                module.__dict__[name] = before[name]
            else:
                module.__dict__.pop(name, None)
    return answer is test["expected"]


def _model(given: Mapping[str, Any] | None, modules: Modules) -> DataModel | None:
    if given is None:
        return None
    methods = {}
    if given["module"] is not None:
        loaded = modules.load(given["module"])
        methods = {name: getattr(loaded, function) for name, function in given["methods"].items()}
    return DataModel(given["paths"], methods)


def described(error: BaseException) -> str:
    """The error in one line; its own text is the rule's, and may fail, too."""
    try:
        text = " ".join(builtins.str(error).split())
    except Exception:  # noqa: BLE001 - what a rule raises is its own affair
        text = ""
    name = type(error).__name__
    return f"{name}: {text}"[:_SAID] if text else name
