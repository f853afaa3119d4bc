"""A real Neo4j server for tests and benches: Community 5.26 LTS from Maven Central, run by `java`.

`tests/integration/neo4j/pom.xml` says which artefacts; `jars` lays them into `.dev/neo4j` once.

    python tests/support/neo4j_server.py    # only lay the artefacts down, as .ci/run does
"""

import shutil
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from neo4j import GraphDatabase

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "tests" / "integration" / "neo4j"
DEV = ROOT / ".dev" / "neo4j"
# The first start of a server makes this user, whose password must be changed before anything else.
INITIAL_PASSWORD = "neo4j"
USERNAME = "neo4j"
PASSWORD = "cascades-in-a-test"
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


class NoServer(Exception):
    """Why no server can be had here."""


def jars() -> Path:
    """The folder of the server's artefacts, fetched where they are not there yet.

    Raises:
        NoServer: there is no JDK or no Maven, or the artefacts cannot be resolved.
    """
    for program in ("java", "javac", "mvn"):
        if shutil.which(program) is None:
            raise NoServer(f"a Neo4j server needs {program} on PATH")
    pom = SOURCE / "pom.xml"
    wanted, laid = pom.read_text(), DEV / "pom.xml"
    folder = DEV / "lib"
    if laid.is_file() and laid.read_text() == wanted:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    command = ["mvn", "-q", "-B", "-f", str(pom), COPY, f"-DoutputDirectory={folder}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        told = (done.stdout or done.stderr).strip().splitlines()
        raise NoServer(f"Maven cannot lay the artefacts of Neo4j down: {told[0] if told else '?'}")
    laid.write_text(wanted)
    return folder


@dataclass(slots=True)
class Neo4jServer:
    """A server with its data in `home`. It keeps its port and its data when it is started again."""

    home: Path
    port: int = 0
    # It is up sooner without the second compiler, and a test is over before that would pay.
    jvm: tuple[str, ...] = ("-Xmx1g", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
    _process: subprocess.Popen[str] | None = field(default=None, repr=False)

    @property
    def uri(self) -> str:
        """Where it answers."""
        return f"bolt://127.0.0.1:{self.port}"

    def start(self, *settings: str) -> None:
        """Boot it and wait until it answers; `settings` are lines of neo4j.conf, `name=value`.

        Raises:
            NoServer: it did not come up.
        """
        first = not self.port
        self.port = self.port or _free_port()
        classes = f"{jars()}/*"
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / "neo4j.conf").write_text("\n".join((*self._settings(), *settings, "")))
        log = (self.home / "stderr.log").open("a")
        with log:
            self._process = subprocess.Popen(
                ["java", *self.jvm, "-cp", classes, str(SOURCE / "Server.java"), str(self.home)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        if not _ready(self._process.stdout):
            self.kill()
            raise NoServer(f"the Neo4j server did not start: {self.home / 'stderr.log'}")
        if first:
            self._set_password()

    def stop(self) -> None:
        """Let it end in good order."""
        self._end(kill=False)

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        self._end(kill=True)

    def _settings(self) -> tuple[str, ...]:
        address = f"127.0.0.1:{self.port}"
        return (
            "dbms.security.auth_enabled=true",
            "server.bolt.enabled=true",
            f"server.bolt.listen_address={address}",
            f"server.bolt.advertised_address={address}",
        )

    def _end(self, *, kill: bool) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if kill:
            process.kill()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        try:
            process.wait(60)
        finally:
            process.kill()
            process.stdout.close()

    def _set_password(self) -> None:
        with (
            GraphDatabase.driver(self.uri, auth=(USERNAME, INITIAL_PASSWORD)) as driver,
            driver.session(database="system") as session,
        ):
            session.run(
                "ALTER CURRENT USER SET PASSWORD FROM $old TO $new",
                old=INITIAL_PASSWORD,
                new=PASSWORD,
            ).consume()


def _ready(stdout: IO[str]) -> bool:
    return any(line.strip() == "READY" for line in iter(stdout.readline, ""))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    jars()
