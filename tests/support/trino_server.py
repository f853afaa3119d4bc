"""A real Trino server for tests: 435, the last that runs on Java 17, from Maven Central, with its memory connector.

`tests/integration/trino/pom.xml` says which artefacts; `jars` lays them into `.dev/trino` once.

    python tests/support/trino_server.py    # only lay the artefacts down, as .ci/run does
"""

import json
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "tests" / "integration" / "trino"
DEV = ROOT / ".dev" / "trino"
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
HEADERS = {
    "X-Trino-User": "cascade",
    "X-Trino-Catalog": "memory",
    "X-Trino-Schema": "default",
    # Dynamic filters of a table that joins itself can wait for each other for ever.
    "X-Trino-Session": "enable_dynamic_filtering=false,query_max_run_time=5m",
}


class NoTrino(Exception):
    """Why no server can be had here."""


class QueryFailed(Exception):
    """What the server said of a statement."""


def missing() -> str | None:
    """Why the server cannot be started; None where it can."""
    if shutil.which("javac") is None:
        return "a JDK is not installed"
    laid, wanted = DEV / "pom.xml", SOURCE / "pom.xml"
    if not laid.is_file() or laid.read_text() != wanted.read_text():
        return f"Trino's artefacts are not there: python {Path(__file__).relative_to(ROOT)}"
    return None


def lay_down() -> None:
    """Fetch the server's artefacts where they are not there yet, some 90 MB.

    Raises:
        NoTrino: there is no Maven, or the artefacts cannot be resolved.
    """
    if shutil.which("mvn") is None:
        raise NoTrino("Trino's artefacts need mvn on PATH")
    pom, laid, folder = SOURCE / "pom.xml", DEV / "pom.xml", DEV / "lib"
    wanted = pom.read_text()
    if laid.is_file() and laid.read_text() == wanted:
        return
    shutil.rmtree(folder, ignore_errors=True)
    command = ["mvn", "-q", "-B", "-f", str(pom), COPY, f"-DoutputDirectory={folder}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        told = (done.stdout or done.stderr).strip().splitlines()
        raise NoTrino(f"Maven cannot lay the artefacts of Trino down: {told[0] if told else '?'}")
    laid.write_text(wanted)


@dataclass(slots=True)
class TrinoServer:
    """A server that holds its tables in memory. It is asked over HTTP, as by any client."""

    home: Path
    address: str = ""
    _process: subprocess.Popen[str] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Boot it and wait until it answers.

        Raises:
            NoTrino: it did not come up.
        """
        with (self.home / "stderr.log").open("a") as log:
            self._process = subprocess.Popen(
                [
                    "java",
                    "-Xmx2g",
                    # It is up sooner without the second compiler.
                    "-XX:TieredStopAtLevel=1",
                    "-XX:ReservedCodeCacheSize=512m",
                    "-XX:+UseSerialGC",
                    "-cp",
                    f"{DEV / 'lib'}/*",
                    str(SOURCE / "Server.java"),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        self.address = _ready(self._process.stdout)
        if not self.address:
            self.stop()
            raise NoTrino(f"the Trino server did not start: {self.home / 'stderr.log'}")

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """Run one statement; its rows (https://trino.io/docs/current/develop/client-protocol.html).

        Raises:
            QueryFailed: the server says that it cannot.
        """
        answer = _asked(Request(f"{self.address}/v1/statement", statement.encode(), HEADERS))
        rows: list[tuple[Any, ...]] = []
        while True:
            if "error" in answer:
                raise QueryFailed(answer["error"]["message"])
            rows += map(tuple, answer.get("data", ()))
            if "nextUri" not in answer:
                return rows
            answer = _asked(Request(answer["nextUri"], headers=HEADERS))

    def stop(self) -> None:
        """Let it end."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        try:
            process.wait(60)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


def _asked(request: Request) -> Any:
    with urlopen(request, timeout=300) as answer:
        return json.load(answer)


def _ready(stdout: IO[str]) -> str:
    """The address that the server prints; nothing where it ended before."""
    for line in iter(stdout.readline, ""):
        word, _, address = line.strip().partition(" ")
        if word == "READY":
            return address
    return ""


if __name__ == "__main__":
    lay_down()
