"""Measures `cascade classify` against the fastest pass that merely decodes, on one core, in one run.

    python bench/classify.py                        # 200,000 events, four shares of catalogue events
    python bench/classify.py --events 10000000 --share 0.05

The logs are generated below out/bench and kept. The floor unzips with isal and decodes six typed fields of
every record, requestParameters undecoded, and throws them away. Both are run in turn, in CPU seconds, and the
best of the rounds counts. Peak memory and the time of the whole command, start and catalogue included, come from a
fresh process. Of the events in cascades and of AssumeRole, one event in eight, the engine keeps something; the
rest is noise to it.
"""

import argparse
import gc
import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from time import perf_counter, process_time

import msgspec
from isal import isal_zlib
from rich.console import Console
from rich.table import Table

from cloudcascade.bench.cloudtrail import stream, write_trail
from cloudcascade.bench.everyday import ACTIONS
from cloudcascade.catalog import load_catalog
from cloudcascade.cli.classify import write_lines
from cloudcascade.cli.problem_log import ProblemLog
from cloudcascade.cli.reading import no_cyclic_gc, read_log
from cloudcascade.cli.tally import LogFacts, Tally
from cloudcascade.events import Limits, Source, expand_sources
from cloudcascade.matcher import Engine, Plan, Verdict, compile_catalog

OUT = Path(__file__).parents[1] / "out" / "bench"
SEED = 20260317
GZIP = 31


class Six(msgspec.Struct, gc=False):
    """The six members that the floor decodes."""

    eventTime: str
    eventName: str
    eventSource: str
    eventID: str
    recipientAccountId: str
    requestParameters: msgspec.Raw = msgspec.Raw()


class LogFile(msgspec.Struct, gc=False):
    """A CloudTrail log file, as the floor decodes it."""

    Records: list[Six]


class Written(msgspec.Struct):
    """What was generated, beside the log files in `trail.json`. `raw` and `packed` in bytes."""

    without: list[str]
    events: int
    files: int
    raw: int
    packed: int


@dataclass(frozen=True, slots=True)
class Measured:
    """One share's results; times in CPU seconds, `whole` by the clock, one for each round; `peak` in bytes."""

    share: float
    written: Written
    verdicts: int
    floors: tuple[float, ...]
    classified: tuple[float, ...]
    whole: float
    peak: int

    @property
    def floor(self) -> float:
        """The floor's best time."""
        return min(self.floors)

    @property
    def classify(self) -> float:
        """The best time of classify."""
        return min(self.classified)

    @property
    def ratio(self) -> float:
        """How many times as long as the floor, both at their best."""
        return self.classify / self.floor

    @property
    def ratios(self) -> tuple[float, ...]:
        """The same round by round: where these differ much, the machine had other work."""
        return tuple(ours / floor for ours, floor in zip(self.classified, self.floors, strict=True))


def trail(folder: Path, events: int, share: float, without: frozenset[str]) -> Written:
    """The generated log below `folder`: the one that is there, or else a new one."""
    stamp = folder / "trail.json"
    if stamp.exists():
        found = msgspec.json.decode(stamp.read_bytes(), type=Written)
        if found.without == sorted(without):
            return found
    rmtree(folder, ignore_errors=True)
    records = stream(SEED, events, share=share, without=without)
    counts = list(write_trail(folder / "AWSLogs", records, seed=SEED))
    files = log_files(folder)
    packed = sum(path.stat().st_size for path in files)
    raw = sum(len(isal_zlib.decompress(path.read_bytes(), GZIP)) for path in files)
    written = Written(sorted(without), sum(counts), len(counts), raw, packed)
    stamp.write_bytes(msgspec.json.encode(written))
    return written


def log_files(folder: Path) -> list[Path]:
    """The log files below `folder`."""
    return sorted((folder / "AWSLogs").rglob("*.json.gz"))


def decode_only(files: Iterable[Path]) -> int:
    """The floor: unzip, decode, discard. Returns the number of records."""
    decode = msgspec.json.Decoder(LogFile).decode
    return sum(len(decode(unzip(path.read_bytes())).Records) for path in files)


def unzip(data: bytes) -> bytes:
    """The fastest way we know: isal, with room for just what the gzip trailer promises."""
    promised = int.from_bytes(data[-4:], "little")
    return isal_zlib.decompressobj(wbits=GZIP).decompress(data, promised + 1)


def verdicts(plan: Plan, sources: list[Source]) -> Iterator[Verdict]:
    """The verdicts of one pass over `sources`."""
    with ProblemLog(None) as problems:
        yield from read_log(plan, sources, Limits(), problems).verdicts()


def classify(plan: Plan, folder: Path) -> tuple[int, int]:
    """What `cascade classify FOLDER -f ndjson > /dev/null` does. Returns records and verdicts."""
    sources = expand_sources([str(folder / "AWSLogs")])
    with ProblemLog(None) as problems:
        engine = read_log(plan, sources, Limits(), problems)
    return engine.records, write_verdicts(engine)


def write_verdicts(engine: Engine) -> int:
    """Make the verdicts and write them where nobody reads them; how many they are."""
    facts = LogFacts((), engine.records, engine.duplicates, engine.conflicting, 0, 0)
    tally = Tally(facts)
    with Path(os.devnull).open("wb") as out, no_cyclic_gc():
        write_lines(out, tally.count(engine.verdicts()))
    return tally.verdicts.total()


def seconds(work: Callable[[], object]) -> float:
    """How much CPU time `work` takes, with nothing left over from before to collect."""
    gc.collect()
    begun = process_time()
    work()
    return process_time() - begun


def everyday() -> frozenset[str]:
    """Everyday actions that the catalogue lists, too: they would add to the share asked for."""
    return load_catalog().actions() & ACTIONS


def command_apart(logs: Sequence[str]) -> tuple[float, int]:
    """Run the command in a fresh process; its seconds, and the most memory it held, in bytes."""
    begun = perf_counter()
    done = subprocess.run(
        [sys.executable, __file__, "--command", *logs],
        check=True,
        capture_output=True,
        text=True,
    )
    return perf_counter() - begun, int(done.stderr.rsplit(maxsplit=1)[-1])


def run_command(logs: Sequence[str]) -> None:
    """In the fresh process: `cascade classify`, then the peak of this process on standard error."""
    from cloudcascade.cli.main import main as cascade

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.argv = ["cascade", "classify", *logs, "--format", "ndjson"]
    try:
        cascade()
    except SystemExit as finished:
        if finished.code:
            raise
    print(peak(), file=sys.stderr)


def peak() -> int:
    """The most memory this process has held, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not ru_maxrss: on Linux it remembers the process that started this one.
        found = re.search(r"^VmHWM:\s+(\d+) kB$", status.read_text(), re.MULTILINE)
        if found:
            return int(found[1]) * 1_024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measure(folder: Path, share: float, written: Written, plan: Plan, rounds: int) -> Measured:
    """Floor and classify in turn, best of `rounds`, then the command in a process of its own."""
    files = log_files(folder)
    decoded = decode_only(files)  # reads every file once, so that neither side waits for the disk
    records, verdicts = classify(plan, folder)
    if not decoded == records == written.events:
        raise SystemExit(
            f"{written.events} events written, {decoded} decoded, {records} classified"
        )
    floors, classified = [], []
    for _ in range(rounds):
        floors.append(seconds(lambda: decode_only(files)))
        classified.append(seconds(lambda: classify(plan, folder)))
    whole, most = command_apart([str(folder / "AWSLogs")])
    return Measured(share, written, verdicts, tuple(floors), tuple(classified), whole, most)


def shown(results: Iterable[Measured], loading: float) -> Table:
    """The results as a table."""
    table = Table(
        title="cascade classify against decode-only, one core",
        caption=f"Loading and compiling the catalogue took {loading:.2f} s: in `command`, not in `classify`.",
    )
    for name in (
        "share", "events", "verdicts", "MB raw / gz", "floor s", "floor ev/s", "classify s",
        "classify ev/s", "ratio", "by round", "command s", "peak MB",
    ):  # fmt: skip
        table.add_column(name, justify="right")
    for each in results:
        events = each.written.events
        table.add_row(
            f"{each.share:.0%}",
            f"{events:,}",
            f"{each.verdicts:,}",
            f"{each.written.raw / 1e6:.0f} / {each.written.packed / 1e6:.0f}",
            f"{each.floor:.2f}",
            f"{events / each.floor:,.0f}",
            f"{each.classify:.2f}",
            f"{events / each.classify:,.0f}",
            f"{each.ratio:.2f}",
            " ".join(f"{ratio:.2f}" for ratio in each.ratios),
            f"{each.whole:.2f}",
            f"{each.peak / 1e6:.0f}",
        )
    return table


def main() -> None:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--share", type=float, nargs="+", default=[0.01, 0.05, 0.20, 1])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=OUT, help="where the logs are kept")
    parser.add_argument("--command", nargs="+", metavar="LOG", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.command:
        run_command(chosen.command)
        return
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    begun = perf_counter()
    plan = compile_catalog(load_catalog().cascades)
    loading = perf_counter() - begun
    without = everyday()
    results = []
    for share in chosen.share:
        folder = chosen.out / f"{chosen.events}-{share:g}"
        written = trail(folder, chosen.events, share, without)
        results.append(measure(folder, share, written, plan, chosen.rounds))
    Console(width=150).print(shown(results, loading))


if __name__ == "__main__":
    main()
