"""Takes from a process, before it runs a rule, what a rule has no use for.

Three walls, and what each is worth:

* Limits (`resource`): processor time, memory, size of files, number of files. The kernel holds them everywhere. macOS
  does not hold the memory's, and the number of processes is not held for root.
* On Linux a system call filter (seccomp) that allows computing and nothing else, and namespaces without a network. The
  kernel holds them whatever the rule does to the interpreter. The filter is there on x86-64 and arm64; a container
  may forbid both.
* An audit hook. It is no boundary: Python that reaches into the interpreter gets past it. It is there to say in
  words what a rule tried, and to stop what is not even meant badly.
"""

import ctypes
import os
import platform
import resource
import sys
from collections.abc import Callable
from typing import Any

Stop = Callable[[str], Any]

_NEW_USER, _NEW_NET, _NEW_IPC = 0x10000000, 0x40000000, 0x08000000
_SET_NO_NEW_PRIVILEGES, _SET_SECCOMP, _SET_DEATH_SIGNAL = 38, 22, 1
_FILTER_MODE = 2
_KILL = 9

# read write close fstat poll lseek mmap mprotect munmap brk rt_sigprocmask rt_sigreturn sched_yield mremap madvise
# getpid exit gettimeofday getrusage sigaltstack gettid futex restart_syscall clock_gettime clock_getres exit_group
# getrandom: what an interpreter that computes needs, and nothing that reaches out.
# https://github.com/torvalds/linux/blob/master/arch/x86/entry/syscalls/syscall_64.tbl
# https://github.com/torvalds/linux/blob/master/include/uapi/asm-generic/unistd.h
# fmt: off
_CALLS = {
    "x86_64": (
        0xC000003E,
        (0, 1, 3, 5, 7, 8, 9, 10, 11, 12, 14, 15, 24, 25, 28, 39, 60, 96, 98, 131, 186, 202, 219, 228, 229, 231,
         318),
    ),
    "aarch64": (
        0xC00000B7,
        (63, 64, 57, 80, 73, 62, 222, 226, 215, 214, 135, 139, 124, 216, 233, 172, 93, 169, 165, 132, 178, 98, 128,
         113, 114, 94, 278),
    ),
}
# fmt: on
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050001  # SECCOMP_RET_ERRNO with EPERM

# Audit events by name or by the part before the first dot: https://docs.python.org/3/library/audit_events.html
_FORBIDDEN = {
    "_thread": "starts a thread",
    "code": "makes code objects by hand",
    "cpython": "reaches into the interpreter",
    "ctypes": "calls foreign code",
    "fcntl": "controls files",
    "ftplib": "uses the network",
    "gc": "looks into the interpreter's memory",
    "glob": "lists files",
    "http": "uses the network",
    "imaplib": "uses the network",
    "marshal": "makes code objects by hand",
    "mmap": "maps memory",
    "nntplib": "uses the network",
    "open": "opens a file",
    "os": "calls the operating system",
    "pathlib": "lists files",
    "pickle": "unpickles",
    "poplib": "uses the network",
    "pty": "starts a process",
    "resource": "changes its limits",
    "shutil": "changes files",
    "signal": "sends a signal",
    "smtplib": "uses the network",
    "socket": "uses the network",
    "sqlite3": "opens a database",
    "subprocess": "starts a process",
    "syslog": "writes to the system's log",
    "telnetlib": "uses the network",
    "tempfile": "makes a file",
    "urllib": "uses the network",
    "webbrowser": "starts a process",
}
_SAID = 200
_UNTOLD = 1 << 30
"""Bytes that are taken to be mapped where /proc does not say."""


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("operand", ctypes.c_uint32),
    )


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


def leave_the_network() -> tuple[str, ...]:
    """Go into namespaces of one's own, which have no network; the names of what was got. Never raises."""
    if sys.platform != "linux":
        return ()
    if ctypes.CDLL(None).unshare(_NEW_USER | _NEW_NET | _NEW_IPC) == 0:
        return ("namespaces",)
    return ()


def die_with_parent() -> None:
    """Have the kernel end this process when the one that started it ends."""
    if sys.platform == "linux":
        _control(_SET_DEATH_SIGNAL, _KILL)


def _control(option: int, *arguments: Any) -> int:
    """Call `prctl`, whose arguments are longs, all of them given."""
    padded = (*arguments, 0, 0, 0, 0)[:4]
    longs = [ctypes.c_ulong(each) if isinstance(each, int) else each for each in padded]
    return int(ctypes.CDLL(None).prctl(option, *longs))


def limit(seconds: int, memory: int, *, answer: int) -> None:
    """Bound processor time in seconds and memory in bytes, and close all files but `answer`."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # The signal of the soft limit can be caught; that of the hard one cannot.
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if sys.platform == "linux":
        most = _address_space() + memory
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    os.closerange(0, answer)
    os.closerange(answer + 1, 256)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _address_space() -> int:
    """Bytes that are mapped already: the records, which the rule did not ask for."""
    try:
        with open("/proc/self/statm", encoding="ascii") as pages:
            return int(pages.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return _UNTOLD


def only_compute() -> tuple[str, ...]:
    """Refuse, for ever, all system calls that reach out; the names of what was got. Never raises."""
    if sys.platform != "linux" or platform.machine() not in _CALLS:
        return ()
    architecture, allowed = _CALLS[platform.machine()]
    last = len(allowed)
    program = [
        _Instruction(_LOAD, 0, 0, 4),
        _Instruction(_EQUAL, 1, 0, architecture),
        _Instruction(_RETURN, 0, 0, _REFUSE),
        _Instruction(_LOAD, 0, 0, 0),
        *(_Instruction(_EQUAL, last - at, 0, call) for at, call in enumerate(allowed)),
        _Instruction(_RETURN, 0, 0, _REFUSE),
        _Instruction(_RETURN, 0, 0, _ALLOW),
    ]
    listing = (_Instruction * len(program))(*program)
    _control(_SET_NO_NEW_PRIVILEGES, 1)
    given = _Filter(len(program), listing)
    if _control(_SET_SECCOMP, _FILTER_MODE, ctypes.byref(given)) == 0:
        return ("seccomp",)
    return ()


def watch(stop: Stop) -> None:
    """Stop at the first thing that a rule has no use for, saying what it was. Cannot be taken back."""
    forbidden = dict(_FORBIDDEN)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        reason = forbidden.get(event.partition(".")[0])
        if reason is not None and not (event == "open" and _is_no_file(arguments)):
            told = arguments[0] if arguments and isinstance(arguments[0], str) else ""
            stop(f"it {reason} ({f'{event} {told}'.strip()[:_SAID]})")

    sys.addaudithook(hook)


def _is_no_file(arguments: tuple[Any, ...]) -> bool:
    """Whether it is the interpreter that looks for the line of a syntax error in a module from memory."""
    name = arguments[0] if arguments else None
    return type(name) is str and name[:1] == "<" and name[-1:] == ">" and "/" not in name
