"""Executes rules that are Python, apart from this process.

A rule is a stranger's program. It never runs here: `worker` starts an interpreter that holds the records (`inside`),
and each rule runs in a copy of that, which has given up what a rule has no use for (`inside/confine`). What holds:

* Everywhere: processor time, time on the clock, size of files and number of files are bounded, the environment is
  empty, and one rule's process is not the next one's.
* On Linux: memory is bounded, and the process has neither network nor, on x86-64 and arm64, any system call but those
  of computing, where the kernel and its container allow that; `Worker.walls` says which of the two were got.
* Elsewhere: only the audit hook keeps a rule from files and network, and a rule that sets out to get past it will.
"""

from .worker import Job, Limits, Model, OwnTest, Worker, worker

__all__ = ["Job", "Limits", "Model", "OwnTest", "Worker", "worker"]
