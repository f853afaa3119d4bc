"""Starts the process apart, speaks with it, and ends it."""

import atexit
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from operator import is_
from pathlib import Path
from typing import Any

from ..errors import NotJudged
from .inside import bootstrap

Json = Mapping[str, Any]

_HEAD = 8
_STEP = 1 << 20
_MOST_ANSWER = 1 << 26
_MOST_SAID = 400
_MEANING = {"1": True, "0": False, "e": None}
_PATIENCE = 120.0
"""Seconds beyond a rule's own time within which the process apart answers, on however busy a machine."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a rule may use: seconds of processor time, seconds on the clock, bytes of memory beside the records."""

    processor: int = 10
    wall: int = 120
    memory: int = 512 << 20


@dataclass(frozen=True, slots=True)
class OwnTest:
    """A test that a rule brings: a log, what the rule says of it, and what its functions answer meanwhile."""

    name: str
    expected: bool
    log: Json
    mocks: Sequence[tuple[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Model:
    """A data model: paths of members by name (None: no chain of members), functions of `module` by name."""

    paths: Mapping[str, Sequence[str] | None]
    methods: Mapping[str, str]
    module: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A rule to execute: sources of modules by name, which of them has `rule`, and what is around it."""

    modules: Mapping[str, str]
    rule: str
    tests: Sequence[OwnTest] = ()
    model: Model | None = None
    limits: Limits = field(default_factory=Limits)

    def message(self) -> dict[str, Any]:
        """As it is sent."""
        model = self.model
        return {
            "modules": dict(self.modules),
            "rule": self.rule,
            "tests": [
                {"name": each.name, "expected": each.expected, "log": each.log, "mocks": each.mocks}
                for each in self.tests
            ],
            "model": model
            and {"paths": model.paths, "methods": model.methods, "module": model.module},
            "limits": {
                "processor": self.limits.processor,
                "wall": self.limits.wall,
                "memory": self.limits.memory,
            },
        }


class Worker:
    """The process apart. It is started when it is first asked, and again after it has ended.

    `walls` are what the kernel gave it beside limits: `namespaces`, `seccomp`; empty before it was started.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._batches: dict[int, list[Json]] = {}
        self._next = 0
        self.walls: tuple[str, ...] = ()

    def run(self, job: Job, records: Sequence[Json]) -> Sequence[bool | None]:
        """Of each record whether the rule fires; None where it fails on it.

        Records are sent once as long as the same objects are asked about.

        Raises:
            NotJudged: the rule was stopped, fails on all records, or its own tests do not agree.
        """
        with self._lock:
            batch = self._held(records)
            if batch is None:
                batch = self._send_records(records)
            answer = self._ask({**job.message(), "batch": batch}, job.limits.wall + _PATIENCE)
        return _verdicts(answer)

    def close(self) -> None:
        """End the process and remove its folder."""
        with self._lock:
            self._end()

    def _held(self, records: Sequence[Json]) -> int | None:
        if self._process is None or self._process.poll() is not None:
            return None
        for number, held in self._batches.items():
            if len(held) == len(records) and all(map(is_, held, records)):
                return number
        return None

    def _send_records(self, records: Sequence[Json]) -> int:
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._start()
        largest = max(self._batches, key=lambda number: len(self._batches[number]), default=None)
        drop = [number for number in self._batches if number != largest]
        for number in drop:
            del self._batches[number]
        self._next += 1
        message = {"records": list(records), "batch": self._next, "drop": drop}
        held = self._ask(message, _PATIENCE + len(records) / 1000)
        walls = held.get("walls")
        self.walls = tuple(walls) if isinstance(walls, list) else ()
        self._batches[self._next] = list(records)
        return self._next

    def _start(self) -> None:
        if not sys.executable or not hasattr(os, "fork"):
            raise NotJudged("no process for rules can be started here")
        self._folder = tempfile.TemporaryDirectory(prefix="cascade-review-")
        try:
            # What is started is this package's own script, and nothing of a rule is an argument.
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-I", "-S", "-B", str(Path(bootstrap.__file__).resolve())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=self._folder.name,
                env={},
                bufsize=0,
                start_new_session=True,
            )
        except OSError as error:
            raise NotJudged(f"no process for rules can be started: {error}") from None

    def _ask(self, message: Mapping[str, Any], patience: float) -> Mapping[str, Any]:
        try:
            body = json.dumps(message, default=str).encode()
        except (RecursionError, TypeError, ValueError) as error:
            raise NotJudged(f"it or a record cannot be handed over: {error}") from None
        try:
            return self._exchange(body, patience)
        except (OSError, ValueError):
            self._end()
            raise NotJudged("the process that rules run in ended") from None
        except BaseException:
            self._end()
            raise

    def _exchange(self, body: bytes, patience: float) -> Mapping[str, Any]:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise OSError("not started")
        rest = memoryview(len(body).to_bytes(_HEAD, "big") + body)
        while rest:
            rest = rest[process.stdin.write(rest) or 0 :]
        deadline = time.monotonic() + patience
        size = int.from_bytes(_read(process.stdout.fileno(), _HEAD, deadline), "big")
        if size > _MOST_ANSWER:
            raise OSError("more than there is to say")
        answer = json.loads(_read(process.stdout.fileno(), size, deadline))
        if not isinstance(answer, dict):
            raise ValueError("no answer")
        return answer

    def _end(self) -> None:
        process, self._process = self._process, None
        self._batches.clear()
        if process is not None:
            if process.poll() is None:
                # Its copies, in which the rules run, belong to its group.
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


@cache
def worker() -> Worker:
    """The one that all rules share, ended with this process."""
    one = Worker()
    atexit.register(one.close)
    return one


def _read(stream: int, size: int, deadline: float) -> bytes:
    """Exactly so many bytes, by then.

    Raises:
        OSError: they did not come.
    """
    parts = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while len(parts) < size:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise TimeoutError
            part = os.read(stream, min(size - len(parts), _STEP))
            if not part:
                raise OSError("the other side has gone")
            parts += part
    return bytes(parts)


def _verdicts(answer: Mapping[str, Any]) -> Sequence[bool | None]:
    if "stopped" in answer:
        raise NotJudged(_plain(answer["stopped"]))
    if "disagrees" in answer:
        raise NotJudged(f"its own tests do not agree in our shim: {_plain(answer['disagrees'])}")
    if "failed" in answer:
        raise NotJudged(_plain(answer["failed"]))
    letters = str(answer.get("verdicts", ""))
    if letters and not letters.strip("e"):
        raise NotJudged(f"it fails on every record: {_plain(answer.get('error'))}")
    return [_MEANING[letter] for letter in letters]


def _plain(text: object) -> str:
    """What the rule may have written, in one line that a terminal shows as it is."""
    shown = "".join(each if each.isprintable() else " " for each in str(text)[:_MOST_SAID])
    return " ".join(shown.split())
