"""Holds the records and runs each rule on them in a process of its own, a copy of this one.

No rule ever runs in this process, so that none can reach the next.
"""

import gc
import json
import os
import select
import signal
import time
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from . import confine, modules
from .event import PantherEvent, as_held
from .framing import receive, send
from .judge import described, judge

_STEP = 1 << 16
_ROOM = 1 << 16
"""Bytes that an answer may have beside a letter for each event."""
_SAID = ("verdicts", "error", "failed", "disagrees", "stopped")


def serve(incoming: int, outgoing: int) -> None:
    """Answer messages until there are none.

    `{"records": [...], "batch": n, "drop": [n]}` are records to hold until they are dropped; the rest is a job on a
    `batch`, see `judge`.
    """
    modules.preload()
    walls = [*confine.leave_the_network(), *_probed()]
    batches: dict[int, list[PantherEvent]] = {}
    while (message := receive(incoming)) is not None:
        if "records" in message:
            for number in message["drop"]:
                batches.pop(number, None)
            events = [PantherEvent(as_held(record)) for record in message["records"]]
            batches[message["batch"]] = events
            del message
            # What is frozen is not looked through, and so not copied, by the collector of a copy.
            gc.freeze()
            send(outgoing, {"held": len(events), "walls": walls})
        else:
            send(outgoing, _apart(message, batches[message["batch"]]))


def _probed() -> tuple[str, ...]:
    """Whether the copies of this process can be kept to computing."""
    child = os.fork()
    if child == 0:
        os._exit(len(confine.only_compute()))
    return ("seccomp",) if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) else ()


def _apart(job: Mapping[str, Any], events: Sequence[PantherEvent]) -> dict[str, Any]:
    """Run the job in a copy of this process, and say what it answered or how it ended."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _run(job, events, writing)
    os.close(writing)
    deadline = time.monotonic() + job["limits"]["wall"]
    answer = bytearray()
    most = len(events) + _ROOM
    why = None
    while why is None:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([reading], [], [], left)[0]:
            why = f"it was stopped after {job['limits']['wall']} seconds"
        elif not (part := os.read(reading, _STEP)):
            break
        else:
            answer += part
            if len(answer) > most:
                why = "it was stopped: it answers more than there is to say"
    os.close(reading)
    os.kill(child, signal.SIGKILL)
    _, status, used = os.wait4(child, 0)
    if why is None:
        why = _ended(status, used.ru_utime + used.ru_stime, job["limits"]["processor"])
    return _understood(bytes(answer), why, len(events))


def _ended(status: int, seconds: float, most: int) -> str:
    number = os.waitstatus_to_exitcode(status)
    if number == -signal.SIGXCPU or (number < 0 and seconds >= most):
        return f"it was stopped: it used more than {most} seconds of processor time"
    if number < 0:
        return f"it was ended by signal {-number}"
    return f"it ended its process, with status {number}"


def _understood(answer: bytes, otherwise: str, count: int) -> dict[str, Any]:
    """The answer, which came from the rule's process: nothing in it is believed but its form."""
    try:
        said = json.loads(answer)
    except (RecursionError, ValueError):
        return {"stopped": otherwise}
    if not isinstance(said, dict) or not all(isinstance(each, str) for each in said.values()):
        return {"stopped": otherwise}
    verdicts = said.get("verdicts")
    if verdicts is not None and (len(verdicts) != count or set(verdicts) - set("01e")):
        return {"stopped": otherwise}
    return {name: said[name] for name in _SAID if name in said}


def _run(job: Mapping[str, Any], events: Sequence[PantherEvent], writing: int) -> NoReturn:
    leave, write = os._exit, os.write
    encode = json.JSONEncoder().encode

    def tell(message: Mapping[str, str]) -> NoReturn:
        try:
            rest = encode(message).encode()
            while rest:
                rest = rest[write(writing, rest) :]
        finally:
            leave(0)

    def stop(reason: str) -> NoReturn:
        tell({"stopped": f"it was stopped: {reason}"})

    limits = job["limits"]
    try:
        try:
            confine.die_with_parent()
            confine.limit(limits["processor"], limits["memory"], answer=writing)
            confine.only_compute()
            confine.watch(stop)
            answer = judge(job, events, stop)
        except MemoryError:
            stop(f"it used more than {limits['memory'] >> 20} MB of memory")
        except BaseException as error:  # noqa: BLE001 - a rule may raise anything
            stop(f"it raised {described(error)}")
        tell(answer)
    finally:
        # Whatever went wrong above, this process must not go on as the one that it is a copy of.
        leave(1)
