"""What a run says of itself while it goes on: events with fields, as text for a person or as JSON lines for a
program.
"""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, Final, Literal, TextIO

import msgspec

LogFormat = Literal["text", "json"]

_PLAIN: Final = frozenset("-_.:/@+,%")


class Level(IntEnum):
    """How much an event matters."""

    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40


class Journal:
    """Writes one line for each event, to standard error as a rule.

    As text: `2024-05-14T09:00:00.000Z WARNING sink failed: sink=- reason="no room"`. As JSON: an object of
    `time`, `level`, `event` and `fields`. Nothing that an event says reaches a terminal raw: what is not
    printable is escaped. A line that cannot be written is dropped, since a run must not end for want of a reader.
    May be used from several threads.
    """

    def __init__(
        self,
        out: TextIO,
        *,
        form: LogFormat = "text",
        level: Level = Level.INFO,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`clock` gives seconds since 1970; what is below `level` is not written."""
        self._out = out
        self._render = _as_json if form == "json" else _as_text
        self._level = level
        self._clock = clock
        self._lock = threading.Lock()

    def debug(self, event: str, **fields: object) -> None:
        """What helps to find a fault in the program."""
        self.note(Level.DEBUG, event, **fields)

    def info(self, event: str, **fields: object) -> None:
        """What happened as it should."""
        self.note(Level.INFO, event, **fields)

    def warning(self, event: str, **fields: object) -> None:
        """What went wrong, and may pass by itself."""
        self.note(Level.WARNING, event, **fields)

    def error(self, event: str, **fields: object) -> None:
        """What went wrong, and somebody has to mend."""
        self.note(Level.ERROR, event, **fields)

    def note(self, level: Level, event: str, **fields: object) -> None:
        """Write the event with its fields: numbers, true and false, None, or anything that can be said as text."""
        if level < self._level:
            return
        moment = datetime.fromtimestamp(self._clock(), UTC)
        stamp = moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1_000:03}Z"
        line = self._render(stamp, level, event, fields) + "\n"
        try:
            with self._lock:
                self._out.write(line)
                self._out.flush()
        except (OSError, ValueError):
            return


def _as_json(stamp: str, level: Level, event: str, fields: dict[str, object]) -> str:
    told = {name: _said(value) for name, value in fields.items()}
    line = {"time": stamp, "level": level.name.lower(), "event": _sound(event), "fields": told}
    text = msgspec.json.encode(line).decode()
    return "".join(each if each.isprintable() else _json_escape(each) for each in text)


def _as_text(stamp: str, level: Level, event: str, fields: dict[str, object]) -> str:
    told = " ".join(f"{name}={_shown(value)}" for name, value in fields.items())
    line = f"{stamp} {level.name} {_escaped(event)}"
    return f"{line}: {told}" if told else line


def _said(value: object) -> Any:
    """The value as JSON has it; a number that JSON has not, and anything else, as text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < 1 << 63:
        return value
    if isinstance(value, float) and value - value == 0:
        return value
    return _sound(str(value))


def _shown(value: object) -> str:
    """The value as text has it: in quotation marks unless it is one plain word."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    text = str(value)
    if text and all(each.isascii() and (each.isalnum() or each in _PLAIN) for each in text):
        return text
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    marked = text.replace("\\", "\\\\").replace('"', '\\"')
    return "".join(each if each.isprintable() else _json_escape(each) for each in marked)


def _json_escape(character: str) -> str:
    r"""As `\uXXXX`, in two of them beyond U+FFFF, which JSON reads back."""
    number = ord(character)
    if number > 0xFFFF:
        number -= 0x10000
        return f"\\u{0xD800 + (number >> 10):04x}\\u{0xDC00 + (number & 0x3FF):04x}"
    return f"\\u{number:04x}"


def _sound(text: str) -> str:
    """Without halves of surrogate pairs, which UTF-8 has not."""
    return text.encode("utf-8", "replace").decode()
