"""Rules that mean harm are stopped, told apart, and cost no other rule anything."""

from collections.abc import Iterator

import pytest

from cloudcascade.review.errors import NotJudged
from cloudcascade.review.sandbox import Job, Limits, Worker

RECORDS = [{"eventID": str(number), "eventName": "DeleteUser"} for number in range(3)]
# Processor time is counted, so that a busy machine changes nothing; the clock's limit is far off.
LIMITS = Limits(processor=2, wall=300, memory=64 << 20)
GLOBALS_OF_OS = """
def os_of():
    for each in ().__class__.__base__.__subclasses__():
        if each.__name__ == "_wrap_close":
            return each.__init__.__globals__
"""


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    one = Worker()
    yield one
    one.close()


def job(source: str) -> Job:
    return Job({"rule": source}, "rule", limits=LIMITS)


STOPPED = {
    "an endless loop": ("def rule(event):\n    while True: pass", "seconds of processor time"),
    "a loop at import": ("while True: pass", "seconds of processor time"),
    "a loop that catches": (
        "def rule(event):\n    while True:\n        try: raise ValueError\n        except BaseException: pass",
        "seconds of processor time",
    ),
    "one large allocation": (
        "def rule(event):\n    return len('x' * (1 << 40)) > 0",
        "64 MB of memory",
    ),
    "many allocations": (
        "def rule(event):\n    held = []\n    while True: held.append('x' * 1000000 + str(len(held)))",
        "64 MB of memory",
    ),
    "endless recursion": ("def rule(event):\n    return rule(event)", "RecursionError"),
    "open": ("def rule(event):\n    return bool(open('/etc/passwd'))", r"calls open\(\)"),
    "io.open": ("import io\ndef rule(event):\n    return True", "imports io"),
    "pathlib": ("import pathlib\ndef rule(event):\n    return True", "imports pathlib"),
    "os.fork": ("import os\ndef rule(event):\n    return os.fork() > 0", r"os.fork\(\)"),
    "os.system": ("import os\ndef rule(event):\n    return os.system('id') == 0", r"os.system\(\)"),
    "socket": ("import socket\ndef rule(event):\n    return True", "imports socket"),
    "subprocess": (
        "from subprocess import run\ndef rule(event):\n    return True",
        "imports subprocess",
    ),
    "ctypes": ("import ctypes\ndef rule(event):\n    return True", "imports ctypes"),
    "threading": ("import threading\ndef rule(event):\n    return True", "imports threading"),
    "importlib": ("import importlib\ndef rule(event):\n    return True", "imports importlib"),
    "__import__": ("def rule(event):\n    return bool(__import__('socket'))", "imports socket"),
    "eval of an import": (
        "def rule(event):\n    return bool(eval('__import__(\"socket\")'))",
        "imports socket",
    ),
    "an import that is excused": (
        "try:\n    import socket\nexcept BaseException:\n    pass\ndef rule(event):\n    return False",
        "imports socket",
    ),
    "sleep": ("import time\ndef rule(event):\n    return time.sleep(9) is None", "sleeps"),
    "sys.exit": ("import sys\ndef rule(event):\n    sys.exit(0)", r"sys.exit\(\)"),
    "SystemExit": ("def rule(event):\n    raise SystemExit", "SystemExit"),
    "KeyboardInterrupt": ("def rule(event):\n    raise KeyboardInterrupt", "KeyboardInterrupt"),
    "found os._exit": (
        f"{GLOBALS_OF_OS}\ndef rule(event):\n    os_of()['_exit'](0)",
        "ended its process",
    ),
    "found os.fork": (
        f"{GLOBALS_OF_OS}\ndef rule(event):\n    return os_of()['fork']() > 0",
        "operating system|fork|Operation not permitted",
    ),
    "found os.open": (
        f"{GLOBALS_OF_OS}\ndef rule(event):\n    return os_of()['open']('/etc/passwd', 0) > 0",
        "opens a file",
    ),
    "found os.listdir": (
        f"{GLOBALS_OF_OS}\ndef rule(event):\n    return bool(os_of()['listdir']('/'))",
        "os.listdir",
    ),
    "a made code object": (
        "def rule(event):\n    return bool(rule.__code__.replace(co_name='other'))",
        "code objects by hand",
    ),
    "an error that cannot be told": (
        "class Bad(Exception):\n    def __str__(self): raise ValueError\ndef rule(event):\n    raise Bad",
        "Bad",
    ),
    "no function": ("RULE = 1", "no function rule"),
    "no Python": ("def rule(event)", "SyntaxError"),
    "no bool": ("def rule(event):\n    return 'yes'", "gives str"),
}


@pytest.mark.parametrize("case", STOPPED)
def test_a_rule_that_does_what_no_rule_must_is_stopped_with_the_reason(
    case: str, worker: Worker
) -> None:
    source, reason = STOPPED[case]
    with pytest.raises(NotJudged, match=reason):
        worker.run(job(source), RECORDS)


def test_the_kernel_refuses_what_the_audit_hook_does_not_see(worker: Worker) -> None:
    worker.run(job("def rule(event):\n    return True"), RECORDS)
    if "seccomp" not in worker.walls:
        pytest.skip("this kernel, or its container, gives no seccomp")
    for call in ("stat('/etc/passwd')", "pipe()", "setsid()"):
        name, given = call.split("(", 1)
        source = (
            f"{GLOBALS_OF_OS}\ndef rule(event):\n    os_of()['{name}']({given}\n    return True"
        )
        with pytest.raises(NotJudged, match="Operation not permitted"):
            worker.run(job(source), RECORDS)


def test_a_thread_that_is_found_in_another_module_does_not_start(worker: Worker) -> None:
    source = (
        "import logging\ndef rule(event):\n    logging.threading.Thread(target=print).start()\n"
        "    return True"
    )
    with pytest.raises(NotJudged, match="thread"):
        worker.run(job(source), RECORDS)


def test_what_a_rule_prints_goes_nowhere(worker: Worker) -> None:
    source = "import sys\ndef rule(event):\n    print('x' * 10000000)\n    sys.stdout.write('1')\n    return True"
    assert worker.run(job(source), RECORDS) == [True, True, True]


def test_what_one_rule_breaks_is_whole_for_the_next(worker: Worker) -> None:
    breaking = (
        "import json, re\n"
        "def broken(*given, **named): raise ValueError\n"
        "json.loads = json.dumps = re.match = broken\n"
        "def rule(event):\n"
        "    type(event).get = broken\n"
        "    event._container.clear()\n"
        "    return True"
    )
    honest = (
        "import re\ndef rule(event):\n    return bool(re.match('Delete', event.get('eventName')))"
    )
    assert worker.run(job(breaking), RECORDS) == [True, True, True]
    assert worker.run(job(honest), RECORDS) == [True, True, True]


def test_a_rule_that_was_stopped_costs_the_next_nothing(worker: Worker) -> None:
    with pytest.raises(NotJudged):
        worker.run(job("while True: pass"), RECORDS)
    assert worker.run(job("def rule(event):\n    return event['eventID'] == '1'"), RECORDS) == [
        False,
        True,
        False,
    ]


def test_an_exception_on_one_record_leaves_the_others_told(worker: Worker) -> None:
    source = "def rule(event):\n    return 1 / int(event['eventID']) > 0"
    assert worker.run(job(source), RECORDS) == [None, True, True]


def test_what_a_rule_says_of_itself_is_shown_in_one_plain_line(worker: Worker) -> None:
    source = "def rule(event):\n    raise ValueError('a\\x1b[31m\\nb' + 'c' * 10000)"
    with pytest.raises(NotJudged) as told:
        worker.run(job(source), RECORDS)
    assert str(told.value).isprintable()
    assert len(str(told.value)) < 600


def test_an_answer_that_a_rule_forges_is_its_own_at_most(worker: Worker) -> None:
    forging = f"{GLOBALS_OF_OS}\ndef rule(event):\n    for pipe in range(64):\n"
    forging += "        try: os_of()['write'](pipe, b'{\"verdicts\": \"11\"}')\n"
    forging += "        except OSError: pass\n    os_of()['_exit'](0)"
    with pytest.raises(NotJudged, match="ended its process"):
        worker.run(job(forging), RECORDS)


def test_the_process_is_started_again_after_it_was_ended() -> None:
    one = Worker()
    source = "def rule(event):\n    return True"
    assert one.run(job(source), RECORDS) == [True] * 3
    one.close()
    assert one.run(job(source), RECORDS) == [True] * 3
    one.close()


def test_records_are_held_and_asked_about_again_in_any_turn(worker: Worker) -> None:
    many = [{"eventID": str(number)} for number in range(50)]
    few = [{"eventID": "7"}]
    source = job("def rule(event):\n    return event['eventID'] == '7'")
    for _ in range(3):
        assert sum(map(bool, worker.run(source, many))) == 1
        assert worker.run(source, few) == [True]
        assert worker.run(source, [{"eventID": "8"}]) == [False]


def test_a_rule_sees_no_environment(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    source = (
        f"{GLOBALS_OF_OS}\ndef rule(event):\n    return 'secret' in str(dict(os_of()['environ']))"
    )
    fresh = Worker()
    assert fresh.run(job(source), RECORDS) == [False] * 3
    fresh.close()
