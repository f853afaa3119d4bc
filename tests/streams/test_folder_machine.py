"""Whatever writers, rotations and restarts do to a folder, each record is given once."""

import itertools
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from cloudcascade.streams.sources import SourceOptions
from cloudcascade.streams.sources.folder import Folder
from cloudcascade.tests.support.sources import GROUP, HandClock, Told, drained, ids, key, lines, log

OTHER = GROUP.replace("eu-west-1", "us-east-1")


class FolderMachine(RuleBasedStateMachine):
    """A writer that rotates its file in both ways, deliveries in pieces, and a reader that is stopped at times."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="folder-"))
        self.hand = HandClock()
        self.told = Told()
        self.source = self.opened()
        self.numbers = itertools.count()
        self.written: list[str] = []
        self.found: list[str] = []
        self.log = self.root / "app.ndjson"
        self.half = b""
        self.rotated: list[Path] = []
        self.copying: list[tuple[Path, bytes]] = []

    def opened(self) -> Folder:
        return Folder(str(self.root), self.told.append, SourceOptions(), clock=self.hand.clock)

    def names(self, count: int) -> list[str]:
        made = [f"e{next(self.numbers)}" for _ in range(count)]
        self.written += made
        return made

    def drain(self) -> None:
        self.found += drained(self.source)

    @rule(count=st.integers(1, 4), cut=st.integers(0, 500))
    def write(self, count: int, cut: int) -> None:
        data = self.half + lines(*self.names(count))
        cut = min(cut, len(data))
        data, self.half = data[: len(data) - cut], data[len(data) - cut :]
        with self.log.open("ab") as file:
            file.write(data)

    @rule(finish=st.booleans())
    def rename(self, finish: bool) -> None:
        if not self.log.exists():
            return
        path = self.root / f"app.ndjson.{len(self.rotated)}"
        if not finish:
            self.log.rename(path)
        with (self.log if finish else path).open("ab") as file:
            file.write(self.half)
        if finish:
            self.log.rename(path)
        self.half = b""
        self.rotated.append(path)

    @rule()
    def copy_and_truncate(self) -> None:
        if not self.log.exists() or self.half:
            return
        self.drain()  # what is written between the last look and the cut is lost, as it is to any reader
        with self.log.open("r+b") as file:
            file.truncate(0)

    @rule(count=st.integers(1, 3), day=st.integers(12, 15), group=st.sampled_from([GROUP, OTHER]))
    def deliver(self, count: int, day: int, group: str) -> None:
        some = self.names(count)
        path = self.root / key(f"2024/05/{day}", unique=some[0], group=group)
        path.parent.mkdir(parents=True, exist_ok=True)
        data = log(*some)
        path.write_bytes(data[: len(data) // 2])
        self.copying.append((path, data[len(data) // 2 :]))

    @precondition(lambda self: self.copying)
    @rule()
    def go_on_copying(self) -> None:
        path, rest = self.copying.pop(0)
        with path.open("ab") as file:
            file.write(rest)

    @rule(polls=st.integers(1, 4))
    def poll(self, polls: int) -> None:
        for _ in range(polls):
            self.found += ids(self.source.poll(0.3) or [])

    @rule()
    def drain_and_delete_old(self) -> None:
        self.drain()
        for path in self.rotated:
            if path.exists():
                path.unlink()

    @rule()
    def restart(self) -> None:
        position = self.source.position()
        self.source.close()
        self.source = self.opened()
        self.source.resume(position)

    def teardown(self) -> None:
        while self.copying:
            self.go_on_copying()
        if self.half:
            self.rename(True)
        self.drain()
        position = self.source.position()
        self.source.close()
        shutil.rmtree(self.root)
        assert sorted(self.found) == sorted(self.written)
        assert len(position) < 4_000
        # A copy that stood still for longer than the settling time is told; nothing else is.
        assert all(each.source.endswith(".json.gz") for each in self.told)


TestFolder: Any = FolderMachine.TestCase
TestFolder.settings = settings(max_examples=50, stateful_step_count=25, deadline=None)
